/** What a reconcile of a disruption budget knows: the pods that it selects, and how many of them their owners want. */
import { compileLabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { controllerOf, type KubeObject, labelsOf, namespaceOf } from '../../api/object-meta.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../../kinds/poddisruptionbudget/types.ts';
import type { Cache, Caches } from '../controller.ts';
import type { DisruptionKinds } from './keys.ts';

/** How many pods the owners of the selected ones want together. */
export type ExpectedScale =
  | { readonly type: 'known'; readonly pods: number; readonly unmanaged: readonly Pod[] }
  /** A pod is owned by something that has no scale. */
  | { readonly type: 'unknown'; readonly kind: string };

export interface DisruptionObserved {
  readonly budget: PodDisruptionBudget;
  readonly pods: readonly Pod[];
  readonly scale: ExpectedScale;
}

export function observeDisruption(key: string, caches: Caches<DisruptionKinds>): DisruptionObserved | null {
  const budget = caches.budgets.get(key);
  if (budget === undefined) return null;
  const selector = compileLabelSelector(budget.spec.selector);
  const pods = caches.pods.by('namespace', namespaceOf(budget)).filter((pod) => matchesLabels(selector, labelsOf(pod)));
  return { budget, pods, scale: expectedScale(pods, caches) };
}

function expectedScale(pods: readonly Pod[], caches: Caches<DisruptionKinds>): ExpectedScale {
  const scales = new Map<string, number>();
  const unmanaged: Pod[] = [];
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (reference === undefined) unmanaged.push(pod);
    else {
      const owner = ownerScale(reference.kind, reference.uid, caches);
      if (owner === undefined) return { type: 'unknown', kind: reference.kind };
      scales.set(owner.uid, owner.replicas);
    }
  }
  return { type: 'known', pods: [...scales.values()].reduce((sum, each) => sum + each, 0), unmanaged };
}

interface OwnerScale {
  readonly uid: string;
  readonly replicas: number;
}

/** The pods of a replica set are those of its deployment, however many replica sets that has. */
function ownerScale(kind: string, uid: string, caches: Caches<DisruptionKinds>): OwnerScale | undefined {
  switch (kind) {
    case 'ReplicaSet': {
      const [set] = caches.replicaSets.by('uid', uid);
      const parent = set === undefined ? undefined : controllerOf(set);
      if (parent?.kind !== 'Deployment') return scaleIn(caches.replicaSets, uid);
      return scaleIn(caches.deployments, parent.uid);
    }
    case 'StatefulSet':
      return scaleIn(caches.statefulSets, uid);
    case 'ReplicationController':
      return scaleIn(caches.replicationControllers, uid);
    default:
      return undefined;
  }
}

function scaleIn(
  cache: Cache<KubeObject & { readonly spec: { readonly replicas?: number } }>,
  uid: string,
): OwnerScale | undefined {
  const [owner] = cache.by('uid', uid);
  return owner === undefined ? undefined : { uid, replicas: owner.spec.replicas ?? 1 };
}
