/** A pod uses a claim from when it is bound to a node until it is gone, also after it has ended: its volumes may still be mounted. */
import { finalizersOf, nameOf, namespaceOf } from '../../api/object-meta.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { mustHaveNone, nothingToDo, type Plan, patch, plan } from '../plan.ts';
import { claimNamesOf } from '../pod-claims.ts';
import { persistentVolumeClaimResource, podResource } from '../resources.ts';

export const claimFinalizer = 'kubernetes.io/pvc-protection';

export interface ClaimProtectionObserved {
  /** On its way out, and held by the finalizer. */
  readonly claim: PersistentVolumeClaim;
  /** All that name it. */
  readonly pods: readonly Pod[];
}

export function reconcileClaimProtection({ claim, pods }: ClaimProtectionObserved): Plan {
  if (pods.some(isScheduled)) return nothingToDo;
  const { uid, resourceVersion } = claim.metadata;
  const finalizers = finalizersOf(claim).filter((finalizer) => finalizer !== claimFinalizer);
  const uses = (pod: Pod): boolean => isScheduled(pod) && claimNamesOf(pod).includes(nameOf(claim));
  return plan([
    // The cache of pods may be behind that of claims.
    [mustHaveNone(podResource, namespaceOf(claim), uses)],
    [
      patch(
        persistentVolumeClaimResource,
        claim,
        { metadata: { uid, resourceVersion, finalizers } },
        { accepts: [404] },
      ),
    ],
  ]);
}

function isScheduled({ spec }: Pod): boolean {
  return (spec.nodeName ?? '') !== '';
}
