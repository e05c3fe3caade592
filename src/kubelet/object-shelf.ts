/**
 * The API objects that the pods of a node name: config maps, secrets, services, claims and volumes. Each is watched by itself, from the moment the
 * first pod needs it until the last one that does is gone; so a kubelet sees just what its pods may. The shelf holds what the watches brought
 * and says which of them have to be opened and closed; the actor has the watches.
 * Models kubernetes pkg/kubelet/util/manager/watch_based_manager.go.
 */
import type { GroupVersionResource } from '../api/group-version.ts';
import type { KubeObject } from '../api/object-meta.ts';

export type NeededResource =
  | 'configmaps'
  | 'secrets'
  | 'services'
  | 'persistentvolumeclaims'
  | 'persistentvolumes'
  | 'csidrivers';

/** One object or, with an empty name, all of a namespace. */
export interface ObjectNeed {
  readonly resource: NeededResource;
  /** Empty at cluster scope. */
  readonly namespace: string;
  readonly name: string;
}

/** Reads objects: `undefined` while nobody knows, `null` when there is none. */
export interface ObjectSource {
  find<T extends KubeObject>(resource: NeededResource, namespace: string, name: string): T | null | undefined;
  /** All of a namespace, by name; only of what is needed as a whole. */
  list<T extends KubeObject>(resource: NeededResource, namespace: string): readonly T[] | undefined;
}

interface Place {
  readonly need: ObjectNeed;
  readonly users: Set<string>;
  readonly objects: Map<string, KubeObject>;
  isKnown: boolean;
}

export class ObjectShelf implements ObjectSource {
  readonly #places = new Map<string, Place>();
  readonly #needsOf = new Map<string, ReadonlySet<string>>();
  #opened: ObjectNeed[] = [];
  #closed: ObjectNeed[] = [];

  /** Sets all that the pod of that uid needs; nothing, once it is over. */
  want(uid: string, needs: readonly ObjectNeed[]): void {
    const former = this.#needsOf.get(uid);
    const keys = new Set(needs.map(keyOfNeed));
    for (const need of needs) this.#place(need).users.add(uid);
    for (const key of former ?? []) if (!keys.has(key)) this.#leave(key, uid);
    if (keys.size === 0) this.#needsOf.delete(uid);
    else this.#needsOf.set(uid, keys);
  }

  /** Returns which watches are to be opened and closed since the last call. */
  takeChanges(): { readonly opened: readonly ObjectNeed[]; readonly closed: readonly ObjectNeed[] } {
    const changes = { opened: this.#opened, closed: this.#closed };
    this.#opened = [];
    this.#closed = [];
    return changes;
  }

  /** The watch of `need` brought an object, or its deletion. Returns the pods that it concerns. */
  set(need: ObjectNeed, name: string, object: KubeObject | null): readonly string[] {
    const place = this.#places.get(keyOfNeed(need));
    if (place === undefined) return [];
    if (object === null) place.objects.delete(name);
    else place.objects.set(name, object);
    return place.isKnown ? [...place.users] : [];
  }

  /** The watch of `need` has brought everything there is. Returns the pods that waited for it. */
  known(need: ObjectNeed): readonly string[] {
    const place = this.#places.get(keyOfNeed(need));
    if (place === undefined || place.isKnown) return [];
    place.isKnown = true;
    return [...place.users];
  }

  find<T extends KubeObject>(resource: NeededResource, namespace: string, name: string): T | null | undefined {
    const place = this.#places.get(keyOfNeed({ resource, namespace, name }));
    if (place?.isKnown !== true) return undefined;
    return (place.objects.get(name) as T | undefined) ?? null;
  }

  list<T extends KubeObject>(resource: NeededResource, namespace: string): readonly T[] | undefined {
    const place = this.#places.get(keyOfNeed({ resource, namespace, name: '' }));
    if (place?.isKnown !== true) return undefined;
    return [...place.objects].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object as T);
  }

  #place(need: ObjectNeed): Place {
    const key = keyOfNeed(need);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place: Place = { need, users: new Set(), objects: new Map(), isKnown: false };
    this.#places.set(key, place);
    this.#opened.push(need);
    return place;
  }

  #leave(key: string, uid: string): void {
    const place = this.#places.get(key);
    place?.users.delete(uid);
    if (place === undefined || place.users.size > 0) return;
    this.#places.delete(key);
    // Opened and given up within one turn: there is no watch yet.
    if (this.#opened.includes(place.need)) this.#opened = this.#opened.filter((need) => need !== place.need);
    else this.#closed.push(place.need);
  }
}

export function keyOfNeed({ resource, namespace, name }: ObjectNeed): string {
  return `${resource}/${namespace}/${name}`;
}

/** Returns what to watch for `need`. */
export function selectionOf({ resource, namespace, name }: ObjectNeed): {
  readonly resource: GroupVersionResource;
  readonly namespace: string;
  readonly fieldSelector?: string;
} {
  const group = resource === 'csidrivers' ? 'storage.k8s.io' : '';
  return {
    resource: { group, version: 'v1', resource },
    namespace,
    ...(name === '' ? {} : { fieldSelector: `metadata.name=${name}` }),
  };
}
