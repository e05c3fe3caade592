/** Whether a namespace has room for a pod that grows: its limit ranges hold as for a new one, and its quotas are charged for what is added. */
import type { Flow } from '../../actor/flow.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ServedResource } from '../catalog.ts';
import type { Environment } from '../environment.ts';
import { checkPodLimits } from './limit-range.ts';
import { chargeQuotas } from './quota.ts';

/** Throws StatusError Forbidden. */
export function* admitPodResize(
  environment: Environment,
  served: ServedResource,
  next: AnyObject,
  old: AnyObject,
  isDryRun: boolean,
): Flow<void> {
  checkPodLimits(environment, next as unknown as Pod);
  yield* chargeQuotas(environment, served, next, isDryRun, old);
}
