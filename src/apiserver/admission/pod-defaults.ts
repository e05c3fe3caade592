/**
 * What the cluster adds to a new pod: its service account with a token, tolerations that let it stay for a while on a node in trouble, its
 * priority, and what its RuntimeClass says. Models kubernetes plugin/pkg/admission/defaulttolerationseconds; the others have files of their own.
 */
import type { Flow } from '../../actor/flow.ts';
import type { Mutable } from '../../api/json.ts';
import type { Toleration } from '../../kinds/pod/scheduling-types.ts';
import type { Pod, PodSpec } from '../../kinds/pod/types.ts';
import type { Environment } from '../environment.ts';
import { setPriority } from './priority.ts';
import { admitRuntimeClass } from './runtime-class.ts';
import { admitServiceAccount } from './service-account.ts';

const troubles: readonly string[] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Completes a pod that the caller owns. Throws StatusError Forbidden for an account or a class that does not exist or is contradicted. */
export function* admitPod(environment: Environment, pod: Pod): Flow<void> {
  addTolerations(pod.spec, environment.settings.tolerationSeconds);
  setPriority(environment, pod);
  yield* admitServiceAccount(environment, pod);
  yield* admitRuntimeClass(environment, pod);
}

function addTolerations(spec: Mutable<PodSpec>, tolerationSeconds: number): void {
  const present = spec.tolerations ?? [];
  const added = troubles.filter((key) => !present.some((toleration) => covers(toleration, key)));
  if (added.length === 0) return;
  spec.tolerations = [
    ...present,
    ...added.map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds })),
  ];
}

function covers({ key = '', effect = 'NoExecute' }: Toleration, trouble: string): boolean {
  return (key === trouble || key === '') && effect === 'NoExecute';
}
