/**
 * The log of one replica, in memory from the first index on: the truth for replication; the disk only serves recovery.
 *
 *   compacted |  applied   applying |  committed  |  uncommitted
 *   .. offset | offset+1 ..         |             |        lastIndex
 *   stable and handedOut (write-marks.ts) move independently of the commit index: an entry may commit elsewhere first.
 *
 * Invariants: offset <= applied <= applying <= committed <= lastIndex; terms never decrease along the log; entries up to committed are never
 * replaced. The term at `offset` stays known, so that an append behind the compacted part can still be checked.
 * Models etcd-io/raft log.go and log_unstable.go; Raft §5.3, §7.
 */
import { assert, must } from '../base/assert.ts';
import { entryBytes } from './limits.ts';
import { maxIndex, minIndex, nextIndex, previousIndex } from './log-index.ts';
import type { Entry, LogIndex, Membership, SnapshotMetadata, Term } from './message.ts';
import { WriteMarks } from './write-marks.ts';

/** What a replica finds on its disk: entries contiguous and ascending; those up to the snapshot's index are passed over. */
export interface RestoredLog {
  readonly snapshot: { readonly index: LogIndex; readonly term: Term };
  readonly entries: readonly Entry[];
}

export interface LogPosition {
  readonly index: LogIndex;
  readonly term: Term;
}

export class RaftLog {
  readonly marks: WriteMarks;
  committed: LogIndex;
  /** Handed out to be applied. */
  applying: LogIndex;
  applied: LogIndex;
  /** The newest snapshot that can be sent to a follower; null while its membership is unknown. */
  snapshot: SnapshotMetadata | null;
  /** A snapshot from the leader until the host has installed it; `write` is null until it is handed out. */
  #install: { readonly snapshot: SnapshotMetadata; write: number | null } | null = null;
  #entries: Entry[];
  #offset: LogIndex;
  #offsetTerm: Term;

