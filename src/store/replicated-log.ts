/**
 * The lower half of a replica: hosts the Raft node and does what its Readies say. It turns them into writes and messages, applies
 * committed entries to the state machine, makes and installs snapshots, and tells the upper half (Replica) what happened.
 *
 * Orders kept here: entries before the hard state behind them; promises leave after the writes they promise; entries are applied
 * once, in order; files go only when the mark of the snapshot that replaces them is durable.
 * Models etcd server/etcdserver raft.go and snapshot_merge.go.
 */
import { assert, must } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Entry, LogIndex, Membership, Message, ReplicaId, SnapshotMetadata, Term } from '../raft/message.ts';
import { RaftNode } from '../raft/node.ts';
import type { Ready } from '../raft/ready.ts';
import { DiskPlan, type DiskWrite, snapshotFile } from './disk-plan.ts';
import type { PeerMessage } from './peer-message.ts';
import { type MembershipApplied, type Persisted, PersistQueue } from './persist-queue.ts';
import type { ReplicaEffect } from './replica-effect.ts';
import type { ReplicaOptions, ReplicaSettings } from './replica-options.ts';
import { raftStart } from './replica-start.ts';
import { type ReceivedSnapshot, SnapshotTransfers } from './snapshot-transfer.ts';
import type { AppliedBatch, StateMachine } from './state-machine.ts';
import { StateExport, StateImport } from './state-snapshot.ts';

export type Leadership = NonNullable<Ready['leadership']>;

/** What the upper half is told, in the order in which it happens. */
export interface LogListener {
  leadershipChanged(leadership: Leadership): void;
  batchApplied(applied: AppliedBatch): void;
  /** A change is applied, and this replica knows of it also after a crash. */
  membershipSettled(entry: Entry, membership: Membership): void;
  /** The state jumped ahead: what was applied between was not told one by one. */
  stateInstalled(): void;
  readConfirmed(round: number, index: LogIndex): void;
}

export class ReplicatedLog {
  readonly raft: RaftNode;
  readonly session: number;
  readonly #id: ReplicaId;
  readonly #catchUpEntries: number;
  readonly #machine: StateMachine;
  readonly #plan: DiskPlan;
  readonly #persists = new PersistQueue();
  readonly #transfers: SnapshotTransfers;
  readonly #emit: (effect: ReplicaEffect) => void;
  readonly #listener: LogListener;
  #membership: Membership;
  #applied: { index: LogIndex; term: Term };
  #received: ReceivedSnapshot | null = null;
  #saving: StateExport | null = null;
  #isOpen = false;

  constructor(
    options: ReplicaOptions,
    settings: ReplicaSettings,
    machine: StateMachine,
    emit: (effect: ReplicaEffect) => void,
    listener: LogListener,
  ) {
    const start = raftStart(options.start);
    const segments = options.start.type === 'recovered' ? options.start.log.segments : [];
    const { id, clusterId } = options;
    this.#id = id;
    this.#catchUpEntries = settings.catchUpEntries;
    this.#machine = machine;
    this.#emit = emit;
    this.#listener = listener;
    this.session = DiskPlan.nextSequence(segments);
    if (options.start.type === 'recovered') loadState(machine, start.base, options.start.state);
    this.#transfers = new SnapshotTransfers(this.session);
    this.#membership = start.membership;
    this.#applied = { index: start.base.index, term: start.base.term };
    const { hardState, base: snapshot } = start;
    this.#plan = new DiskPlan({ clusterId, replica: id, segments, snapshot, hardState, ...settings });
    this.raft = new RaftNode({ ...options, ...start, ...(options.raftLimits && { limits: options.raftLimits }) });
    this.#write(this.#plan.start(), { ready: null, messages: [], mark: null, settled: [] });
  }

