/**
 * The writes of one replica on their way into the log: waiting for a leader, then in flight under a number.
 *
 * A waiting write was never proposed, so it may wait through an election and fail definitely. Of a write in flight nobody knows,
 * until the log tells: it is applied, or a higher number of the session is applied before it, after which it never will be.
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Term } from '../raft/message.ts';
import type { Origin, ProposalNumber } from './command.ts';
import { joinBatch } from './command-codec.ts';
import { entryBytesTarget } from './limits.ts';
import type { RequestHandle } from './store-request.ts';

export interface Proposal {
  /** Null for what the replica proposes by itself. */
  readonly handle: RequestHandle | null;
  readonly encoded: Uint8Array;
  readonly deadlineMs: MonotonicMs;
  /** Set for what only a leader may propose, and only while it leads in this term; null for what any replica may. */
  readonly leaderTerm: Term | null;
}

/** The next entry to propose; it takes effect on the queue only when `accepted` is called. */
export interface ProposedBatch {
  readonly data: Uint8Array;
  readonly count: number;
}

export class ProposalQueue {
  readonly #origin: Origin;
  #waiting: Proposal[] = [];
  #hasLeaderOnly = false;
  readonly #inFlight = new Map<ProposalNumber, Proposal>();
  #nextNumber = 1;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Something may wait that only a leader may propose. */
  get hasLeaderOnly(): boolean {
    return this.#hasLeaderOnly;
  }

  add(proposal: Proposal): void {
    this.#waiting.push(proposal);
    this.#hasLeaderOnly ||= proposal.leaderTerm !== null;
  }

  /** Removes what was to be proposed by a leader of another term than `term`; null: this replica does not lead. */
  dropForLeader(term: Term | null): void {
    this.#waiting = this.#waiting.filter(({ leaderTerm }) => leaderTerm === null || leaderTerm === term);
    this.#hasLeaderOnly = this.#waiting.some(({ leaderTerm }) => leaderTerm !== null);
  }

  /** Joins what waits to the bytes of one entry, up to the target size; null when nothing waits. */
  nextBatch(): ProposedBatch | null {
    if (this.#waiting.length === 0) return null;
    const encoded: Uint8Array[] = [];
    let bytes = 0;
    for (const proposal of this.#waiting) {
      if (encoded.length > 0 && bytes + proposal.encoded.length > entryBytesTarget) break;
      encoded.push(proposal.encoded);
      bytes += proposal.encoded.length;
    }
    return { data: this.#join(encoded), count: encoded.length };
  }

  /** Moves the writes of the batch from waiting to in flight, in order. */
  accepted(batch: ProposedBatch): void {
    assert(batch.count > 0 && batch.count <= this.#waiting.length, 'the batch waits', { count: batch.count });
    for (const proposal of this.#waiting.splice(0, batch.count)) {
      this.#inFlight.set(this.#nextNumber as ProposalNumber, proposal);
      this.#nextNumber += 1;
    }
  }

  /** Returns an entry without commands, and takes a number for it: once it is applied, everything before it is settled. */
  settlingEntry(): Uint8Array {
    const data = this.#join([]);
    this.#nextNumber += 1;
    return data;
  }

  /** Removes and returns the write that was applied under `number`, unless it was given up before. */
  complete(number: ProposalNumber): Proposal | null {
    const proposal = this.#inFlight.get(number) ?? null;
    this.#inFlight.delete(number);
    return proposal;
  }

  /** Removes and returns the writes below `number`, which can't be applied any more. */
  settleBelow(number: ProposalNumber): Proposal[] {
    const lost: Proposal[] = [];
    for (const [candidate, proposal] of this.#inFlight) {
      if (candidate >= number) break;
      this.#inFlight.delete(candidate);
      lost.push(proposal);
    }
    return lost;
  }

  /** Removes and returns the writes whose deadline has passed. */
  expire(nowMs: MonotonicMs): { readonly neverProposed: Proposal[]; readonly unknown: Proposal[] } {
    const unknown: Proposal[] = [];
    for (const [number, proposal] of this.#inFlight) {
      if (proposal.deadlineMs > nowMs) continue;
      this.#inFlight.delete(number);
      unknown.push(proposal);
    }
    const neverProposed = this.#waiting.filter((proposal) => proposal.deadlineMs <= nowMs);
    if (neverProposed.length > 0) this.#waiting = this.#waiting.filter((proposal) => proposal.deadlineMs > nowMs);
    return { neverProposed, unknown };
  }

  /** Removes and returns everything that waits. */
  takeWaiting(): Proposal[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  #join(encoded: readonly Uint8Array[]): Uint8Array {
    return joinBatch({ origin: this.#origin, firstNumber: this.#nextNumber as ProposalNumber }, encoded);
  }
}
