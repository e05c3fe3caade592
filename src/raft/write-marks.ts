/**
 * How much of the log is on its way to the disk, and how much is known to be there, while several writes are in flight.
 *
 * Every write is remembered with the last index that it vouches for. When the log is truncated, the writes in flight lose their
 * claim on the removed suffix: whatever is appended there later, even the very same entries, is vouched for only by the write that
 * carries it. That settles the ABA case (an entry is written, overwritten by another leader, and written again: the completion of
 * the first write says nothing about the third) without terms in the completions.
 *
 *   write 1: [5 6 7]   truncate at 6   write 2: [6']   truncate at 6   write 3: [6 7]
 *   claims: 1 -> 5, 2 -> 5, 3 -> 7;   completion of 1 makes 5 stable, of 3 makes 7 stable.
 *
 * Invariants: stable <= handedOut; claims ascend with the numbers. Deviates from etcd-io/raft, whose completions carry (index, term) and are
 * ignored after a change of term; see README.md.
 */
import { assert, must } from '../base/assert.ts';
import { maxIndex, minIndex } from './log-index.ts';
import type { LogIndex } from './message.ts';

interface Write {
  readonly number: number;
  lastIndex: LogIndex;
}

export class WriteMarks {
  /** Every entry up to here is durable on this replica. */
  stable: LogIndex;
  /** Every entry up to here was given to the host to write. */
  handedOut: LogIndex;
  #writes: Write[] = [];

  constructor(stable: LogIndex) {
    this.stable = stable;
    this.handedOut = stable;
  }

  /** Records that write `number` brings the log up to `lastIndex`. */
  begin(number: number, lastIndex: LogIndex): void {
    const latest = this.#writes.at(-1);
    assert(latest === undefined || latest.number < number, 'write numbers ascend', { latest: latest?.number, number });
    assert(lastIndex >= this.handedOut, 'a write goes forward', { lastIndex, handedOut: this.handedOut });
    this.#writes.push({ number, lastIndex });
    this.handedOut = lastIndex;
  }

  /** Takes note that the log now ends, or is about to be rewritten, behind `lastKept`. */
  truncate(lastKept: LogIndex): void {
    this.stable = minIndex(this.stable, lastKept);
    this.handedOut = minIndex(this.handedOut, lastKept);
    for (const write of this.#writes) write.lastIndex = minIndex(write.lastIndex, lastKept);
  }

  /** Replaces the log by a snapshot at `index` that is still to be written; of the old log only `lastKept` agrees with it. */
  restore(lastKept: LogIndex, index: LogIndex): void {
    assert(lastKept <= index, 'snapshot behind what is kept', { lastKept, index });
    this.truncate(lastKept);
    this.handedOut = index;
  }

  /** Takes note that all writes up to `number` are durable; returns true when that made more of the log stable. */
  complete(number: number): boolean {
    const before = this.stable;
    let done = 0;
    for (const write of this.#writes) {
      if (write.number > number) break;
      this.stable = maxIndex(this.stable, write.lastIndex);
      done += 1;
    }
    if (done > 0) this.#writes = this.#writes.slice(done);
    assert(this.stable <= this.handedOut, 'stable beyond what was handed out', {
      stable: this.stable,
      handedOut: this.handedOut,
    });
    return this.stable > before;
  }

  /** The number of the newest write in flight, 0 when none is. */
  latestNumber(): number {
    return this.#writes.length === 0 ? 0 : must(this.#writes.at(-1), 'newest write').number;
  }
}