  /** False until the first write is durable: before, another start could come to use the same session. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get appliedIndex(): LogIndex {
    return this.#applied.index;
  }

  get snapshotIndex(): LogIndex {
    return this.#plan.snapshot.index;
  }

  get membership(): Membership {
    return this.#membership;
  }

  /** Does everything that Raft asks for after the inputs so far. */
  advance(): void {
    while (this.raft.hasReady()) this.#handle(this.raft.ready());
    this.#received = null;
    const { bytes } = this.#machine.mvcc.keyspace;
    if (this.#saving !== null || !this.#plan.isSnapshotDue(this.#applied.index, bytes)) return;
    this.#saving = this.#export();
    const { metadata } = this.#saving;
    this.#emit({ type: 'saveSnapshot', file: snapshotFile(metadata), index: metadata.index });
  }

  persisted(number: number): void {
    this.#isOpen = true;
    for (const then of this.#persists.complete(number)) this.#release(then);
  }

  peerGone(peer: ReplicaId): void {
    if (this.#transfers.giveUp(peer)) this.raft.snapshotDelivered(peer, false);
    this.raft.peerGone(peer);
  }

  /** Gives up transfers of snapshots that make no progress; Raft starts them anew when the peer shows a sign of life. */
  dropStalledTransfers(nowMs: MonotonicMs): void {
    for (const peer of this.#transfers.takeStalled(nowMs)) this.raft.snapshotDelivered(peer, false);
  }

  receiveChunk(chunk: PeerMessage & { readonly type: 'snapshotChunk' }): void {
    const result = this.#transfers.onChunk(chunk);
    if (result === null) return;
    this.#send(result.reply);
    if (result.received === null) return;
    this.#received = result.received;
    this.raft.step(result.received.message);
    // Another snapshot may follow in this turn; this one is settled first, so that it is not mistaken for that one.
    this.advance();
  }

  receiveProgress(message: PeerMessage & { readonly type: 'snapshotProgress' }, nowMs: MonotonicMs): void {
    const { isDone, chunks } = this.#transfers.onProgress(message, nowMs);
    for (const chunk of chunks) this.#send(chunk);
    if (isDone) this.raft.snapshotDelivered(message.from, true);
  }

  readSnapshot(): Uint8Array | null {
    return must(this.#saving, 'a snapshot is being saved').next();
  }

  snapshotSaved(ok: boolean): void {
    const saving = must(this.#saving, 'a snapshot was being saved');
    const { metadata } = saving;
    saving.close();
    this.#saving = null;
    if (!ok) return;
    if (metadata.index <= this.#plan.snapshot.index) {
      this.#emit({ type: 'deleteFiles', files: [snapshotFile(metadata)] });
      return;
    }
    this.#write(this.#plan.markSnapshot(metadata), { ready: null, messages: [], mark: metadata, settled: [] });
  }

  #handle(ready: Ready): void {
    if (ready.leadership !== null) this.#changeLeadership(ready.leadership);
    for (const message of ready.messages) this.#sendRaft(message);
    const writes = ready.snapshot === null ? [] : this.#install(ready.snapshot);
    if (ready.hardState !== null || ready.entries.length > 0) {
      writes.push(...this.#plan.persist(ready.hardState, ready.entries));
    }
    const settled: MembershipApplied[] = [];
    const then = { ready: ready.number, messages: ready.messagesAfterPersist, mark: ready.snapshot, settled };
    const isDurable = writes.length === 0 && !this.#persists.isBusy;
    if (writes.length > 0) this.#write(writes, then);
    else if (!isDurable) this.#persists.follow(then);
    else this.#release(then);
    for (const entry of ready.committed) this.#apply(entry, settled);
    if (isDurable) this.#settle(settled);
    const last = ready.committed[ready.committed.length - 1];
    if (last !== undefined) this.raft.applied(last.index);
    for (const { context, index } of ready.reads) this.#listener.readConfirmed(context.id, index);
  }

  #changeLeadership(leadership: Leadership): void {
    if (leadership.role !== 'leader') this.#transfers.stopSending();
    this.#emit({ type: 'leadership', ...leadership });
    this.#listener.leadershipChanged(leadership);
  }

  #write(writes: readonly DiskWrite[], then: Persisted): void {
    this.#emit({ type: 'persist', number: this.#persists.begin(then), writes });
  }

  #release(then: Persisted): void {
    if (then.ready !== null) this.raft.persisted(then.ready);
    for (const message of then.messages) this.#sendRaft(message);
    this.#settle(then.settled);
    if (then.mark === null) return;
    // Raft's own log begins behind a received snapshot already, or behind a newer one that was received since.
    if (then.ready === null) this.#shorten(then.mark);
    this.#deleteObsolete(then.mark);
  }

  /** Drops from memory what a snapshot of this replica replaces. Its mark is durable, and with it every write before it. */
  #shorten(mark: SnapshotMetadata): void {
    const dropTo = Math.max(0, mark.index - this.#catchUpEntries) as LogIndex;
    this.raft.compact(mark.index, mark.membership, dropTo);
  }

  #deleteObsolete(mark: SnapshotMetadata): void {
    const files = this.#plan.takeObsolete(mark);
    if (files.length > 0) this.#emit({ type: 'deleteFiles', files });
  }

  #settle(settled: readonly MembershipApplied[]): void {
    for (const { entry, membership } of settled) this.#listener.membershipSettled(entry, membership);
  }

  #apply(entry: Entry, settled: MembershipApplied[]): void {
    assert(entry.index === this.#applied.index + 1, 'entries are applied in order', {
      index: entry.index,
      applied: this.#applied.index,
    });
    this.#applied = { index: entry.index, term: entry.term };
    if (entry.type === 'membership') {
      this.#setMembership(this.raft.applyMembership(entry));
      settled.push({ entry, membership: this.#membership });
    } else if (entry.data.length > 0) this.#listener.batchApplied(this.#machine.apply(entry.data));
  }

  /** Replaces the state by the one that was received for this snapshot, and returns the writes that make it durable. */
  #install(snapshot: SnapshotMetadata): DiskWrite[] {
    const received = must(this.#received, 'an installed snapshot was received');
    assert(received.message.snapshot.index === snapshot.index, 'the received snapshot is installed', {
      received: received.message.snapshot.index,
      index: snapshot.index,
    });
    received.state.install(this.#machine);
    this.#applied = { index: snapshot.index, term: snapshot.term };
    this.#setMembership(snapshot.membership);
    this.#listener.stateInstalled();
    return this.#plan.install(snapshot, received.chunks);
  }

  #setMembership(membership: Membership): void {
    this.#membership = membership;
    this.#emit({ type: 'membership', membership });
  }

  #export(): StateExport {
    return new StateExport(this.#machine, { ...this.#applied, membership: this.#membership });
  }

  /** A snapshot message names a place that Raft knows of; what travels is the state as it is now, which is at least as new. */
  #sendRaft(message: Message): void {
    if (message.type !== 'snapshot') this.#send({ type: 'raft', from: this.#id, to: message.to, message });
    else for (const chunk of this.#transfers.start(message, this.#export())) this.#send(chunk);
  }

  #send(message: PeerMessage): void {
    this.#emit({ type: 'send', message });
  }
}

function loadState(machine: StateMachine, snapshot: SnapshotMetadata, chunks: readonly Uint8Array[]): void {
  if (snapshot.index <= 1) return;
  const state = new StateImport();
  for (const chunk of chunks) state.push(chunk);
  const metadata = must(state.verify(), 'the snapshot file is whole; a damaged one is for the host to refuse');
  assert(metadata.index === snapshot.index && metadata.term === snapshot.term, 'the file is the snapshot of the log', {
    file: metadata.index,
    log: snapshot.index,
  });
  state.install(machine);
}
