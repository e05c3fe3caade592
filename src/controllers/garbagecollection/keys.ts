/**
 * Deletes what nobody owns any more, and carries out the two ways in which an owner can wait for its dependents. Keys are
 * `CACHE NAMESPACE/NAME`, the cache being that of the object's resource. Everything is watched as metadata only: the caches and their
 * index by owner are the graph, so there is no second copy of it to keep in step. Models kubernetes pkg/controller/garbagecollector.
 */
import { type GroupKind, parseApiVersion } from '../../api/group-version.ts';
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
import {
  bareResource,
  cacheName,
  customResources,
  customWatches,
  definitionCache,
  definitionWatch,
  deletableResources,
  type ServedResource,
} from '../served-resources.ts';
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
const ownerIndexes = { [ownerIndex]: byOwnerUid, uid: byUid };

export function garbageCollectionController(
  served: readonly ResourceInfo[] = deletableResources(),
): Controller<GarbageKinds, GarbageObserved> {
  const graph = new Graph(served);
  return {
    name: 'garbage-collector',
    watches: graph.watches,
    dynamic: customWatches(ownerIndexes, () => true),
    remember: () => null,
    keys: (change, caches) => graph.keys(change, caches),
    observe: (key, caches) => graph.observe(key, caches),
    reconcile: reconcileGarbage,
  };
}

/** Finds owners and dependents in the caches of all resources. The state is in the caches; here is only which of them there are. */
class Graph {
  readonly watches: Readonly<Record<string, Watched>>;
  readonly #builtIn: readonly ServedResource[];
  #byKind = new Map<string, ServedResource>();
  #byCache = new Map<string, ServedResource>();

  constructor(served: readonly ResourceInfo[]) {
    const watches: Record<string, Watched> = {};
    for (const info of served) {
      watches[cacheName(info)] = { resource: bareResource(info), output: 'metadata', indexes: ownerIndexes };
    }
    this.watches = { ...watches, [definitionCache]: definitionWatch(ownerIndexes) };
    this.#builtIn = served;
    this.#know([]);
  }

  #know(custom: readonly ServedResource[]): void {
    const all = [...this.#builtIn, ...custom];
    this.#byCache = new Map(all.map((info) => [cacheName(info), info]));
    this.#byKind = new Map(all.map((info) => [kindKey(info), info]));
  }

  keys({ cache, old, object }: CacheChange<GarbageKinds>, caches: Caches<GarbageKinds>): readonly string[] {
    if (cache === definitionCache) this.#know(customResources(caches[definitionCache] as Cache));
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
    const item = info === undefined ? undefined : cacheOf(caches, info)?.get(key.slice(space + 1));
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
    const owner = cacheOf(caches, info)?.get(namespace === '' ? reference.name : `${namespace}/${reference.name}`);
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
    const owner = cacheOf(caches, info)?.get(key);
    if (owner === undefined || uidOf(owner) !== reference.uid) return;
    if (isDeletingDependents(owner) || isOrphaningDependents(owner)) keys.add(`${cacheName(info)} ${key}`);
  }

  #dependents(uid: string, caches: Caches<GarbageKinds>): { info: ServedResource; object: KubeObject }[] {
    const found: { info: ServedResource; object: KubeObject }[] = [];
    for (const info of this.#byCache.values()) {
      for (const object of cacheOf(caches, info)?.by(ownerIndex, uid) ?? []) found.push({ info, object });
    }
    return found;
  }

  /** An owner of another version of the kind is found all the same. */
  #infoOf({ apiVersion, kind }: OwnerReference): ServedResource | undefined {
    const groupVersion = parseApiVersion(apiVersion);
    return groupVersion === undefined ? undefined : this.#byKind.get(kindKey({ ...groupVersion, kind }));
  }
}

function kindKey({ group, kind }: GroupKind): string {
  return `${kind}.${group}`;
}

function concernsItself(object: KubeObject): boolean {
  return ownerReferencesOf(object).length > 0 || isDeletingDependents(object) || isOrphaningDependents(object);
}

/** The cache of a definition that has just come is not there yet. */
function cacheOf(caches: Caches<GarbageKinds>, info: ServedResource): Cache | undefined {
  return caches[cacheName(info)] as Cache | undefined;
}
