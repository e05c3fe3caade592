/**
 * The keys with their history: an ordered index of versions, the event log, and the compaction floor. It knows nothing of
 * transactions, leases or watchers; Mvcc builds those on it.
 *
 * Writing: any number of put and remove, then `commit`, which gives them one revision together. Reads between see the writes.
 * Compaction moves the floor at once; memory is freed then too, unless a snapshot being exported pins the history, in which
 * case it is freed when the last pin goes. `bytes` follows the floor, never the pins: it is equal on all replicas.
 *
 * Models etcd server/storage/mvcc (kvstore.go, index.go).
 */
import { assert, must } from '../base/assert.ts';
import { OrderedMap } from '../base/ordered-map.ts';
import type { Event } from './event.ts';
import { EventLog } from './event-log.ts';
import { appendVersion, type KeyHistory, liveVersion, nextChange, versionAt } from './key-history.ts';
import type { KeyRange } from './key-range.ts';
import {
  costBytes,
  firstRevision,
  isTombstone,
  type KeyValue,
  type LeaseId,
  noRevision,
  type Revision,
  tombstone,
} from './key-value.ts';

export class Keyspace {
  readonly #index = new OrderedMap<KeyHistory>();
  #events: EventLog;
  #revision: Revision;
  #floor: Revision;
  /** Up to where versions were really freed; below #floor only while pinned. */
  #pruned: Revision;
  #open: Event[] = [];
  #bytes = 0;
  #pins = 0;
  #liveKeys = 0;

