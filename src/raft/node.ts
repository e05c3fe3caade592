/**
 * One Raft replica as a synchronous state machine: inputs are calls, effects come out as a Ready. The host feeds a batch of inputs, then takes
 * Readies while `hasReady()`; it writes, sends and applies as the Ready says, and reports back with `persisted` and `applied`.
 * Several Readies may be on their way to the disk at once. Nothing here reads a clock or draws chance other than from `random`.
 * README.md maps the room. Models etcd-io/raft RawNode with asynchronous storage writes @ v3.6.
 */
import { assert } from '../base/assert.ts';
import type { Random } from '../base/random.ts';
import { maybeCampaign, recordVote } from './election.ts';
import type { RaftLimits } from './limits.ts';
import { checkLimits, defaultRaftLimits } from './limits.ts';
import type { RestoredLog } from './log.ts';
import { RaftLog } from './log.ts';
import { noIndex } from './log-index.ts';
import { checkMembership } from './membership.ts';
import type { MembershipChange } from './membership-change.ts';
import { encodeMembershipChange } from './membership-change.ts';
import type { Entry, HardState, LogIndex, Membership, Message, ReplicaId, Term } from './message.ts';
import { noReplica } from './message.ts';
import type { ProposalOutcome } from './on-propose.ts';
import { proposeAsLeader, proposeHere } from './on-propose.ts';
import { transferHere } from './on-transfer-leader.ts';
import { Outbox } from './outbox.ts';
import { onPeerGone, onPeerUnreachable, onSnapshotDelivered } from './peers.ts';
import { ReadRounds } from './read-rounds.ts';
import { isLeaseValid, isReadBatchDue, requestRead, serveReadBatch } from './reads.ts';
import type { Ready } from './ready.ts';
import { applyMembershipEntry, maybeLeaveJoint } from './reconfiguration.ts';
import { acknowledgeOwn, broadcastAppend } from './replication.ts';
import { becomeFollower } from './roles.ts';
import type { RaftState, RaftTiming } from './state.ts';
import type { RaftStatus } from './status.ts';
import { statusOf } from './status.ts';
import { step } from './step.ts';
import { tick } from './tick.ts';

export interface RaftOptions {
  readonly id: ReplicaId;
  /** The membership as of `applied`. */
  readonly membership: Membership;
  readonly hardState: HardState;
  readonly log: RestoredLog;
  /** Everything up to here is in the host's state already, and is not handed out again. */
  readonly applied: LogIndex;
  readonly random: Random;
  readonly timing: RaftTiming;
  readonly limits?: RaftLimits;
}

/** A Ready in which this replica voted for itself: the vote counts when it is durable. */
interface OwnVote {
  readonly number: number;
  readonly term: Term;
}

export class RaftNode {
  readonly #state: RaftState;
  #number = 0;
  #persisted = 0;
  #hardState: HardState;
  #leadership: NonNullable<Ready['leadership']>;
  #ownVotes: OwnVote[] = [];

