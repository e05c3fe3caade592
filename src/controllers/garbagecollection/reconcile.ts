/**
 * Decides about one object of the ownership graph. An object is garbage when it has owners and none of them exists; that a cache does not
 * show an owner proves nothing (the dependent's event may have come first), so the API is asked before anything is deleted. Deletions are
 * preconditioned on uid and resourceVersion: an object that got another owner meanwhile stays.
 */
import type { GroupVersionResource } from '../../api/group-version.ts';
import {
  finalizersOf,
  hasFinalizer,
  isBeingDeleted,
  type KubeObject,
  type OwnerReference,
  ownerReferencesOf,
  uidOf,
} from '../../api/object-meta.ts';
import { mustBeAbsent, nothingToDo, type Plan, patch, plan, remove, type Write } from '../plan.ts';

export interface Dependent {
  readonly resource: GroupVersionResource;
  readonly object: KubeObject;
}

/** `waiting`: the owner is being deleted and waits for its dependents. `unknown`: its kind is not served. */
export type OwnerState =
  | { readonly type: 'present' | 'waiting' | 'unknown'; readonly reference: OwnerReference }
  | {
      readonly type: 'absent';
      readonly reference: OwnerReference;
      readonly resource: GroupVersionResource;
      readonly namespace: string;
    };

export interface GarbageObserved {
  readonly resource: GroupVersionResource;
  readonly item: KubeObject;
  readonly owners: readonly OwnerState[];
  readonly dependents: readonly Dependent[];
}

const foregroundFinalizer = 'foregroundDeletion';
const orphanFinalizer = 'orphan';

/** The object waits until the dependents that block it are gone. */
export function isDeletingDependents(object: KubeObject): boolean {
  return isBeingDeleted(object) && hasFinalizer(object, foregroundFinalizer);
}

/** The object waits until its dependents have let go of it. */
export function isOrphaningDependents(object: KubeObject): boolean {
  return isBeingDeleted(object) && hasFinalizer(object, orphanFinalizer);
}

export function reconcileGarbage(observed: GarbageObserved): Plan {
  const { item } = observed;
  if (isOrphaningDependents(item)) return orphanDependents(observed);
  if (isDeletingDependents(item)) return deleteDependents(observed);
  if (isBeingDeleted(item)) return nothingToDo;
  return collect(observed);
}

function orphanDependents({ resource, item, dependents }: GarbageObserved): Plan {
  const uids = new Set([uidOf(item)]);
  const freed = dependents.map((dependent) => withoutOwners(dependent.resource, dependent.object, uids));
  return plan([freed, [withoutFinalizer(resource, item, orphanFinalizer)]]);
}

/** Dependents delete themselves when they see that their owner waits; here the owner is let go when none blocks it any more. */
function deleteDependents({ resource, item, dependents }: GarbageObserved): Plan {
  const isBlocking = ({ object }: Dependent): boolean =>
    ownerReferencesOf(object).some(({ uid, blockOwnerDeletion }) => uid === uidOf(item) && blockOwnerDeletion === true);
  if (dependents.some(isBlocking)) return nothingToDo;
  return plan([[withoutFinalizer(resource, item, foregroundFinalizer)]]);
}

function collect(observed: GarbageObserved): Plan {
  const { resource, item, owners, dependents } = observed;
  const absent = owners.filter((owner) => owner.type === 'absent');
  const waiting = owners.filter(({ type }) => type === 'waiting');
  if (absent.length + waiting.length === 0) return nothingToDo;
  const premises = absent.map(({ resource: kind, namespace, reference }) =>
    mustBeAbsent(kind, namespace, reference.name, reference.uid),
  );
  if (absent.length + waiting.length < owners.length) {
    const uids = new Set([...absent, ...waiting].map(({ reference }) => reference.uid));
    return plan([premises, [withoutOwners(resource, item, uids)]]);
  }
  const options = { propagationPolicy: policyOf(item, waiting.length > 0 && dependents.length > 0) } as const;
  const resourceVersion = item.metadata.resourceVersion;
  const exact = resourceVersion === undefined ? options : { ...options, resourceVersion };
  const loosening = waiting.length > 0 ? loosened(observed) : null;
  if (loosening !== null) return plan([premises, [loosening]], { requeueAfterMs: 1 });
  return plan([premises, [remove(resource, item, exact)]]);
}

/** An owner that waits for this object waits for what this one owns, too. */
function policyOf(item: KubeObject, mustWait: boolean): 'Background' | 'Foreground' | 'Orphan' {
  if (hasFinalizer(item, orphanFinalizer)) return 'Orphan';
  return mustWait || hasFinalizer(item, foregroundFinalizer) ? 'Foreground' : 'Background';
}

/**
 * A dependent that waits for its own dependents may be part of a circle that would wait for itself for ever. The references that this object
 * blocks are loosened first, in a plan of their own, because that changes the resourceVersion.
 */
function loosened({ resource, item, dependents }: GarbageObserved): Write | null {
  const isBlocking = ownerReferencesOf(item).some(({ blockOwnerDeletion }) => blockOwnerDeletion === true);
  if (!isBlocking || !dependents.some(({ object }) => isDeletingDependents(object))) return null;
  const ownerReferences = ownerReferencesOf(item).map((reference) => ({ ...reference, blockOwnerDeletion: false }));
  const { resourceVersion } = item.metadata;
  return patch(resource, item, { metadata: { resourceVersion, ownerReferences } }, { accepts: [404] });
}

/** Guarded by the resourceVersion: references that changed meanwhile are not overwritten. */
function withoutOwners(resource: GroupVersionResource, object: KubeObject, uids: ReadonlySet<string>): Write {
  const ownerReferences = ownerReferencesOf(object).filter(({ uid }) => !uids.has(uid));
  const { resourceVersion } = object.metadata;
  const metadata = { resourceVersion, ownerReferences: ownerReferences.length === 0 ? null : ownerReferences };
  return patch(resource, object, { metadata }, { accepts: [404] });
}

function withoutFinalizer(resource: GroupVersionResource, object: KubeObject, finalizer: string): Write {
  const finalizers = finalizersOf(object).filter((present) => present !== finalizer);
  const { resourceVersion } = object.metadata;
  const metadata = { resourceVersion, finalizers: finalizers.length === 0 ? null : finalizers };
  return patch(resource, object, { metadata }, { accepts: [404] });
}
