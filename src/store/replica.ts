/**
 * One replica of the store: Raft, the keyspace, the leases and the watchers, as one step machine. The host feeds a batch of inputs
 * (tick, receive, request, persisted, ...), then calls `takeEffects` and carries out what it returns.
 *
 * Within one turn all writes share a log entry and all reads share a read-index round. A reply to a write comes after its entry was
 * applied here; a linearizable read is served from a state that has applied the index Raft confirmed for it. This half deals with
 * requests and leases; replicated-log.ts with Raft, disk and snapshots.
 * README.md maps the room. Models etcd server/etcdserver (v3_server.go, apply).
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Random } from '../base/random.ts';
import type { LeaseId, Revision } from '../mvcc/key-value.ts';
import { isReadOnly } from '../mvcc/transaction.ts';
import type { PullResult, WatcherId, WatchOptions } from '../mvcc/watcher.ts';
import { membersOf } from '../raft/membership.ts';
import type { Entry, LogIndex, Membership, ReplicaId } from '../raft/message.ts';
import { noReplica } from '../raft/message.ts';
import type { Command, Origin, ProposalNumber, Session } from './command.ts';
import { encodeCommand } from './command-codec.ts';
import { LeaderAsks } from './leader-asks.ts';
import { LeaseClock } from './lease-clock.ts';
import { askRetryMs, leaseRevocationsPerTurn, pendingRequestsMax } from './limits.ts';
import { MemberChanges } from './member-changes.ts';
import type { PeerMessage } from './peer-message.ts';
import { type Proposal, ProposalQueue } from './proposal-queue.ts';
import { ReadQueue } from './read-queue.ts';
import type { ReplicaEffect } from './replica-effect.ts';
import { defaultReplicaSettings, type ReplicaOptions, type ReplicaSettings } from './replica-options.ts';
import { type Leadership, type LogListener, ReplicatedLog } from './replicated-log.ts';
import { failed, leaderReply, outcomeReply, type ReadRequest, readReply } from './reply.ts';
import { checkRequest } from './request-check.ts';
import { type AppliedBatch, type CommandOutcome, StateMachine } from './state-machine.ts';
import { definiteError, indefiniteError, type StoreError } from './store-error.ts';
import type {
  LeaderAsk,
  MemberRequest,
  RequestHandle,
  StoreReply,
  StoreRequest,
  StoreStatus,
} from './store-request.ts';

/** A read on its way: a client's request, or a question to the leader, whose answer goes back to `from`. */
type Read =
  | { readonly type: 'request'; readonly handle: RequestHandle; readonly request: ReadRequest }
  | { readonly type: 'ask'; readonly from: ReplicaId; readonly id: number; readonly ask: LeaderAsk };

/** Deadlines are looked at once in so many ticks. */
const deadlineTicks = 10;

export class Replica {
  readonly id: ReplicaId;
  readonly #settings: ReplicaSettings;
  readonly #random: Random;
  readonly #electionMs: number;
  readonly #origin: Origin;
  readonly #machine: StateMachine;
  readonly #log: ReplicatedLog;
  readonly #proposals: ProposalQueue;
  readonly #members: MemberChanges;
  readonly #reads = new ReadQueue<Read>();
  readonly #asks = new LeaderAsks();
  readonly #clock = new LeaseClock();
  #effects: ReplicaEffect[] = [];
  #nowMs: MonotonicMs;
  #ticks = 0;
  #leadership: Leadership;
  /** A number above all in flight is to be proposed, so that they are settled. */
  #isSettlingDue = false;
  #proposedAtMs: MonotonicMs;

  constructor(options: ReplicaOptions) {
    this.id = options.id;
    this.#settings = { ...defaultReplicaSettings, ...options.settings };
    this.#random = options.random;
    this.#electionMs = options.timing.electionTicks * options.tickMs;
    this.#nowMs = options.nowMs;
    this.#proposedAtMs = options.nowMs;
    this.#machine = new StateMachine(this.#settings);
    const emit = (effect: ReplicaEffect): void => void this.#effects.push(effect);
    this.#log = new ReplicatedLog(options, this.#settings, this.#machine, emit, this.#listener());
    this.#origin = { replica: options.id, session: this.#log.session as Session };
    this.#proposals = new ProposalQueue(this.#origin);
    this.#members = new MemberChanges(this.#origin);
    this.#leadership = { role: 'follower', term: this.#log.raft.status().term, leader: noReplica };
  }

