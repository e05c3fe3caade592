/**
 * Deletes what nobody owns any more, and carries out the two ways in which an owner can wait for its dependents. Keys are
 * `CACHE NAMESPACE/NAME`, the cache being that of the object's resource. Everything is watched as metadata only: the caches and their
 * index by owner are the graph, so there is no second copy of it to keep in step. Models kubernetes pkg/controller/garbagecollector.
 */
import { type GroupVersionKind, parseApiVersion } from '../../api/group-version.ts';
import { byOwnerUid, byUid } from '../../api/object-index.ts';
import {
  isBeingDeleted,
  type KubeObject,
  namespaceOf,
  type OwnerReference,
  objectKey,
  ownerReferencesOf,
  uidOf,
} from '../../api/object-meta.ts';
import type { ResourceInfo } from '../../kinds/registry.ts';
import { type Cache, type CacheChange, type Caches, type Controller, sidesOf, type Watched } from '../controller.ts';
import { bareResource, cacheName, deletableResources } from '../served-resources.ts';
import {
  type Dependent,
  type GarbageObserved,
  isDeletingDependents,
  isOrphaningDependents,
  type OwnerState,
  reconcileGarbage,
} from './reconcile.ts';

export type GarbageKinds = Record<string, KubeObject>;

const ownerIndex = 'owner';

export function garbageCollectionController(
  served: readonly ResourceInfo[] = deletableResources(),
): Controller<GarbageKinds, GarbageObserved> {
  const graph = new Graph(served);
  return {
    name: 'garbage-collector',
    watches: graph.watches,
    remember: () => null,
    keys: (change, caches) => graph.keys(change, caches),
    observe: (key, caches) => graph.observe(key, caches),
    reconcile: reconcileGarbage,
  };
}

/** Finds owners and dependents in the caches of all resources. Immutable: the state is in the caches. */
class Graph {
  readonly watches: Readonly<Record<string, Watched>>;
  readonly #byKind = new Map<string, ResourceInfo>();
  readonly #byCache = new Map<string, ResourceInfo>();

  constructor(served: readonly ResourceInfo[]) {
    const watches: Record<string, Watched> = {};
    for (const info of served) {
      const indexes = { [ownerIndex]: byOwnerUid, uid: byUid };
      watches[cacheName(info)] = { resource: bareResource(info), output: 'metadata', indexes };
      this.#byCache.set(cacheName(info), info);
      this.#byKind.set(kindKey(info), info);
    }
    this.watches = watches;
  }

  keys({ cache, old, object }: CacheChange<GarbageKinds>, caches: Caches<GarbageKinds>): readonly string[] {
    const keys = new Set<string>();
    const [present] = sidesOf({ old, object });
    if (present === undefined) return [];
    if (object !== null && concernsItself(object)) keys.add(`${cache} ${objectKey(object)}`);
    const isGoing = object === null || (isBeingDeleted(object) && (old === null || !isBeingDeleted(old)));
    if (isGoing) {
      for (const { info, object: dependent } of this.#dependents(uidOf(present), caches)) {
        keys.add(`${cacheName(info)} ${objectKey(dependent)}`);
      }
    }
    if (old !== null) {
      for (const reference of ownerReferencesOf(old)) this.#addWaitingOwner(old, reference, caches, keys);
    }
    return [...keys];
  }

  observe(key: string, caches: Caches<GarbageKinds>): GarbageObserved | null {
    const space = key.indexOf(' ');
    const info = this.#byCache.get(key.slice(0, space));
    const item = info === undefined ? undefined : cacheOf(caches, info).get(key.slice(space + 1));
    if (info === undefined || item === undefined) return null;
    const dependents = this.#dependents(uidOf(item), caches).map(
      ({ info: kind, object }): Dependent => ({ resource: bareResource(kind), object }),
    );
    const owners = ownerReferencesOf(item).map((reference) => this.#ownerState(item, reference, caches));
    return { resource: bareResource(info), item, owners, dependents };
  }

  #ownerState(item: KubeObject, reference: OwnerReference, caches: Caches<GarbageKinds>): OwnerState {
    const info = this.#infoOf(reference);
    // An owner must be in the same namespace or in none; what else a reference names can't be judged.
    if (info === undefined || (info.isNamespaced && namespaceOf(item) === '')) return { type: 'unknown', reference };
    const namespace = info.isNamespaced ? namespaceOf(item) : '';
    const owner = cacheOf(caches, info).get(namespace === '' ? reference.name : `${namespace}/${reference.name}`);
    if (owner === undefined || uidOf(owner) !== reference.uid) {
      return { type: 'absent', reference, resource: bareResource(info), namespace };
    }
    return { type: isDeletingDependents(owner) ? 'waiting' : 'present', reference };
  }

  #addWaitingOwner(item: KubeObject, reference: OwnerReference, caches: Caches<GarbageKinds>, keys: Set<string>): void {
    const info = this.#infoOf(reference);
    if (info === undefined) return;
    const namespace = info.isNamespaced ? namespaceOf(item) : '';
    const key = namespace === '' ? reference.name : `${namespace}/${reference.name}`;
    const owner = cacheOf(caches, info).get(key);
    if (owner === undefined || uidOf(owner) !== reference.uid) return;
    if (isDeletingDependents(owner) || isOrphaningDependents(owner)) keys.add(`${cacheName(info)} ${key}`);
  }

  #dependents(uid: string, caches: Caches<GarbageKinds>): { info: ResourceInfo; object: KubeObject }[] {
    const found: { info: ResourceInfo; object: KubeObject }[] = [];
    for (const info of this.#byCache.values()) {
      for (const object of cacheOf(caches, info).by(ownerIndex, uid)) found.push({ info, object });
    }
    return found;
  }

  /** An owner of another version of the kind is found all the same. */
  #infoOf({ apiVersion, kind }: OwnerReference): ResourceInfo | undefined {
    const groupVersion = parseApiVersion(apiVersion);
    return groupVersion === undefined ? undefined : this.#byKind.get(kindKey({ ...groupVersion, kind }));
  }
}

function kindKey({ group, kind }: GroupVersionKind): string {
  return `${kind}.${group}`;
}

function concernsItself(object: KubeObject): boolean {
  return ownerReferencesOf(object).length > 0 || isDeletingDependents(object) || isOrphaningDependents(object);
}

function cacheOf(caches: Caches<GarbageKinds>, info: ResourceInfo): Cache {
  return caches[cacheName(info)] as Cache;
}