  constructor(restored: RestoredLog, committed: LogIndex, applied: LogIndex, membership: Membership) {
    const { index, term } = restored.snapshot;
    this.#offset = index;
    this.#offsetTerm = term;
    this.#entries = restored.entries.filter((entry) => entry.index > index);
    checkContiguous({ index, term }, this.#entries);
    this.marks = new WriteMarks(this.lastIndex);
    this.committed = maxIndex(maxIndex(committed, applied), index);
    this.applied = applied;
    this.applying = applied;
    assert(index <= applied, 'a replica starts with its snapshot applied', { snapshot: index, applied });
    assert(this.committed <= this.lastIndex, 'committed entries are missing from the log', {
      committed: this.committed,
      lastIndex: this.lastIndex,
    });
    const changed = this.slice(nextIndex(index), applied).some((entry) => entry.type === 'membership');
    this.snapshot = index === 0 || changed ? null : { index, term, membership };
  }

  /** The first index whose entry is held; one more than lastIndex when there is none. */
  get firstIndex(): LogIndex {
    return nextIndex(this.#offset);
  }

  get lastIndex(): LogIndex {
    return (this.#offset + this.#entries.length) as LogIndex;
  }

  get lastTerm(): Term {
    return this.#entries.at(-1)?.term ?? this.#offsetTerm;
  }

  /** Tells whether a snapshot was received that the host has not installed yet. */
  isInstalling(): boolean {
    return this.#install !== null;
  }

  /** Returns the term of the entry at `index`; null when it is compacted away or beyond the end. */
  termAt(index: LogIndex): Term | null {
    if (index === this.#offset) return this.#offsetTerm;
    return this.#entries[index - this.#offset - 1]?.term ?? null;
  }

  matches(position: LogPosition): boolean {
    return this.termAt(position.index) === position.term;
  }

  /** Tells whether a log that ends at `position` holds all that this one holds, as far as votes go (Raft §5.4.1). */
  isUpToDate(position: LogPosition): boolean {
    return position.term > this.lastTerm || (position.term === this.lastTerm && position.index >= this.lastIndex);
  }

  /** Returns the entries from `from` to `to`, both included, fewer beyond the end; `from` must not be compacted. */
  slice(from: LogIndex, to: LogIndex): readonly Entry[] {
    assert(from > this.#offset, 'entries are compacted', { from, firstIndex: this.firstIndex });
    return from > to ? [] : this.#entries.slice(from - this.#offset - 1, to - this.#offset);
  }

  /** Returns the entries from `from` on to `to`, cut at `bytesMax`, but at least one if there is one. */
  page(from: LogIndex, to: LogIndex, bytesMax: number): readonly Entry[] {
    assert(from > this.#offset, 'entries are compacted', { from, firstIndex: this.firstIndex });
    const start = from - this.#offset - 1;
    const end = Math.min(to - this.#offset, this.#entries.length);
    let bytes = 0;
    let stop = start;
    while (stop < end) {
      bytes += entryBytes(must(this.#entries[stop], 'entry of a page'));
      if (stop > start && bytes > bytesMax) break;
      stop += 1;
    }
    return start === stop ? [] : this.#entries.slice(start, stop);
  }

  /** Appends a leader's own entries, which must follow the last one. */
  append(entries: readonly Entry[]): void {
    checkContiguous({ index: this.lastIndex, term: this.lastTerm }, entries);
    for (const entry of entries) this.#entries.push(entry);
  }

  /**
   * Takes over a leader's entries behind `previous`; returns the last index that is now equal to the leader's, or null when the logs
   * differ at `previous`. Only a real conflict truncates: a delayed, shorter append must not remove what a later one brought.
   */
  maybeAppend(previous: LogPosition, entries: readonly Entry[]): LogIndex | null {
    if (!this.matches(previous)) return null;
    checkContiguous(previous, entries);
    const fresh = entries.findIndex((entry) => !this.matches(entry));
    if (fresh !== -1) {
      const first = must(entries[fresh], 'first new entry');
      assert(first.index > this.committed, 'a committed entry would be replaced', {
        index: first.index,
        committed: this.committed,
      });
      if (first.index <= this.lastIndex) this.#truncate(previousIndex(first.index));
      for (let at = fresh; at < entries.length; at += 1) this.#entries.push(must(entries[at], 'new entry'));
    }
    return entries.at(-1)?.index ?? previous.index;
  }

  /**
   * Returns the last position at or before `index` whose term is at most `term`: where two logs may still agree, given that one of them
   * has `term` at `index`. When that lies in the compacted part, its end is returned. Terms ascend, so the search is binary.
   */
  findConflictByTerm(index: LogIndex, term: Term): LogPosition {
    let low: number = this.#offset;
    let high: number = Math.max(low, minIndex(index, this.lastIndex));
    while (low < high) {
      const middle = Math.ceil((low + high) / 2) as LogIndex;
      if (must(this.termAt(middle), 'term of a held entry') <= term) low = middle;
      else high = middle - 1;
    }
    const found = low as LogIndex;
    return { index: found, term: must(this.termAt(found), 'term of a held entry') };
  }

  /** Raises the commit index, never lowers it; returns whether it moved. */
  commitTo(index: LogIndex): boolean {
    if (index <= this.committed) return false;
    assert(index <= this.lastIndex, 'commit beyond the log', { index, lastIndex: this.lastIndex });
    this.committed = index;
    return true;
  }

  /** Tells whether committed entries wait to be handed out. */
  hasCommitted(): boolean {
    return this.committed > this.applying && this.#install === null;
  }

  /** Hands out the next committed entries to be applied, at most `bytesMax` of them, each entry exactly once. */
  takeCommitted(bytesMax: number): readonly Entry[] {
    if (!this.hasCommitted()) return [];
    const entries = this.page(nextIndex(this.applying), this.committed, bytesMax);
    this.applying = must(entries.at(-1), 'last entry of a page').index;
    return entries;
  }

  /** Takes note that the state holds everything up to `index`. */
  applyTo(index: LogIndex): void {
    assert(index <= this.applying, 'applied what was not handed out', { index, applying: this.applying });
    this.applied = maxIndex(this.applied, index);
  }

  /** Tells whether the host has something to write that it was not given yet. */
  hasUnwritten(): boolean {
    return this.lastIndex > this.marks.handedOut || this.#install?.write === null;
  }

  /** Hands out, as write `number`, whatever the host has not been given to write. */
  takeUnwritten(number: number): { readonly entries: readonly Entry[]; readonly snapshot: SnapshotMetadata | null } {
    if (!this.hasUnwritten()) return { entries: [], snapshot: null };
    const entries = this.slice(nextIndex(this.marks.handedOut), this.lastIndex);
    this.marks.begin(number, this.lastIndex);
    if (this.#install?.write !== null) return { entries, snapshot: null };
    this.#install.write = number;
    return { entries, snapshot: this.#install.snapshot };
  }

  /** Takes note that all writes up to `number` are durable; returns true when that made more of the log stable. */
  completeWrites(number: number): boolean {
    const install = this.#install;
    if (install !== null && install.write !== null && install.write <= number) {
      this.applied = install.snapshot.index;
      this.#install = null;
    }
    return this.marks.complete(number);
  }

  /** Replaces the whole log by a snapshot from the leader. It counts as applied once the host has installed it. */
  restore(snapshot: SnapshotMetadata): void {
    assert(snapshot.index > this.committed, 'a snapshot goes forward', {
      snapshot: snapshot.index,
      committed: this.committed,
    });
    this.marks.restore(this.committed, snapshot.index);
    this.#entries = [];
    this.#offset = snapshot.index;
    this.#offsetTerm = snapshot.term;
    this.committed = snapshot.index;
    this.applying = snapshot.index;
    this.snapshot = snapshot;
    this.#install = { snapshot, write: null };
  }

  /**
   * Makes the host's snapshot at `index` the one to send, and drops the entries up to `dropTo`, at or before it. It must be durable in this log
   * too: a snapshot that overtook the writes in flight would leave on the disk, behind it, entries that those writes were to remove.
   */
  compact(index: LogIndex, membership: Membership, dropTo: LogIndex): void {
    assert(index <= this.marks.stable, 'a snapshot ahead of the durable log', { index, stable: this.marks.stable });
    assert(index <= this.applied && dropTo <= index, 'compaction bounds', { index, dropTo, applied: this.applied });
    if (index > (this.snapshot?.index ?? 0)) {
      const term = must(this.termAt(index), 'term of a snapshot');
      this.snapshot = { index, term, membership };
    }
    if (dropTo <= this.#offset) return;
    this.#offsetTerm = must(this.termAt(dropTo), 'term of the last dropped entry');
    this.#entries.splice(0, dropTo - this.#offset);
    this.#offset = dropTo;
    assert(this.#offset <= this.committed && this.committed <= this.lastIndex, 'log bounds', {
      offset: this.#offset,
      lastIndex: this.lastIndex,
    });
  }

  #truncate(lastKept: LogIndex): void {
    assert(lastKept >= this.committed && lastKept >= this.#offset, 'truncation of the committed part', {
      lastKept,
      committed: this.committed,
    });
    this.#entries.length = lastKept - this.#offset;
    this.marks.truncate(lastKept);
  }
}

function checkContiguous(previous: LogPosition, entries: readonly Entry[]): void {
  let { index, term } = previous;
  for (const entry of entries) {
    assert(entry.index === index + 1, 'a gap in the log', { after: index, index: entry.index });
    assert(entry.term >= term, 'terms go back along the log', { term, entry: entry.term, index: entry.index });
    ({ index, term } = entry);
  }
}
