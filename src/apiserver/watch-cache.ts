/**
 * The state of the cluster as one API server has it: every object of every resource, up to one revision of the store, and the last
 * changes of each resource, so that a watch may start in the past.
 *
 * The cache follows the whole keyspace by one watch of the store. So its revision is that of everything it has seen, whether
 * the change was an object or not, and a read that must not be stale only waits until the revision is high enough.
 * Invariant: `revision` never goes back, and each event has a revision above that of the events before it or equal to it.
 */
import { assert } from '../base/assert.ts';
import { ownBytes } from '../base/bytes.ts';
import { OrderedMap } from '../base/ordered-map.ts';
import { RingBuffer } from '../base/ring-buffer.ts';
import type { CustomResourceDefinition } from '../kinds/customresourcedefinition/types.ts';
import type { Event } from '../mvcc/event.ts';
import { prefixRange } from '../mvcc/key-range.ts';
import { type KeyValue, noLease, type Revision } from '../mvcc/key-value.ts';
import { allocationPrefix } from './allocation.ts';
import { CacheEntry } from './cache-entry.ts';
import { type Catalog, namespacePrefix, type StoredResource, storageKey } from './catalog.ts';
import { historyEventsMax } from './limits.ts';
import { isUnfiltered, type Selection, selects } from './selection.ts';
import { registryPrefix } from './storage-prefix.ts';

/** A change of one object. */
export interface CacheEvent {
  readonly revision: number;
  /** Null when the object was deleted. */
  readonly entry: CacheEntry | null;
  /** Null when the object was created. */
  readonly previous: CacheEntry | null;
  /** Frames of this event by form, made when first wanted; shared by all watchers. */
  readonly frames: Map<string, Uint8Array>;
}

interface ResourceState {
  readonly entries: OrderedMap<CacheEntry>;
  readonly history: RingBuffer<CacheEvent>;
  /** Every event above it is in the history. */
  historyFloor: number;
  /** The revision of the last change. */
  changedAt: number;
}

export class WatchCache {
  readonly #catalog: Catalog;
  readonly #resources = new Map<StoredResource, ResourceState>();
  /** Keys that stand for addresses taken from a pool; see allocation.ts. */
  readonly #allocations = new Set<string>();
  /** Objects of a kind that nobody has defined, or not any more. */
  #unclaimed = new OrderedMap<KeyValue>();
  #revision = 0;
  /** The revision of the last complete state. */
  #floor = 0;
  #isSynced = false;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Everything up to this revision of the store is in the cache. */
  get revision(): number {
    return this.#revision;
  }

  /** False until the first read of the store is complete, and while it is read anew. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Forgets that the cache is complete; what it holds stays until it is replaced. */
  unsync(): void {
    this.#isSynced = false;
  }

  /** Everything that was to be read has been read. */
  markSynced(): void {
    this.#isSynced = true;
  }

  /** Takes a complete state of the store at `revision`. History starts anew there. */
  replace(keyValues: readonly KeyValue[], revision: number): void {
    assert(revision >= this.#revision, 'the cache does not go back', { revision, before: this.#revision });
    this.#resources.clear();
    this.#allocations.clear();
    this.#unclaimed = new OrderedMap();
    this.#revision = revision;
    this.#floor = revision;
    this.#replaceDefinitions(keyValues);
    for (const keyValue of keyValues) {
      const owner = this.#catalog.ownerOf(keyValue.key);
      if (owner !== undefined) this.#state(owner.stored).entries.set(keyValue.key, new CacheEntry(owner, keyValue));
      else this.#keepForeign({ type: 'put', keyValue });
    }
  }

  /** Definitions come first: they say whose the other keys are. */
  #replaceDefinitions(keyValues: readonly KeyValue[]): void {
    const { definitions } = this.#catalog;
    const present = new Set<string>();
    for (const keyValue of keyValues) {
      if (!keyValue.key.startsWith(definitions.prefix)) continue;
      const owner = this.#catalog.ownerOf(keyValue.key);
      if (owner === undefined) continue;
      present.add(owner.name);
      this.#define(owner.name, new CacheEntry(owner, keyValue), this.#floor);
    }
    for (const { definition } of this.#catalog.customs()) {
      const name = definition.metadata.name ?? '';
      if (!present.has(name)) this.#define(name, null, this.#floor);
    }
  }

