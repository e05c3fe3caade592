/** What a reconcile of a daemon set knows: its pods and revisions, and all nodes. */
import { compileLabelSelector } from '../../api/label-selector.ts';
import { namespaceOf } from '../../api/object-meta.ts';
import type { ControllerRevision } from '../../kinds/controllerrevision/types.ts';
import type { DaemonSet } from '../../kinds/daemonset/types.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { Caches } from '../controller.ts';
import { type Claim, claim } from '../ownership.ts';
import type { DaemonSetKinds } from './keys.ts';

export interface DaemonSetObserved {
  readonly daemonSet: DaemonSet;
  readonly pods: Claim<Pod>;
  readonly revisions: Claim<ControllerRevision>;
  readonly nodes: readonly Node[];
  /** Tells whether a revision of that name exists, whosever it is. */
  readonly isRevisionNameTaken: (name: string) => boolean;
}

export function observeDaemonSet(key: string, caches: Caches<DaemonSetKinds>): DaemonSetObserved | null {
  const daemonSet = caches.daemonSets.get(key);
  if (daemonSet === undefined) return null;
  const selector = compileLabelSelector(daemonSet.spec.selector);
  return {
    daemonSet,
    pods: claim(daemonSet, selector, caches.pods),
    revisions: claim(daemonSet, selector, caches.revisions),
    nodes: [...caches.nodes.values()],
    isRevisionNameTaken: (name) => caches.revisions.get(`${namespaceOf(daemonSet)}/${name}`) !== undefined,
  };
}