  /**
   * Tells what time it is: before the inputs of a turn, so that leases and deadlines that they start run from now, not from the last
   * tick, which after a stall lies far back.
   */
  setTime(nowMs: MonotonicMs): void {
    assert(nowMs >= this.#nowMs, 'the clock goes forward', { nowMs, before: this.#nowMs });
    this.#nowMs = nowMs;
  }

  /** Counts one tick; to be called for each that has passed, after the messages that waited. Time may be ahead of the ticks. */
  tick(nowMs: MonotonicMs = this.#nowMs): void {
    this.setTime(nowMs);
    this.#ticks += 1;
    this.#log.raft.tick();
    if (this.#ticks % deadlineTicks !== 0) return;
    this.#expireRequests();
    this.#reads.retry(nowMs - askRetryMs);
    this.#asks.retry(nowMs);
    if (this.#proposals.inFlightCount > 0 && nowMs - this.#proposedAtMs >= askRetryMs) this.#isSettlingDue = true;
    this.#log.dropStalledTransfers(nowMs);
    if (this.#leadership.role === 'leader') this.#keepLeases();
  }

  /** Takes a message of a peer; entry data in it must own their memory. */
  receive(message: PeerMessage): void {
    assert(message.to === this.id, 'a message for this replica', { to: message.to });
    switch (message.type) {
      case 'raft':
        this.#log.raft.step(message.message);
        return;
      case 'snapshotChunk':
        this.#log.receiveChunk(message);
        return;
      case 'snapshotProgress':
        this.#log.receiveProgress(message, this.#nowMs);
        return;
      case 'leaderAsk':
        if (this.#leadership.role === 'leader') this.#queueAsk(message.from, message.id, message.ask);
        return;
      case 'leaderAnswer': {
        const handle = this.#asks.answered(message.id);
        if (handle !== null) this.#reply(handle, message.reply);
      }
    }
  }

  /** Takes a request; exactly one `reply` effect names its handle, by the deadline at the latest. */
  request(handle: RequestHandle, request: StoreRequest, timeoutMs: number = this.#settings.requestTimeoutMs): void {
    const refused = checkRequest(request) ?? this.#checkRoom();
    if (refused !== null) {
      this.#reply(handle, failed(refused));
      return;
    }
    this.#accept(handle, request, (this.#nowMs + timeoutMs) as MonotonicMs);
  }

  /** Takes note that all writes up to `number` are durable. */
  persisted(number: number): void {
    this.#log.persisted(number);
  }

  /** Tells that the thread of `peer` has died. */
  peerGone(peer: ReplicaId): void {
    this.#log.peerGone(peer);
  }

  /** Tells that a message to `peer` could not be delivered. */
  peerUnreachable(peer: ReplicaId): void {
    this.#log.raft.peerUnreachable(peer);
  }

  /** Returns the next chunk of the snapshot being saved, or null at its end. */
  readSnapshot(): Uint8Array | null {
    return this.#log.readSnapshot();
  }

  /** Tells how saving the snapshot went; if not `ok`, the next one is tried in due course. */
  snapshotSaved(ok: boolean): void {
    this.#log.snapshotSaved(ok);
  }

  /** Starts a watch over the state of this replica; events are announced by `watchReady` and read by `pullWatch`. */
  watch(options: WatchOptions): WatcherId {
    return this.#machine.mvcc.watches.watch(options);
  }

  cancelWatch(id: WatcherId): void {
    this.#machine.mvcc.watches.cancel(id);
  }

  /** Reads the next events of a watcher; see WatchHub.pull. Null when the watcher was cancelled before. */
  pullWatch(id: WatcherId, eventsMax: number, bytesMax: number): PullResult | null {
    const { watches } = this.#machine.mvcc;
    return watches.has(id) ? watches.pull(id, eventsMax, bytesMax) : null;
  }

  /** Returns the revision up to which the watcher has everything; null while events wait for it. */
  watchProgress(id: WatcherId): Revision | null {
    const { watches } = this.#machine.mvcc;
    return watches.has(id) ? watches.progress(id) : null;
  }

  /** Makes this replica stand for election at once; it asks first whether it could win (pre-vote). */
  campaign(): void {
    this.#log.raft.campaign();
  }

  /** Returns everything there is to do after the inputs so far, in order. */
  takeEffects(): ReplicaEffect[] {
    this.#flushProposals();
    this.#flushAsks();
    const round = this.#leadership.leader === noReplica ? null : this.#reads.startRound(this.#nowMs);
    if (round !== null) this.#log.raft.readIndex(round);
    this.#log.advance();
    for (const read of this.#reads.takeServable(this.#log.appliedIndex)) this.#serve(read);
    for (const watcher of this.#machine.mvcc.watches.takeReady()) this.#effects.push({ type: 'watchReady', watcher });
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Describes the replica, for people, metrics and tests. */
  status(): StoreStatus {
    const { role, term, leader, commit, lastIndex } = this.#log.raft.status();
    const { mvcc } = this.#machine;
    return {
      id: this.id,
      role,
      term,
      leader,
      commit,
      lastIndex,
      applied: this.#log.appliedIndex,
      snapshotIndex: this.#log.snapshotIndex,
      revision: mvcc.revision,
      compactRevision: mvcc.compactRevision,
      bytes: mvcc.keyspace.bytes,
      quotaBytes: mvcc.quotaBytes,
      keys: mvcc.keyspace.liveKeys,
      leases: mvcc.leases.size,
      watchers: mvcc.watches.size,
      membership: this.#log.membership,
    };
  }

  #accept(handle: RequestHandle, request: StoreRequest, deadlineMs: MonotonicMs): void {
    const read = (readRequest: ReadRequest): void =>
      this.#reads.add({ type: 'request', handle, request: readRequest }, deadlineMs);
    switch (request.type) {
      case 'range':
        if (request.serializable)
          this.#reply(handle, readReply(this.#machine.mvcc, request, this.#leadership.role === 'leader'));
        else read(request);
        return;
      case 'hash':
        this.#reply(handle, readReply(this.#machine.mvcc, request, this.#leadership.role === 'leader'));
        return;
      case 'readRevision':
      case 'leaseList':
        read(request);
        return;
      case 'transaction':
        if (isReadOnly(request.transaction)) read(request);
        else this.#propose(request, handle, deadlineMs);
        return;
      case 'leaseGrant': {
        const id = request.id === 0 ? this.#chooseLeaseId() : request.id;
        this.#propose({ ...request, id }, handle, deadlineMs);
        return;
      }
      case 'leaseRevoke':
      case 'compact':
        this.#propose(request, handle, deadlineMs);
        return;
      case 'leaseKeepAlive':
      case 'leaseTimeToLive':
        this.#asks.add(handle, request, deadlineMs);
        return;
      case 'status':
        this.#reply(handle, { type: 'status', status: this.status() });
        return;
      case 'transferLeadership':
        this.#log.raft.transferLeadership(request.to);
        this.#reply(handle, { type: 'transferRequested' });
        return;
      default:
        this.#proposeMembership(handle, request, deadlineMs);
    }
  }

  #checkRoom(): StoreError | null {
    const waiting =
      this.#proposals.waitingCount + this.#proposals.inFlightCount + this.#reads.length + this.#asks.length;
    return waiting < pendingRequestsMax ? null : definiteError('tooManyRequests', `${waiting} requests wait already`);
  }

  #propose(command: Command, handle: RequestHandle, deadlineMs: MonotonicMs): void {
    this.#proposals.add({ handle, encoded: encodeCommand(command), deadlineMs, leaderTerm: null });
  }

  /**
   * Proposes what the leader's clock of leases says. It must never be forwarded: a leader that was paused finds leases due which its
   * successor has renewed, before it learns that it was deposed.
   */
  #proposeAsLeader(command: Command): void {
    const deadlineMs = (this.#nowMs + this.#settings.requestTimeoutMs) as MonotonicMs;
    const leaderTerm = this.#leadership.term;
    this.#proposals.add({ handle: null, encoded: encodeCommand(command), deadlineMs, leaderTerm });
  }

  #proposeMembership(handle: RequestHandle, request: MemberRequest, deadlineMs: MonotonicMs): void {
    const change = this.#members.plan(request, this.#log.membership);
    if ('code' in change) {
      this.#reply(handle, failed(change));
      return;
    }
    const outcome = this.#log.raft.proposeMembership(change);
    if (outcome === 'accepted') this.#members.proposed(handle, deadlineMs);
    else this.#reply(handle, failed(definiteError('noLeader', outcome.dropped)));
  }

  /** Ids are drawn by chance, so replicas need not agree on a counter; below 2^52, so they stay exact everywhere. */
  #chooseLeaseId(): LeaseId {
    for (;;) {
      const id = (this.#random.uint32() * 0x10_0000 + (this.#random.uint32() & 0xf_ffff)) as LeaseId;
      if (id !== 0 && !this.#machine.mvcc.leases.has(id)) return id;
    }
  }

  #flushProposals(): void {
    if (this.#proposals.hasLeaderOnly) {
      // Raft may have stepped down in this turn; the leadership that this half knows of is that of the turn before.
      const { role, term } = this.#log.raft.status();
      this.#proposals.dropForLeader(role === 'leader' ? term : null);
    }
    if (!this.#log.isOpen || this.#leadership.leader === noReplica) return;
    for (let batch = this.#proposals.nextBatch(); batch !== null; batch = this.#proposals.nextBatch()) {
      const outcome = this.#log.raft.propose(batch.data);
      if (outcome !== 'accepted') {
        if (outcome.dropped === 'removed') this.#refuseWaiting();
        return;
      }
      this.#proposals.accepted(batch);
      this.#proposedAtMs = this.#nowMs;
      this.#isSettlingDue = false;
    }
    if (!this.#isSettlingDue) return;
    this.#isSettlingDue = false;
    this.#proposedAtMs = this.#nowMs;
    if (this.#proposals.inFlightCount > 0) this.#log.raft.propose(this.#proposals.settlingEntry());
  }

  #refuseWaiting(): void {
    const error = definiteError('notMember', `replica ${this.id} was removed`);
    for (const { handle } of this.#proposals.takeWaiting()) if (handle !== null) this.#reply(handle, failed(error));
  }

  #flushAsks(): void {
    const { leader } = this.#leadership;
    if (leader === noReplica) return;
    for (const { id, ask } of this.#asks.takeDue(this.#nowMs)) {
      if (leader === this.id) this.#queueAsk(this.id, id, ask);
      else this.#send({ type: 'leaderAsk', from: this.id, to: leader, id, ask });
    }
  }

  /** Asks are answered behind a read-index round, which proves that this replica still leads. */
  #queueAsk(from: ReplicaId, id: number, ask: LeaderAsk): void {
    this.#reads.add({ type: 'ask', from, id, ask }, (this.#nowMs + this.#settings.requestTimeoutMs) as MonotonicMs);
  }

  #listener(): LogListener {
    return {
      leadershipChanged: (leadership) => this.#changeLeadership(leadership),
      batchApplied: (applied) => this.#complete(applied),
      membershipSettled: (entry, membership) => this.#completeMembership(entry, membership),
      stateInstalled: () => this.#settleInstalled(),
      readConfirmed: (round, index) => this.#confirmRead(round, index),
    };
  }

  #changeLeadership(leadership: Leadership): void {
    const before = this.#leadership;
    this.#leadership = leadership;
    if (before.role === 'leader' && leadership.role !== 'leader') this.#clock.stop();
    if (before.role !== 'leader' && leadership.role === 'leader') {
      this.#clock.start(this.#machine.mvcc.leases.all(), this.#nowMs, this.#electionMs);
    }
    if (leadership.leader === noReplica) return;
    if (leadership.leader === before.leader && leadership.term === before.term) return;
    this.#isSettlingDue = this.#proposals.inFlightCount > 0;
    this.#asks.askAgain();
    this.#reads.retry(this.#nowMs);
  }

  /** Of the proposals that a snapshot covers nobody can tell any more which were applied and which were passed over. */
  #settleInstalled(): void {
    const last = this.#machine.lastNumberOf(this.#origin);
    const unknown = indefiniteError('outcomeUnknown', 'the proposal was passed over by a snapshot');
    this.#failAll(this.#proposals.settleBelow((last + 1) as ProposalNumber), unknown);
  }

  #confirmRead(round: number, index: LogIndex): void {
    this.#reads.confirm(round, index);
  }

  #completeMembership(entry: Entry, membership: Membership): void {
    const handle = this.#members.applied(entry);
    if (handle === null) return;
    // What one that was removed knows is lost with it: those that stay have to answer.
    const isMember = membersOf(membership).includes(this.id);
    const unknown = indefiniteError('outcomeUnknown', `replica ${this.id} was removed by this change`);
    this.#reply(handle, isMember ? { type: 'members', membership } : failed(unknown));
  }