  /** Hands a definition to the catalog, and the objects to whom they belong from now on. */
  #define(name: string, entry: CacheEntry | null, revision: number): void {
    const source =
      entry === null
        ? null
        : {
            key: entry.key,
            createRevision: entry.createRevision,
            decode: () => entry.decode() as unknown as CustomResourceDefinition,
          };
    const { added, removed } = this.#catalog.define(name, source);
    if (removed !== null) this.#release(removed);
    if (added !== null) this.#adopt(added, revision);
    const kept = added === null ? this.#catalog.custom(name)?.stored : undefined;
    if (kept !== undefined) {
      this.scanAll(kept, (each) => {
        each.forgetFacts();
        return true;
      });
    }
  }

  #adopt(stored: StoredResource, revision: number): void {
    const state = this.#state(stored);
    // What happened under this name before was another kind's history.
    state.historyFloor = revision;
    state.changedAt = revision;
    const { start, end } = prefixRange(stored.prefix);
    const found: KeyValue[] = [];
    this.#unclaimed.scan(start, end, (keyValue) => {
      found.push(keyValue);
      return true;
    });
    for (const keyValue of found) {
      const owner = this.#catalog.ownerOf(keyValue.key);
      if (owner === undefined) continue;
      this.#unclaimed.delete(keyValue.key);
      state.entries.set(keyValue.key, new CacheEntry(owner, keyValue));
    }
  }

  #release(stored: StoredResource): void {
    this.scanAll(stored, ({ key, createRevision, revision, bytes }) => {
      const revisions = { createRevision: createRevision as Revision, modRevision: revision as Revision };
      this.#unclaimed.set(key, { key, value: bytes, ...revisions, version: 1, lease: noLease });
      return true;
    });
    this.#resources.delete(stored);
  }

  /** Keys that hold no object of a known kind. */
  #keepForeign({ type, keyValue }: Pick<Event, 'type' | 'keyValue'>): void {
    const { key } = keyValue;
    if (key.startsWith(allocationPrefix)) {
      if (type === 'put') this.#allocations.add(key);
      else this.#allocations.delete(key);
    } else if (key.startsWith(registryPrefix)) {
      if (type === 'put') this.#unclaimed.set(key, { ...keyValue, value: ownBytes(keyValue.value) });
      else this.#unclaimed.delete(key);
    }
  }

  /** Takes changes in revision order and returns those of objects. Call `advance` when a revision is complete. */
  apply(events: readonly Event[]): readonly CacheEvent[] {
    const changes: CacheEvent[] = [];
    for (const event of events) {
      const { key } = event.keyValue;
      assert(event.keyValue.modRevision > this.#revision, 'an event is new', { key, revision: this.#revision });
      const owner = this.#catalog.ownerOf(key);
      if (owner !== undefined) {
        const state = this.#state(owner.stored);
        const entry = event.type === 'put' ? new CacheEntry(owner, event.keyValue) : null;
        const previous = (entry === null ? state.entries.delete(key) : state.entries.set(key, entry)) ?? null;
        if (entry === null && previous === null) continue;
        const change = { revision: event.keyValue.modRevision, entry, previous, frames: new Map() };
        remember(state, change);
        changes.push(change);
        if (owner.stored === this.#catalog.definitions) this.#define(owner.name, entry, change.revision);
      } else this.#keepForeign(event);
    }
    return changes;
  }

  /** Everything up to `revision` has been applied. */
  advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision;
  }

  get(stored: StoredResource, namespace: string, name: string): CacheEntry | undefined {
    return this.#resources.get(stored)?.entries.get(storageKey(stored, namespace, name));
  }

  isAllocated(key: string): boolean {
    return this.#allocations.has(key);
  }

  /** How many objects of a resource there are, in all namespaces. */
  count(stored: StoredResource): number {
    return this.#resources.get(stored)?.entries.size ?? 0;
  }

  /** Visits what `selection` selects from the key `from` on (null: from the first), in key order, until `visit` returns false. */
  scan(stored: StoredResource, selection: Selection, from: string | null, visit: (entry: CacheEntry) => boolean): void {
    const entries = this.#resources.get(stored)?.entries;
    if (entries === undefined) return;
    const hasNamespace = selection.namespace !== '' || !stored.info.isNamespaced;
    if (selection.name !== '' && hasNamespace) {
      const only = entries.get(storageKey(stored, selection.namespace, selection.name));
      if (only !== undefined && (from === null || only.key >= from) && selects(selection, only)) visit(only);
      return;
    }
    const range = prefixRange(namespacePrefix(stored, selection.namespace));
    const isPlain = isUnfiltered(selection) && selection.name === '';
    entries.scan(from !== null && from > range.start ? from : range.start, range.end, (entry) =>
      isPlain || selects(selection, entry) ? visit(entry) : true,
    );
  }

  /** Visits every object of a resource in key order until `visit` returns false. */
  scanAll(stored: StoredResource, visit: (entry: CacheEntry) => boolean): void {
    this.#resources.get(stored)?.entries.scan('', null, visit);
  }

  /** Returns what there is of a resource in a namespace, or everywhere when it is empty, in key order. */
  entriesOf(stored: StoredResource, namespace = ''): readonly CacheEntry[] {
    const { start, end } = prefixRange(namespacePrefix(stored, namespace));
    const found: CacheEntry[] = [];
    this.#resources.get(stored)?.entries.scan(start, end, (entry) => {
      found.push(entry);
      return true;
    });
    return found;
  }

  /** Tells whether no object of the resource has changed since `revision`. */
  isUnchangedSince(stored: StoredResource, revision: number): boolean {
    const state = this.#resources.get(stored);
    return (state?.changedAt ?? this.#floor) <= revision;
  }

  /** Returns the changes of a resource above `revision`, ascending, or undefined when they are no longer all known. */
  historySince(stored: StoredResource, revision: number): readonly CacheEvent[] | undefined {
    const state = this.#state(stored);
    if (revision < state.historyFloor) return undefined;
    const events: CacheEvent[] = [];
    for (let index = state.history.length - 1; index >= 0; index -= 1) {
      const event = state.history.at(index) as CacheEvent;
      if (event.revision <= revision) break;
      events.push(event);
    }
    return events.reverse();
  }

  #state(stored: StoredResource): ResourceState {
    const known = this.#resources.get(stored);
    if (known !== undefined) return known;
    const state: ResourceState = {
      entries: new OrderedMap(),
      history: new RingBuffer(historyEventsMax),
      historyFloor: this.#floor,
      changedAt: this.#floor,
    };
    this.#resources.set(stored, state);
    return state;
  }
}

function remember(state: ResourceState, event: CacheEvent): void {
  if (state.history.isFull()) state.historyFloor = (state.history.shift() as CacheEvent).revision;
  state.history.push(event);
  state.changedAt = event.revision;
}
