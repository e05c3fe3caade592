/**
 * Linearizable reads of a leader (dissertation §6.4). Every heartbeat carries the number of its round, and a reply returns it: that proves
 * that the replier still took this replica for the leader of the term when the round began. Once a quorum has returned a round, every read
 * that waited for this or an earlier round may be answered with the commit index recorded at the round's start.
 *
 * Rounds also carry the read lease (§6.4.1): a quorum that answered a heartbeat sent at tick t grants no vote before t + electionTicks.
 * Deviates from etcd-io/raft, which keys rounds by request and leases by check-quorum alone; one growing number serves both, and the
 * confirmed round is the quorum value of the numbers that the peers returned.
 */
import { assert } from '../base/assert.ts';
import type { LogIndex, ReadContext, ReplicaId } from './message.ts';

export interface PendingRound {
  readonly round: number;
  readonly index: LogIndex;
  readonly contexts: readonly ReadContext[];
}

interface SentRound {
  readonly round: number;
  readonly tick: number;
}

export class ReadRounds {
  #latest = 0;
  #confirmed = 0;
  #confirmedTick: number | null = null;
  #pendingCount = 0;
  #batch: ReadContext[] = [];
  #pending: PendingRound[] = [];
  #sent: SentRound[] = [];
  readonly #returned = new Map<ReplicaId, number>();

  /** Reads that wait for a round or its confirmation. */
  get waitingCount(): number {
    return this.#batch.length + this.#pendingCount;
  }

  /** The tick at which the newest confirmed round began; null before the first. */
  get confirmedTick(): number | null {
    return this.#confirmedTick;
  }

  hasBatch(): boolean {
    return this.#batch.length > 0;
  }

  /** Adds a read to the batch that the next round will serve. */
  add(context: ReadContext): void {
    this.#batch.push(context);
  }

  /** Begins a round at `tick` and returns its number, which every heartbeat of the round carries. */
  begin(tick: number): number {
    this.#latest += 1;
    this.#sent.push({ round: this.#latest, tick });
    return this.#latest;
  }

  /** Binds the collected batch to the latest round; the reads see at least `index`, the commit index now. */
  bindBatch(index: LogIndex): void {
    assert(this.#latest > 0, 'a batch of reads needs a round');
    this.#pending.push({ round: this.#latest, index, contexts: this.#batch });
    this.#pendingCount += this.#batch.length;
    this.#batch = [];
  }

  /** Takes the collected batch, to be answered without a round. */
  takeBatch(): readonly ReadContext[] {
    const batch = this.#batch;
    this.#batch = [];
    return batch;
  }

  /** Notes that `peer` returned `round`; returns false when that is nothing new. */
  returned(peer: ReplicaId, round: number): boolean {
    assert(round <= this.#latest, 'a round that never began was returned', { round, latest: this.#latest, peer });
    if (round <= (this.#returned.get(peer) ?? 0)) return false;
    this.#returned.set(peer, round);
    return true;
  }

  /** The newest round that `peer` returned. */
  returnedBy(peer: ReplicaId): number {
    return this.#returned.get(peer) ?? 0;
  }

  /** The newest round begun: what the leader itself would return. */
  get latest(): number {
    return this.#latest;
  }

  /** Notes that a quorum has returned `round`, and takes the pending rounds that this confirms, oldest first. */
  confirm(round: number): readonly PendingRound[] {
    if (round <= this.#confirmed) return [];
    assert(round <= this.#latest, 'confirmed a round that never began', { round, latest: this.#latest });
    this.#confirmed = round;
    let sent = 0;
    for (; this.#sent[sent] !== undefined && (this.#sent[sent] as SentRound).round <= round; sent += 1) {
      this.#confirmedTick = (this.#sent[sent] as SentRound).tick;
    }
    if (sent > 0) this.#sent = this.#sent.slice(sent);
    const later = this.#pending.findIndex((pending) => pending.round > round);
    const done = this.#pending.splice(0, later === -1 ? this.#pending.length : later);
    for (const pending of done) this.#pendingCount -= pending.contexts.length;
    return done;
  }

  /** Forgets rounds begun before `tick`: they are too old to grant a lease, and without a quorum they would pile up. */
  forgetBefore(tick: number): void {
    const kept = this.#sent.findIndex((sent) => sent.tick >= tick);
    if (kept !== 0) this.#sent = kept === -1 ? [] : this.#sent.slice(kept);
  }
}
