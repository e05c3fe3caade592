/** Which daemon sets a change concerns: itself, the owner of a pod or a revision, those that could adopt it, and all when a node changes. */
import { equalSemantic } from '../../api/json.ts';
import { compileLabelSelector, type LabelSelector } from '../../api/label-selector.ts';
import { byControllerUid, byNamespace, orphansByNamespace } from '../../api/object-index.ts';
import { labelsOf, objectKey } from '../../api/object-meta.ts';
import type { ControllerRevision } from '../../kinds/controllerrevision/types.ts';
import type { DaemonSet } from '../../kinds/daemonset/types.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { namespaceIndex, ownerKeys } from '../owner-keys.ts';
import { controllerIndex, orphanIndex } from '../ownership.ts';
import { controllerRevisionResource, daemonSetResource, nodeResource, podResource } from '../resources.ts';
import { type DaemonSetObserved, observeDaemonSet } from './observe.ts';
import { type Backoffs, reconcileDaemonSet } from './reconcile.ts';

export interface DaemonSetKinds {
  readonly daemonSets: DaemonSet;
  readonly pods: Pod;
  readonly revisions: ControllerRevision;
  readonly nodes: Node;
}

const byOwner = { [controllerIndex]: byControllerUid, [orphanIndex]: orphansByNamespace };

export const daemonSetController: Controller<DaemonSetKinds, DaemonSetObserved, Backoffs> = {
  name: 'daemonset-controller',
  watches: {
    daemonSets: { resource: daemonSetResource, output: 'object', indexes: { [namespaceIndex]: byNamespace } },
    pods: { resource: podResource, output: 'object', indexes: byOwner },
    revisions: { resource: controllerRevisionResource, output: 'object', indexes: byOwner },
    nodes: { resource: nodeResource, output: 'object', indexes: {} },
  },
  remember: () => new Map(),
  keys: daemonSetKeys,
  observe: observeDaemonSet,
  reconcile: reconcileDaemonSet,
};

function daemonSetKeys(change: CacheChange<DaemonSetKinds>, caches: Caches<DaemonSetKinds>): readonly string[] {
  if (change.cache === 'daemonSets') return sidesOf(change).slice(0, 1).map(objectKey);
  if (change.cache === 'nodes') {
    if (isSamePlace(change.old as unknown as Node | null, change.object as unknown as Node | null)) return [];
    return [...caches.daemonSets.values()].map(objectKey);
  }
  return ownerKeys(change, 'DaemonSet', caches.daemonSets, selectorOf);
}

/** A node's heartbeats change nothing about who may run there. */
function isSamePlace(old: Node | null, node: Node | null): boolean {
  if (old === null || node === null) return false;
  const { taints: oldTaints, unschedulable: wasUnschedulable } = old.spec ?? {};
  const { taints, unschedulable } = node.spec ?? {};
  return (
    equalSemantic(labelsOf(old), labelsOf(node)) &&
    equalSemantic(oldTaints, taints) &&
    wasUnschedulable === unschedulable
  );
}

export function selectorOf({ spec }: DaemonSet): LabelSelector {
  return compileLabelSelector(spec.selector);
}
