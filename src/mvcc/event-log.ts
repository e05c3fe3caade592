/**
 * All changes in order of revision, from the compaction floor to now. It answers watchers, and it drives compaction: the
 * events between two floors name exactly the versions that become unreachable, so compaction never walks the keyspace.
 *
 * Invariant: revisions are dense (each has at least one event), so the events of a revision are found by subtraction.
 */
import { assert } from '../base/assert.ts';
import type { Event } from './event.ts';
import type { Revision } from './key-value.ts';

export class EventLog {
  /** Slot i holds the events of revision #firstRevision + i - #head; slots before #head are dropped. */
  #batches: (readonly Event[])[] = [];
  #head = 0;
  #firstRevision: Revision;

  /** `firstRevision`: the revision that will be appended first. */
  constructor(firstRevision: Revision) {
    this.#firstRevision = firstRevision;
  }

  /** The oldest revision held, or the next one to come when the log is empty. */
  get firstRevision(): Revision {
    return this.#firstRevision;
  }

  /** The revision that the next append takes. */
  get nextRevision(): Revision {
    return (this.#firstRevision + this.#batches.length - this.#head) as Revision;
  }

  append(revision: Revision, events: readonly Event[]): void {
    assert(revision === this.nextRevision, 'event log is dense', { revision, next: this.nextRevision });
    assert(events.length > 0, 'a revision has events', { revision });
    this.#batches.push(events);
  }

  /** Returns the events of `revision` in the order of the transaction. The revision must be held. */
  at(revision: Revision): readonly Event[] {
    const events = this.#batches[this.#head + revision - this.#firstRevision];
    assert(events !== undefined && revision >= this.#firstRevision, 'revision is in the event log', {
      revision,
      first: this.#firstRevision,
      next: this.nextRevision,
    });
    return events;
  }

  /** Drops the revisions below `revision`. Costs their number, not the length of the log. */
  dropBefore(revision: Revision): void {
    assert(revision <= this.nextRevision, 'drop within the event log', { revision, next: this.nextRevision });
    while (this.#firstRevision < revision) {
      this.#batches[this.#head] = [];
      this.#head += 1;
      this.#firstRevision = (this.#firstRevision + 1) as Revision;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#head);
      this.#head = 0;
    }
  }
}
