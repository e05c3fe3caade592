/**
 * Watchers over the keyspace. The hub queues no event: each watcher has its next revision, and `pull` reads the history when its
 * host has room. So a slow watcher costs nothing, and a response is made from one consistent history: ordered, unique, without
 * gaps, and never splitting a revision unless it says so.
 *
 * An event finds its watchers through an exact-key map and an interval index, never by visiting all of them. A watcher becomes
 * ready on the first event that matches, is announced once, and is idle again when it was pulled to the end.
 * Models etcd server/storage/mvcc/watchable_store.go; deviates: no unsynced and victim lists, since nothing is pushed.
 */
import { assert, must } from '../base/assert.ts';
import type { Event } from './event.ts';
import { IntervalIndex } from './interval-index.ts';
import { costBytes, type Revision } from './key-value.ts';
import type { Keyspace } from './keyspace.ts';
import { pullRevisionsMax } from './limits.ts';
import { makeWatcher, type PullResult, type Watcher, type WatcherId, type WatchOptions, wants } from './watcher.ts';

export class WatchHub {
  readonly #watchers = new Map<WatcherId, Watcher>();
  readonly #byKey = new Map<string, Set<Watcher>>();
  readonly #byRange = new IntervalIndex<Watcher>();
  readonly #ready = new Set<Watcher>();
  #keyspace: Keyspace;
  #nextId = 1;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  get size(): number {
    return this.#watchers.size;
  }

  has(id: WatcherId): boolean {
    return this.#watchers.has(id);
  }

  /** Starts a watch. One that starts below the compaction revision is made all the same; its first pull cancels it. */
  watch(options: WatchOptions): WatcherId {
    const id = this.#nextId as WatcherId;
    this.#nextId += 1;
    const current = this.#keyspace.revision;
    const start = options.startRevision === 0 ? ((current + 1) as Revision) : options.startRevision;
    const watcher = makeWatcher(id, options, start);
    this.#watchers.set(id, watcher);
    this.#index(watcher);
    if (start <= current) this.#markPending(watcher);
    return id;
  }

  /** Ends a watch; unknown watchers are passed over, because a cancelled one is gone already. */
  cancel(id: WatcherId): void {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) return;
    this.#watchers.delete(id);
    watcher.isPending = false;
    if (!watcher.isSingle) {
      this.#byRange.remove(watcher.options.range, watcher);
      return;
    }
    const sharing = must(this.#byKey.get(watcher.options.range.start), 'a key watcher is indexed');
    sharing.delete(watcher);
    if (sharing.size === 0) this.#byKey.delete(watcher.options.range.start);
  }

  /** Tells the hub what the newest revision changed. */
  dispatch(events: readonly Event[]): void {
    for (const event of events) {
      const { key } = event.keyValue;
      const exact = this.#byKey.get(key);
      if (exact !== undefined) for (const watcher of exact) this.#offer(watcher, event);
      this.#byRange.forEachAt(key, (watcher) => this.#offer(watcher, event));
    }
  }

  /** Returns the watchers that became ready since the last call; each must be pulled until its result says there is no more. */
  takeReady(): WatcherId[] {
    if (this.#ready.size === 0) return [];
    const ready = [...this.#ready].filter((watcher) => watcher.isPending).map(({ id }) => id);
    this.#ready.clear();
    return ready;
  }

  /**
   * Reads the next events of a watcher, whole revisions while they fit: at most `eventsMax` events and about `bytesMax` bytes, but
   * at least one revision (or a fragment of it, if the watcher allows that). Cancels the watcher when its next revision is
   * compacted. The events are shared with the store: never mutate.
   */
  pull(id: WatcherId, eventsMax: number, bytesMax: number): PullResult {
    assert(eventsMax > 0 && bytesMax > 0, 'room for a response', { eventsMax, bytesMax });
    const watcher = must(this.#watchers.get(id), 'a pulled watcher exists');
    const { compactRevision } = this.#keyspace;
    if (watcher.isPending && watcher.nextRevision < compactRevision) {
      this.cancel(id);
      return { type: 'cancelled', compactRevision };
    }
    const room = { events: eventsMax, bytes: bytesMax };
    const events: Event[] = [];
    const fragment = watcher.isPending && this.#collect(watcher, events, room);
    if (watcher.isPending && watcher.nextRevision > this.#keyspace.revision) watcher.isPending = false;
    const through = watcher.isPending ? watcher.nextRevision - 1 : this.#keyspace.revision;
    return { type: 'events', events, throughRevision: through as Revision, fragment, more: watcher.isPending };
  }

  /**
   * Returns the revision up to which the watcher has everything, for a progress notification; null while events wait to be pulled
   * or before the watch has reached its start.
   */
  progress(id: WatcherId): Revision | null {
    const watcher = must(this.#watchers.get(id), 'a watcher asked for progress exists');
    const current = this.#keyspace.revision;
    if (watcher.isPending || watcher.options.startRevision > current) return null;
    return current;
  }

  /** Goes over to a keyspace loaded from a snapshot, which may be far ahead: idle watchers may have missed events. */
  replaceKeyspace(keyspace: Keyspace): void {
    const before = this.#keyspace.revision;
    assert(keyspace.revision >= before, 'a snapshot is not older', { before, after: keyspace.revision });
    this.#keyspace = keyspace;
    for (const watcher of this.#watchers.values()) {
      if (watcher.isPending) continue;
      watcher.nextRevision = Math.max(watcher.nextRevision, before + 1) as Revision;
      if (watcher.nextRevision <= keyspace.revision) this.#markPending(watcher);
    }
  }

  #index(watcher: Watcher): void {
    if (!watcher.isSingle) {
      this.#byRange.add(watcher.options.range, watcher);
      return;
    }
    const sharing = this.#byKey.get(watcher.options.range.start);
    if (sharing === undefined) this.#byKey.set(watcher.options.range.start, new Set([watcher]));
    else sharing.add(watcher);
  }

  #offer(watcher: Watcher, event: Event): void {
    const revision = event.keyValue.modRevision;
    if (watcher.isPending || revision < watcher.nextRevision || !wants(watcher, event)) return;
    watcher.nextRevision = revision;
    watcher.nextEvent = 0;
    this.#markPending(watcher);
  }

  #markPending(watcher: Watcher): void {
    assert(!watcher.isPending, 'a watcher is announced once', { id: watcher.id });
    watcher.isPending = true;
    this.#ready.add(watcher);
  }

  /** Appends whole revisions to `events`; returns true when it stopped inside one. */
  #collect(watcher: Watcher, events: Event[], room: { events: number; bytes: number }): boolean {
    const last = this.#keyspace.revision;
    for (let scanned = 0; scanned < pullRevisionsMax; scanned += 1) {
      if (watcher.isSingle && watcher.nextEvent === 0) this.#skipToChange(watcher);
      if (watcher.nextRevision > last) return false;
      const matching = this.#matchingAt(watcher);
      const taken = fitting(matching, room, events.length === 0, watcher.options.fragment === true);
      if (taken === 0 && matching.length > 0) return false;
      for (let index = 0; index < taken; index += 1) events.push(matching[index] as Event);
      if (taken < matching.length) {
        watcher.nextEvent += taken;
        return true;
      }
      watcher.nextRevision = (watcher.nextRevision + 1) as Revision;
      watcher.nextEvent = 0;
    }
    return false;
  }

  /** A watcher of one key follows the key's own history instead of reading everybody's events. */
  #skipToChange(watcher: Watcher): void {
    const next = this.#keyspace.nextChange(watcher.options.range.start, watcher.nextRevision);
    watcher.nextRevision = next ?? ((this.#keyspace.revision + 1) as Revision);
  }

  /** The events of the next revision that the watcher wants and has not got yet. */
  #matchingAt(watcher: Watcher): Event[] {
    const revision = watcher.nextRevision;
    if (revision < this.#keyspace.firstEventRevision) return [];
    const hidesPrevious = watcher.options.previous !== true || revision === this.#keyspace.compactRevision;
    const matching: Event[] = [];
    for (const event of this.#keyspace.eventsAt(revision)) {
      if (!wants(watcher, event)) continue;
      matching.push(hidesPrevious && event.previous !== null ? { ...event, previous: null } : event);
    }
    return watcher.nextEvent === 0 ? matching : matching.slice(watcher.nextEvent);
  }
}

/** Returns how many of a revision's events go into the response: all, none, or a part if it would be too large by itself. */
function fitting(
  matching: readonly Event[],
  room: { events: number; bytes: number },
  isFirst: boolean,
  mayFragment: boolean,
): number {
  let count = 0;
  let { bytes } = room;
  while (count < matching.length && count < room.events && bytes > 0) {
    const event = matching[count] as Event;
    bytes -= costBytes(event.keyValue) + (event.previous === null ? 0 : costBytes(event.previous));
    count += 1;
  }
  const isWhole = count === matching.length && (bytes >= 0 || count === 1);
  if (!isWhole && !isFirst) return 0;
  const taken = isWhole || mayFragment ? count : matching.length;
  room.events -= taken;
  room.bytes = bytes;
  return taken;
}
