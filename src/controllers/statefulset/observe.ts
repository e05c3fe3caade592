/** What a reconcile of a stateful set knows: its pods and revisions, and the claims of its namespace by name. */
import { compileLabelSelector } from '../../api/label-selector.ts';
import { type KubeObject, namespaceOf } from '../../api/object-meta.ts';
import type { ControllerRevision } from '../../kinds/controllerrevision/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { StatefulSet } from '../../kinds/statefulset/types.ts';
import type { Caches } from '../controller.ts';
import { type Claim, claim } from '../ownership.ts';
import { ordinalOf } from './identity.ts';
import type { StatefulSetKinds } from './keys.ts';

export interface StatefulSetObserved {
  readonly set: StatefulSet;
  readonly pods: Claim<Pod>;
  readonly revisions: Claim<ControllerRevision>;
  /** A PersistentVolumeClaim of the set's namespace, its metadata only. */
  readonly claimNamed: (name: string) => KubeObject | undefined;
  readonly isRevisionNameTaken: (name: string) => boolean;
}

export function observeStatefulSet(key: string, caches: Caches<StatefulSetKinds>): StatefulSetObserved | null {
  const set = caches.statefulSets.get(key);
  if (set === undefined) return null;
  const selector = compileLabelSelector(set.spec.selector);
  const pods = claim(set, selector, caches.pods);
  const namespace = namespaceOf(set);
  return {
    set,
    pods: { ...pods, adopted: pods.adopted.filter((pod) => ordinalOf(set, pod) !== undefined) },
    revisions: claim(set, selector, caches.revisions),
    claimNamed: (name) => caches.claims.get(`${namespace}/${name}`),
    isRevisionNameTaken: (name) => caches.revisions.get(`${namespace}/${name}`) !== undefined,
  };
}