  /** Recovers from durable state and starts as a follower; a log that contradicts itself throws InvariantError. */
  constructor(options: RaftOptions) {
    const { hardState, timing, limits = defaultRaftLimits } = options;
    assert(options.id > noReplica, 'identifier of a replica', { id: options.id });
    assert(timing.heartbeatTicks > 0 && timing.heartbeatTicks < timing.electionTicks, 'timing', { ...timing });
    checkLimits(limits);
    checkMembership(options.membership);
    const log = new RaftLog(options.log, hardState.commit, options.applied, options.membership);
    assert(hardState.term >= log.lastTerm, 'the log is ahead of the term', { ...hardState, lastTerm: log.lastTerm });
    this.#state = initialState(options, log, limits);
    becomeFollower(this.#state, hardState.term, noReplica);
    this.#hardState = hardState;
    this.#leadership = { role: 'follower', term: hardState.term, leader: noReplica };
  }

  /** Moves the node's clock by one tick. Messages that waited are to be stepped before the ticks that passed meanwhile. */
  tick(): void {
    tick(this.#state);
  }

  /** Takes a message from a peer and keeps its entries: their bytes must not be changed, nor be a view of a larger batch. */
  step(message: Message): void {
    step(this.#state, message);
  }

  /** Proposes a command; takes ownership of `data`. A follower forwards it to the leader, from where no refusal comes back. */
  propose(data: Uint8Array): ProposalOutcome {
    return proposeHere(this.#state, { type: 'command', data });
  }

  /**
   * Proposes a change of the membership. While another is under way, or if it leads nowhere valid, an empty command is appended in its
   * place: whoever waits for it sees that when `applyMembership` is not called for its entry.
   */
  proposeMembership(change: MembershipChange): ProposalOutcome {
    return proposeHere(this.#state, { type: 'membership', data: encodeMembershipChange(change) });
  }

  /** Makes the change of a committed entry count, and returns the new membership; called once, before `applied` of its index. */
  applyMembership(entry: Entry): Membership {
    return applyMembershipEntry(this.#state, entry);
  }

  /** Asks for a linearizable read; answered in `Ready.reads` under `id`, or never if there is no leader or it loses its office. */
  readIndex(id: number): void {
    requestRead(this.#state, id);
  }

  /**
   * Returns the index to read at under the leader's lease; null when there is no valid one, and a read index is needed. It relies on clocks that
   * drift little, on ticks delivered up to this very moment, and on no replica of the quorum having restarted, or having been told
   * that this one is gone, within the election timeout (dissertation §6.4.1). `readIndex` relies on nothing.
   */
  leaseRead(): LogIndex | null {
    return isLeaseValid(this.#state) ? this.#state.log.committed : null;
  }

  /** Hands leadership to the voter `to`, or asks the leader to; anything impossible is ignored. Given up after an election timeout. */
  transferLeadership(to: ReplicaId): void {
    transferHere(this.#state, to);
  }

  /** Campaigns now, with a pre-vote, if this replica may. */
  campaign(): void {
    maybeCampaign(this.#state, 'preVote');
  }

  /** Tells that the thread of `peer` has died. */
  peerGone(peer: ReplicaId): void {
    onPeerGone(this.#state, peer);
  }

  /** Tells that a message to `peer` could not be delivered. */
  peerUnreachable(peer: ReplicaId): void {
    onPeerUnreachable(this.#state, peer);
  }

  /** Tells whether the snapshot for `peer` arrived. */
  snapshotDelivered(peer: ReplicaId, ok: boolean): void {
    onSnapshotDelivered(this.#state, peer, ok);
  }

  /**
   * Tells that the host has a snapshot at `index`, with the membership as of then, and can ship it. Entries up to `dropTo` are
   * dropped; by default up to `index`, less if slow followers are to find them. `index` is applied, and durable in this replica's
   * log (`RaftStatus.stableIndex`): applying may run ahead of the disk, a snapshot may not.
   */
  compact(index: LogIndex, membership: Membership, dropTo: LogIndex = index): void {
    this.#state.log.compact(index, membership, dropTo);
  }

  /** Tells whether `ready()` has anything to say. */
  hasReady(): boolean {
    const state = this.#state;
    return (
      !state.outbox.isEmpty() ||
      state.broadcastDue ||
      state.forwardedProposals.length + state.forwardedReads.length > 0 ||
      isReadBatchDue(state) ||
      state.log.hasUnwritten() ||
      state.log.hasCommitted() ||
      this.#isVoteUnwritten() ||
      this.#changedLeadership() !== null
    );
  }

  /** Takes what the inputs so far ask the host to do. */
  ready(): Ready {
    const state = this.#state;
    this.#flush();
    this.#number += 1;
    const { entries, snapshot } = state.log.takeUnwritten(this.#number);
    const committed = state.log.takeCommitted(state.limits.committedBytesMax);
    const isChange = committed.some(({ type }) => type === 'membership');
    const hardState = this.#takeHardState(entries.length > 0 || snapshot !== null || isChange);
    const leadership = this.#changedLeadership();
    if (leadership !== null) this.#leadership = leadership;
    return { number: this.#number, hardState, entries, snapshot, ...state.outbox.take(), committed, leadership };
  }

  /** Takes note that every Ready up to `number` is durable. Numbers ascend; one may stand for several. */
  persisted(number: number): void {
    const state = this.#state;
    assert(number > this.#persisted && number <= this.#number, 'persists are reported in order', {
      number,
      persisted: this.#persisted,
      handedOut: this.#number,
    });
    this.#persisted = number;
    if (state.log.completeWrites(number)) acknowledgeOwn(state);
    while (this.#ownVotes[0] !== undefined && this.#ownVotes[0].number <= number) {
      const vote = this.#ownVotes.shift();
      if (state.role === 'candidate' && vote?.term === state.term) recordVote(state, state.id, true);
    }
  }

  /** Takes note that the host's state holds everything up to `index`. */
  applied(index: LogIndex): void {
    this.#state.log.applyTo(index);
    maybeLeaveJoint(this.#state, index);
  }

  status(): RaftStatus {
    return statusOf(this.#state);
  }

  /** Does once for the whole batch of inputs what is done once: forwarding, a round of reads, telling the followers. */
  #flush(): void {
    const state = this.#state;
    this.#flushForwarded();
    if (state.broadcastDue) broadcastAppend(state);
    if (isReadBatchDue(state)) serveReadBatch(state);
    assert(!state.broadcastDue, 'nothing is left to flush', { role: state.role });
  }

  #flushForwarded(): void {
    const state = this.#state;
    const { id: from, leader: to, term, forwardedProposals: entries } = state;
    const contexts = state.forwardedReads.map((id) => ({ replica: from, id }));
    state.forwardedProposals = [];
    state.forwardedBytes = 0;
    state.forwardedReads = [];
    if (to === noReplica) return;
    if (state.role === 'leader') {
      if (entries.length > 0) proposeAsLeader(state, entries);
      for (const { id } of contexts) requestRead(state, id);
      return;
    }
    if (entries.length > 0) state.outbox.send({ type: 'propose', from, to, term, entries });
    if (contexts.length > 0) state.outbox.send({ type: 'readIndex', from, to, term, contexts });
  }

  #isVoteUnwritten(): boolean {
    return this.#state.term !== this.#hardState.term || this.#state.votedFor !== this.#hardState.votedFor;
  }

  #takeHardState(writing: boolean): HardState | null {
    const { id, term, votedFor, log } = this.#state;
    if (!this.#isVoteUnwritten() && !(writing && log.committed !== this.#hardState.commit)) return null;
    assert(term >= this.#hardState.term, 'the term goes back', { term, written: this.#hardState.term });
    if (votedFor === id && term > this.#hardState.term) this.#ownVotes.push({ number: this.#number, term });
    this.#hardState = { term, votedFor, commit: log.committed };
    return this.#hardState;
  }

  #changedLeadership(): Ready['leadership'] {
    const { role, term, leader } = this.#state;
    const last = this.#leadership;
    return role === last.role && term === last.term && leader === last.leader ? null : { role, term, leader };
  }
}

function initialState(options: RaftOptions, log: RaftLog, limits: RaftLimits): RaftState {
  const { id, membership, random, timing, hardState } = options;
  return {
    id,
    log,
    outbox: new Outbox(),
    random,
    timing,
    limits,
    role: 'follower',
    term: hardState.term,
    votedFor: hardState.votedFor,
    leader: noReplica,
    membership,
    tick: 0,
    electionElapsed: 0,
    heartbeatElapsed: 0,
    electionTimeout: timing.electionTicks,
    votes: new Map(),
    progress: new Map(),
    rounds: new ReadRounds(),
    transferee: noReplica,
    timeoutNowSent: false,
    pendingMembershipIndex: noIndex,
    uncommittedBytes: 0,
    broadcastDue: false,
    forwardedProposals: [],
    forwardedBytes: 0,
    forwardedReads: [],
  };
}
