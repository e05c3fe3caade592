/**
 * A cache of the objects of one resource, kept current by one watch, and the changes it goes through. A step machine: its InformerSet
 * hands it inputs, it returns effects and changes.
 *
 *   listing    the watch began with everything there is; the objects are collected apart until the bookmark that ends them, and then
 *              replace the cache at once. What is missing from them was deleted while nobody watched.
 *   watching   each event changes the cache; bookmarks move the revision on.
 *
 * A watch that ends is resumed behind the last revision, on the same server or the next, so no change is lost; an event at or below what
 * the cache holds of its object is skipped, so none is seen twice. When the history behind that revision is gone (410), it lists again, never
 * older than what it has seen: an informer does not go back in time. Models client-go tools/cache/reflector.go, watchList, with one
 * station less: changes are handed on in the step that brought them.
 */
import type { Memo } from '../actor/memo.ts';
import type { IndexFunction } from '../api/object-index.ts';
import { type KubeObject, objectKey } from '../api/object-meta.ts';
import { Indexer } from './indexer.ts';
import {
  isInitialEventsEnd,
  parseWatchEvents,
  revisionOf,
  type WatchEvent,
  type WatchSelection,
  type WatchStart,
} from './watch-event.ts';

export type Change<T extends KubeObject = KubeObject> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'updated'; readonly old: T; readonly object: T }
  /** `object` is the last known state. */
  | { readonly type: 'deleted'; readonly object: T };

export interface InformerOptions<T extends KubeObject> extends WatchSelection {
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
  /** Returns what the cache keeps of an object; absent: all of it. Must not change what it is given. */
  readonly keep?: (object: T) => T;
}

/** What reading a chunk led to. `relist`: the history is gone. `refused`: the server ended the watch with an error. */
export type ReadOutcome = 'reading' | 'relist' | 'refused';

export class Informer<T extends KubeObject = KubeObject> {
  readonly selection: WatchSelection;
  readonly indexer: Indexer<T>;
  readonly #keep: ((object: T) => T) | undefined;
  readonly #memo: Memo;
  /** Collects the objects of a list until it is whole; null while watching. */
  #listed: Map<string, T> | null = null;
  #mustList = true;
  #revision = 0;

  constructor(options: InformerOptions<T>, memo: Memo) {
    this.selection = options;
    this.#memo = memo;
    this.#keep = options.keep;
    this.indexer = new Indexer<T>(options.indexes);
  }

  /** The cache has held a whole list at least once. */
  get hasSynced(): boolean {
    return this.#revision > 0;
  }

  /** The cache shows the store at this revision or a later one, as far as this informer's selection goes; 0 before the first list. */
  get revision(): number {
    return this.#revision;
  }

  get(key: string): T | undefined {
    return this.indexer.get(key);
  }

  /** Returns how the next watch has to begin, and forgets what an unfinished list had collected. */
  begin(timeoutSeconds: number): WatchStart {
    this.#listed = this.#mustList ? new Map() : null;
    return { type: this.#mustList ? 'list' : 'resume', revision: this.#revision, timeoutSeconds };
  }

  /** The next watch begins with a list. */
  forgetHistory(): void {
    this.#mustList = true;
  }

  /** Takes a chunk of the watch and adds the changes it brings to `changes`, in the order of the store. */
  read(chunk: Uint8Array, changes: Change<T>[]): ReadOutcome {
    for (const raw of parseWatchEvents<T>(chunk, this.#memo)) {
      const event = this.#kept(raw);
      if (event.type === 'ERROR') {
        if (event.object.code !== 410) return 'refused';
        this.forgetHistory();
        return 'relist';
      }
      this.#take(event, changes);
    }
    return 'reading';
  }

  #kept(event: WatchEvent<T>): WatchEvent<T> {
    if (this.#keep === undefined || event.type === 'ERROR' || event.type === 'BOOKMARK') return event;
    return { ...event, object: this.#keep(event.object) };
  }

  #take(event: Exclude<WatchEvent<T>, { type: 'ERROR' }>, changes: Change<T>[]): void {
    const revision = revisionOf(event.object);
    if (this.#listed !== null) {
      if (event.type === 'BOOKMARK') {
        if (isInitialEventsEnd(event.object)) this.#replace(this.#listed, revision, changes);
      } else if (event.type === 'DELETED') this.#listed.delete(objectKey(event.object));
      else this.#listed.set(objectKey(event.object), event.object);
      return;
    }
    if (event.type === 'DELETED') this.#delete(event.object, revision, changes);
    else if (event.type !== 'BOOKMARK') this.#set(event.object, revision, changes);
    this.#revision = Math.max(this.#revision, revision);
  }

  #replace(listed: ReadonlyMap<string, T>, revision: number, changes: Change<T>[]): void {
    for (const key of Array.from(this.indexer.keys())) {
      if (listed.has(key)) continue;
      const object = this.indexer.delete(key);
      if (object !== undefined) changes.push({ type: 'deleted', object });
    }
    for (const object of listed.values()) this.#set(object, revisionOf(object), changes);
    this.#listed = null;
    this.#mustList = false;
    this.#revision = Math.max(this.#revision, revision, 1);
  }

  #set(object: T, revision: number, changes: Change<T>[]): void {
    const known = this.indexer.get(objectKey(object));
    if (known !== undefined && revision <= revisionOf(known)) return;
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) {
      // Deleted and made again while nobody watched: two changes, as if both had been seen.
      changes.push({ type: 'deleted', object: known });
      this.indexer.set(object);
      changes.push({ type: 'added', object });
      return;
    }
    this.indexer.set(object);
    changes.push(known === undefined ? { type: 'added', object } : { type: 'updated', old: known, object });
  }

  #delete(object: T, revision: number, changes: Change<T>[]): void {
    const key = objectKey(object);
    const known = this.indexer.get(key);
    if (known === undefined || revision < revisionOf(known)) return;
    this.indexer.delete(key);
    changes.push({ type: 'deleted', object });
  }
}