  #complete(applied: AppliedBatch): void {
    if (applied.type === 'stale') return;
    const { origin, firstNumber } = applied.batch;
    if (this.#leadership.role === 'leader') for (const outcome of applied.outcomes) this.#followLeases(outcome);
    if (origin.replica !== this.#origin.replica || origin.session !== this.#origin.session) return;
    const lost = definiteError('proposalDropped', 'the proposal was lost and will never be applied');
    this.#failAll(this.#proposals.settleBelow(firstNumber), lost);
    for (const [index, outcome] of applied.outcomes.entries()) {
      const handle = this.#proposals.complete((firstNumber + index) as ProposalNumber)?.handle ?? null;
      if (handle !== null) this.#reply(handle, outcomeReply(outcome));
    }
  }

  #followLeases({ result }: CommandOutcome): void {
    if (result.type === 'leaseGranted') this.#clock.granted(result.id, result.ttlSeconds, this.#nowMs);
    else if (result.type === 'leaseRevoked') this.#clock.revoked(result.id);
  }

  /** Proposes the end of leases that are due, and what is left of long ones. */
  #keepLeases(): void {
    for (const id of this.#clock.takeDue(this.#nowMs, leaseRevocationsPerTurn)) {
      this.#proposeAsLeader({ type: 'leaseRevoke', id });
    }
    const checkpoints = this.#clock.takeCheckpoints(this.#nowMs);
    if (checkpoints.length > 0) this.#proposeAsLeader({ type: 'leaseCheckpoint', checkpoints });
  }

  #serve(read: Read): void {
    const { mvcc } = this.#machine;
    if (read.type === 'request') {
      this.#reply(read.handle, readReply(mvcc, read.request, this.#leadership.role === 'leader'));
      return;
    }
    if (this.#leadership.role !== 'leader') return;
    const remaining = mvcc.leases.get(read.ask.id)?.remainingTtlSeconds ?? 0;
    const reply = leaderReply(mvcc, this.#clock, read.ask, this.#nowMs);
    if (reply.type === 'leaseKept' && remaining > 0) this.#forgetCheckpoint(read.ask.id);
    if (read.from !== this.id) {
      this.#send({ type: 'leaderAnswer', from: this.id, to: read.from, id: read.id, reply });
      return;
    }
    const handle = this.#asks.answered(read.id);
    if (handle !== null) this.#reply(handle, reply);
  }

  /** A renewed lease has its full time again, also for the next leader. */
  #forgetCheckpoint(id: LeaseId): void {
    this.#proposeAsLeader({ type: 'leaseCheckpoint', checkpoints: [{ id, remainingTtlSeconds: 0 }] });
  }

  #expireRequests(): void {
    const { neverProposed, unknown } = this.#proposals.expire(this.#nowMs);
    this.#failAll(neverProposed, definiteError('noLeader', 'no leader took the request in time'));
    this.#failAll(unknown, indefiniteError('timeout', 'the request was proposed, and its outcome is unknown'));
    const members = indefiniteError('timeout', 'the change was proposed, and its outcome is unknown');
    for (const handle of this.#members.expire(this.#nowMs)) this.#reply(handle, failed(members));
    const late = definiteError('timeout', 'no leader answered in time');
    for (const read of this.#reads.expire(this.#nowMs)) {
      if (read.type === 'request') this.#reply(read.handle, failed(late));
    }
    for (const handle of this.#asks.expire(this.#nowMs)) this.#reply(handle, failed(late));
  }

  #failAll(proposals: readonly Proposal[], error: StoreError): void {
    for (const { handle } of proposals) if (handle !== null) this.#reply(handle, failed(error));
  }

  #send(message: PeerMessage): void {
    this.#effects.push({ type: 'send', message });
  }

  #reply(handle: RequestHandle, reply: StoreReply): void {
    this.#effects.push({ type: 'reply', handle, reply });
  }
}
