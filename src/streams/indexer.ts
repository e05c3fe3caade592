/**
 * The cache of one informer: objects by `namespace/name`, and by whatever else their reader asks for. Every change updates the indexes it
 * touches, so a reconciler finds its pods without looking at anybody else's. Objects are shared and never changed in place; order is that of
 * insertion, which keeps runs reproducible. Models client-go tools/cache/thread_safe_store.go.
 */
import type { IndexFunction } from '../api/object-index.ts';
import { type KubeObject, objectKey } from '../api/object-meta.ts';
import { must } from '../base/assert.ts';

interface Index<T extends KubeObject> {
  readonly valuesOf: IndexFunction<T>;
  /** Value to the objects under it, by key. No value maps to an empty map. */
  readonly found: Map<string, Map<string, T>>;
}

export class Indexer<T extends KubeObject = KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>> = {}) {
    for (const [name, valuesOf] of Object.entries(indexes)) this.#indexes.set(name, { valuesOf, found: new Map() });
  }

  get size(): number {
    return this.#objects.size;
  }

  /** `key` is `namespace/name`, or the name at cluster scope. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** Returns the objects that index `name` holds under `value`. The index must have been declared. */
  by(name: string, value: string): readonly T[] {
    return [...(must(this.#indexes.get(name), `no index ${name}`).found.get(value)?.values() ?? [])];
  }

  /** Tells how many objects index `name` holds under `value`. */
  countBy(name: string, value: string): number {
    return must(this.#indexes.get(name), `no index ${name}`).found.get(value)?.size ?? 0;
  }

  /** Returns the values of index `name` that hold anything. */
  valuesOf(name: string): readonly string[] {
    return [...must(this.#indexes.get(name), `no index ${name}`).found.keys()];
  }

  /** Puts an object in the place of the one of its key, and returns that one. */
  set(object: T): T | undefined {
    const key = objectKey(object);
    const old = this.#objects.get(key);
    if (old !== undefined) this.#unlink(key, old);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) {
      for (const value of index.valuesOf(object)) {
        const found = index.found.get(value);
        if (found === undefined) index.found.set(value, new Map([[key, object]]));
        else found.set(key, object);
      }
    }
    return old;
  }

  /** Removes and returns the object at `key`. */
  delete(key: string): T | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#unlink(key, old);
    this.#objects.delete(key);
    return old;
  }

  #unlink(key: string, old: T): void {
    for (const index of this.#indexes.values()) {
      for (const value of index.valuesOf(old)) {
        const found = index.found.get(value);
        found?.delete(key);
        if (found?.size === 0) index.found.delete(value);
      }
    }
  }
}
