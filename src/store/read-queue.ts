/**
 * Reads on their way to being linearizable: collected during a turn, then in a round that Raft confirms with an index, then
 * waiting until the state has applied that index. A round that stays unanswered is asked again, under a new number; a read
 * changes nothing, so asking twice does no harm.
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { LogIndex } from '../raft/message.ts';

export interface PendingRead<Read> {
  readonly read: Read;
  readonly deadlineMs: MonotonicMs;
}

interface Round<Read> {
  readonly reads: readonly PendingRead<Read>[];
  readonly askedAtMs: MonotonicMs;
}

export class ReadQueue<Read> {
  #collected: PendingRead<Read>[] = [];
  readonly #rounds = new Map<number, Round<Read>>();
  #confirmed: { readonly index: LogIndex; readonly reads: readonly PendingRead<Read>[] }[] = [];
  #nextRound = 1;
  #count = 0;

  /** Reads that are not served yet. */
  get length(): number {
    return this.#count;
  }

  add(read: Read, deadlineMs: MonotonicMs): void {
    this.#collected.push({ read, deadlineMs });
    this.#count += 1;
  }

  /** Starts one round for everything collected and returns its number; null when there is nothing to ask. */
  startRound(nowMs: MonotonicMs): number | null {
    if (this.#collected.length === 0) return null;
    const number = this.#nextRound;
    this.#nextRound += 1;
    this.#rounds.set(number, { reads: this.#collected, askedAtMs: nowMs });
    this.#collected = [];
    return number;
  }

  /** Takes the answer to a round; an answer to a round that was asked again is passed over. */
  confirm(round: number, index: LogIndex): void {
    const found = this.#rounds.get(round);
    if (found === undefined) return;
    this.#rounds.delete(round);
    this.#confirmed.push({ index, reads: found.reads });
  }

  /** Removes and returns the reads that the state can serve, having applied `applied`. */
  takeServable(applied: LogIndex): Read[] {
    if (this.#confirmed.length === 0) return [];
    const served: Read[] = [];
    const waiting = this.#confirmed.filter(({ index, reads }) => {
      if (index > applied) return true;
      for (const { read } of reads) served.push(read);
      return false;
    });
    this.#confirmed = waiting;
    this.#count -= served.length;
    assert(this.#count >= 0, 'read count', { count: this.#count });
    return served;
  }

  /** Puts the rounds asked at or before `askedAtMs` back, to be asked again. */
  retry(askedAtMs: number): void {
    for (const [number, round] of this.#rounds) {
      if (round.askedAtMs > askedAtMs) continue;
      this.#rounds.delete(number);
      this.#collected.push(...round.reads);
    }
  }

  /** Removes and returns the reads whose deadline has passed. */
  expire(nowMs: MonotonicMs): Read[] {
    const expired: Read[] = [];
    const keep = (pending: PendingRead<Read>): boolean => {
      if (pending.deadlineMs > nowMs) return true;
      expired.push(pending.read);
      return false;
    };
    this.#collected = this.#collected.filter(keep);
    for (const [number, round] of this.#rounds) {
      const reads = round.reads.filter(keep);
      if (reads.length === 0) this.#rounds.delete(number);
      else if (reads.length < round.reads.length) this.#rounds.set(number, { reads, askedAtMs: round.askedAtMs });
    }
    this.#confirmed = this.#confirmed.map(({ index, reads }) => ({ index, reads: reads.filter(keep) }));
    this.#count -= expired.length;
    return expired;
  }
}
