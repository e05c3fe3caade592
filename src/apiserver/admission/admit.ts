/** The admission of new and of changed objects, in order; a new rule is a line here. Mutates what the caller owns. */
import type { Flow } from '../../actor/flow.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { PriorityClass } from '../../kinds/priorityclass/types.ts';
import type { Secret } from '../../kinds/secret/types.ts';
import type { ServedResource } from '../catalog.ts';
import type { Environment } from '../environment.ts';
import { admitClaimLimits, admitPodLimits } from './limit-range.ts';
import { admitPod } from './pod-defaults.ts';
import { admitPriorityClass } from './priority.ts';
import { admitClaim, admitResize, admitVolume } from './storage.ts';
import { fillTokenSecret } from './token-secret.ts';

/** Completes a new object in its stored version. Throws StatusError Forbidden when a rule refuses it. */
export function* admitNew(environment: Environment, { stored }: ServedResource, object: AnyObject): Flow<void> {
  switch (`${stored.info.group}/${stored.info.resource}`) {
    case '/pods':
      if (object.spec === undefined) return;
      admitPodLimits(environment, object as unknown as Pod);
      yield* admitPod(environment, object as unknown as Pod);
      return;
    case '/persistentvolumeclaims':
      admitClaimLimits(environment, object as unknown as PersistentVolumeClaim);
      admitClaim(environment, object as unknown as PersistentVolumeClaim);
      return;
    case '/persistentvolumes':
      admitVolume(object as unknown as PersistentVolume);
      return;
    case '/secrets':
      yield* fillTokenSecret(environment, object as unknown as Secret);
      return;
    case 'scheduling.k8s.io/priorityclasses':
      admitPriorityClass(environment, object as unknown as PriorityClass);
  }
}

/** Throws StatusError Forbidden when a rule refuses a change of the object, in its stored version. Changes of its status are not asked about. */
export function admitChange(
  environment: Environment,
  { stored }: ServedResource,
  next: AnyObject,
  old: AnyObject,
): void {
  if (`${stored.info.group}/${stored.info.resource}` === '/persistentvolumeclaims') {
    const [claim, former] = [next, old] as unknown as readonly [PersistentVolumeClaim, PersistentVolumeClaim];
    admitClaimLimits(environment, claim, former);
    admitResize(environment, claim, former);
  }
}
