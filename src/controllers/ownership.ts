/**
 * Which objects a controller owns: those that name it as their controller and still match its selector, and those without a controller that
 * match. Adopting and releasing are patches of the owner references, preconditioned on the uid. Models kubernetes
 * pkg/controller/controller_ref_manager.go.
 */
import type { GroupVersionResource } from '../api/group-version.ts';
import { type LabelSelector, matchesLabels } from '../api/label-selector.ts';
import { controllerReference, isBeingDeleted, type KubeObject, labelsOf, namespaceOf } from '../api/object-meta.ts';
import type { Cache } from './controller.ts';
import { patch, type Write } from './plan.ts';

export interface Claim<T extends KubeObject> {
  readonly owned: readonly T[];
  readonly adopted: readonly T[];
  readonly released: readonly T[];
}

/** Indexes that a cache needs for `claim`. */
export const controllerIndex = 'controller';
export const orphanIndex = 'orphans';

/** Sorts what is in `cache` into owned, to adopt and to release. An owner that is going adopts nothing. */
export function claim<T extends KubeObject>(owner: KubeObject, selector: LabelSelector, cache: Cache<T>): Claim<T> {
  const owned: T[] = [];
  const released: T[] = [];
  for (const object of cache.by(controllerIndex, owner.metadata.uid ?? '')) {
    if (matchesLabels(selector, labelsOf(object))) owned.push(object);
    else if (!isBeingDeleted(owner)) released.push(object);
  }
  if (isBeingDeleted(owner)) return { owned, adopted: [], released };
  const adopted = cache
    .by(orphanIndex, namespaceOf(owner))
    .filter((object) => !isBeingDeleted(object) && matchesLabels(selector, labelsOf(object)));
  return { owned, adopted, released };
}

/** The writes that make a claim true. `finalizers`: put on what is adopted, and taken off what is released. */
export function claimWrites<T extends KubeObject>(
  owner: KubeObject,
  resource: GroupVersionResource,
  { adopted, released }: Claim<T>,
  finalizers: readonly string[] = [],
): Write[] {
  return [
    ...adopted.map((object) => adopt(owner, resource, object, finalizers)),
    ...released.map((object) => release(owner, resource, object, finalizers)),
  ];
}

function adopt(
  owner: KubeObject,
  resource: GroupVersionResource,
  object: KubeObject,
  finalizers: readonly string[],
): Write {
  const held = finalizers.length === 0 ? {} : { finalizers };
  const body = { metadata: { ownerReferences: [controllerReference(owner)], uid: object.metadata.uid, ...held } };
  return patch(resource, object, body, { type: 'strategic', accepts: [404] });
}

function release(
  owner: KubeObject,
  resource: GroupVersionResource,
  object: KubeObject,
  finalizers: readonly string[],
): Write {
  const gone = { $patch: 'delete', uid: owner.metadata.uid };
  const freed = finalizers.length === 0 ? {} : { '$deleteFromPrimitiveList/finalizers': finalizers };
  const body = { metadata: { ownerReferences: [gone], uid: object.metadata.uid, ...freed } };
  return patch(resource, object, body, { type: 'strategic', accepts: [404, 422] });
}