  /** Starts empty at revision 1, or, for a restore, at the floor of a snapshot with its base still to be loaded. */
  constructor(floor: Revision = noRevision) {
    this.#floor = floor;
    this.#pruned = floor;
    this.#revision = Math.max(firstRevision, floor - 1) as Revision;
    this.#events = new EventLog((this.#revision + 1) as Revision);
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** Reads below this revision are refused; at it they still work. 0 before the first compaction. */
  get compactRevision(): Revision {
    return this.#floor;
  }

  /** Bytes of all versions that reads or watchers may still reach. */
  get bytes(): number {
    return this.#bytes;
  }

  get liveKeys(): number {
    return this.#liveKeys;
  }

  /** The oldest revision whose events watchers may read. */
  get firstEventRevision(): Revision {
    return Math.max(this.#floor, firstRevision + 1) as Revision;
  }

  /** Returns the live version of `key`, with the writes of an uncommitted transaction, or null. */
  latest(key: string): KeyValue | null {
    const history = this.#index.get(key);
    return history === undefined ? null : liveVersion(history);
  }

  /** Returns the revision of the first change of `key` at or after `revision`, or null. */
  nextChange(key: string, revision: Revision): Revision | null {
    const history = this.#index.get(key);
    return history === undefined ? null : nextChange(history, revision);
  }

  /**
   * Visits the live versions in key order until `visit` returns false: as of `revision`, or for null as of now with the writes
   * of an uncommitted transaction. `revision` is not below the floor.
   */
  scan(range: KeyRange, revision: Revision | null, visit: (keyValue: KeyValue) => boolean): void {
    if (revision === null) {
      this.#index.scan(range.start, range.end, (history) => {
        const found = liveVersion(history);
        return found === null || visit(found);
      });
      return;
    }
    assert(revision >= this.#floor, 'a scan is not below the floor', { revision, floor: this.#floor });
    this.#index.scan(range.start, range.end, (history) => {
      const found = versionAt(history, revision);
      return found === null || visit(found);
    });
  }

  /** Returns the events of a committed revision, in order. It is not below `firstEventRevision`. */
  eventsAt(revision: Revision): readonly Event[] {
    assert(revision <= this.#revision, 'events of a committed revision', { revision, current: this.#revision });
    return this.#events.at(revision);
  }

  /** As `eventsAt`, but reaches below a floor that moved since the caller pinned the history. */
  heldEventsAt(revision: Revision): readonly Event[] {
    assert(this.#pins > 0, 'the caller holds a pin');
    return this.#events.at(revision);
  }

  /** As `scan` at a revision, but reaches below a floor that moved since the caller pinned the history. */
  scanHeld(range: KeyRange, revision: Revision, visit: (keyValue: KeyValue) => boolean): void {
    assert(this.#pins > 0, 'the caller holds a pin');
    this.#index.scan(range.start, range.end, (history) => {
      const found = versionAt(history, revision);
      return found === null || visit(found);
    });
  }

  /** Writes a version into the open revision and returns its event. The keyspace keeps `value`. */
  put(key: string, value: Uint8Array, lease: LeaseId): Event {
    const history = this.#historyOf(key);
    const last = history[history.length - 1];
    const previous = last === undefined || isTombstone(last) ? null : last;
    const revision = (this.#revision + 1) as Revision;
    const keyValue: KeyValue = {
      key: last === undefined ? key : last.key,
      value,
      createRevision: previous === null ? revision : previous.createRevision,
      modRevision: revision,
      version: previous === null ? 1 : previous.version + 1,
      lease,
    };
    return this.#record({ type: 'put', keyValue, previous }, history);
  }

  /** Writes a deletion into the open revision and returns its event, or null when the key does not exist. */
  remove(key: string): Event | null {
    const history = this.#index.get(key);
    const previous = history === undefined ? null : liveVersion(history);
    if (history === undefined || previous === null) return null;
    const keyValue = tombstone(previous.key, (this.#revision + 1) as Revision);
    return this.#record({ type: 'delete', keyValue, previous }, history);
  }

  /** Gives the open writes their revision and returns their events; without writes the revision stays and none are returned. */
  commit(): readonly Event[] {
    const events = this.#open;
    if (events.length === 0) return events;
    this.#revision = (this.#revision + 1) as Revision;
    this.#events.append(this.#revision, events);
    this.#open = [];
    return events;
  }

  /** Moves the floor to `revision`, which lies above the floor and not above the current revision. */
  compact(revision: Revision): void {
    assert(revision > this.#floor && revision <= this.#revision, 'compaction revision', {
      revision,
      floor: this.#floor,
      current: this.#revision,
    });
    assert(this.#open.length === 0, 'no compaction inside a transaction');
    this.#forEachUnreachable(this.#floor, revision, (keyValue) => {
      this.#bytes -= costBytes(keyValue);
    });
    this.#floor = revision;
    if (this.#pins === 0) this.#prune();
  }

  /** Keeps the history from the current floor on in memory until the returned function is called. */
  pin(): () => void {
    let isHeld = true;
    this.#pins += 1;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#pins -= 1;
      if (this.#pins === 0) this.#prune();
    };
  }

  /** Restores a version that existed before the floor's own events. Only while a snapshot is loaded. */
  loadBase(keyValue: KeyValue): void {
    assert(keyValue.modRevision < Math.max(this.#floor, 1), 'base lies below the floor', { floor: this.#floor });
    assert(!isTombstone(keyValue), 'base holds no tombstone');
    appendVersion(this.#historyOf(keyValue.key), keyValue);
    this.#liveKeys += 1;
    this.#bytes += costBytes(keyValue);
  }

  /** Restores the events of the next revision. Only while a snapshot is loaded. */
  loadRevision(versions: readonly KeyValue[]): void {
    for (const keyValue of versions) {
      assert(keyValue.modRevision === this.#revision + 1, 'loaded revision is the next');
      const history = this.#historyOf(keyValue.key);
      this.#record(
        { type: isTombstone(keyValue) ? 'delete' : 'put', keyValue, previous: liveVersion(history) },
        history,
      );
    }
    this.commit();
  }

  #historyOf(key: string): KeyHistory {
    const found = this.#index.get(key);
    if (found !== undefined) return found;
    const created: KeyHistory = [];
    this.#index.set(key, created);
    return created;
  }

  #record(event: Event, history: KeyHistory): Event {
    appendVersion(history, event.keyValue);
    this.#bytes += costBytes(event.keyValue);
    if (event.previous === null && event.type === 'put') this.#liveKeys += 1;
    if (event.previous !== null && event.type === 'delete') this.#liveKeys -= 1;
    this.#open.push(event);
    return event;
  }

  /** Frees what the floor made unreachable, reading it off the event log: the cost is that of the compacted events. */
  #prune(): void {
    if (this.#pruned === this.#floor) return;
    this.#forEachUnreachable(this.#pruned, this.#floor, (keyValue) => {
      const history = must(this.#index.get(keyValue.key), 'an unreachable version is indexed');
      const removed = history.shift();
      assert(removed === keyValue, 'versions are freed oldest first', { key: keyValue.key });
      if (history.length === 0) this.#index.delete(keyValue.key);
    });
    this.#events.dropBefore(this.firstEventRevision);
    this.#pruned = this.#floor;
  }

  /**
   * Visits, oldest first per key, the versions that nobody can reach once the floor moved between the two revisions: what an
   * event at or below the new floor replaced, and the tombstones below it. A tombstone at the floor stays, because a watch
   * may start there (etcd issue 19179).
   */
  #forEachUnreachable(oldFloor: Revision, newFloor: Revision, visit: (keyValue: KeyValue) => void): void {
    for (let at = Math.max(oldFloor, firstRevision + 1); at <= newFloor; at += 1) {
      for (const event of this.#events.at(at as Revision)) {
        if (at > oldFloor && event.previous !== null) visit(event.previous);
        if (at < newFloor && event.type === 'delete') visit(event.keyValue);
      }
    }
  }
}
