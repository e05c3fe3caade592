/**
 * The store actor: wires one Replica to its mailbox, its disk and its clock. It reads its folder first; what arrives meanwhile waits. One
 * turn's inputs are one batch of the replica: its effects are taken once, in `flush`.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { DiskCommand, DiskEvent } from '../../src/actor/disk-port.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { ActorStatus } from '../../src/actor/failure.ts';
import type { Input, Stamp } from '../../src/actor/input.ts';
import { assert, must } from '../../src/base/assert.ts';
import type { MonotonicMs } from '../../src/base/brand.ts';
import { ownBytes } from '../../src/base/bytes.ts';
import type { StoreLeadership, StoreProtocol } from '../../src/protocol/store.ts';
import { noReplica, type ReplicaId } from '../../src/raft/message.ts';
import type { DiskWrite } from '../../src/store/disk-plan.ts';
import type { PeerMessage } from '../../src/store/peer-message.ts';
import { Replica } from '../../src/store/replica.ts';
import type { ReplicaEffect } from '../../src/store/replica-effect.ts';
import { Retention } from '../../src/store/retention.ts';
import type { RequestHandle } from '../../src/store/store-request.ts';
import { Recovery, type RecoveryStep } from './recovery.ts';
import type { StoreArgs } from './store-args.ts';
import { WatchStreams } from './watch-streams.ts';

type StoreInput = Input<StoreProtocol>;

export interface StoreState {
  args: StoreArgs;
  readonly context: ActorContext;
  readonly recovery: Recovery;
  pathOf: ReadonlyMap<ReplicaId, string>;
  idOf: ReadonlyMap<string, ReplicaId>;
  /** What came before the log was read. */
  readonly early: StoreInput[];
  running: Running | null;
}

interface Running {
  readonly replica: Replica;
  readonly watches: WatchStreams;
  readonly retention: Retention;
  /** Subscribers to leadership. */
  readonly followers: Map<number, number>;
  /** Peers that are known to run. */
  readonly reachable: Set<ReplicaId>;
  hasStoodFirst: boolean;
  leadership: StoreLeadership;
  lastTickMs: MonotonicMs;
  nextDiskId: number;
  /** Disk command to the persist that it completes. */
  readonly persists: Map<number, number>;
  saving: { readonly file: string; readonly chunks: Uint8Array[]; diskId: number } | null;
}

/** Inputs that wait for the log to be read. */
const earlyInputsMax = 10_000;
/** Chunks of a snapshot that one tick takes, so that heartbeats go on while it is saved. */
const snapshotChunksPerTick = 64;
/** The handle of requests that this actor makes itself; those of others are numbered from 1. */
const ownHandle = 0 as RequestHandle;

export const storeBehaviour: Behaviour<StoreArgs, StoreState, StoreProtocol> = { init, step, flush };

function init(args: StoreArgs, context: ActorContext): StoreState {
  return {
    args,
    context,
    recovery: new Recovery(args),
    ...directoryOf(args),
    early: [],
    running: null,
  };
}

function directoryOf({ peers }: StoreArgs): Pick<StoreState, 'pathOf' | 'idOf'> {
  return {
    pathOf: new Map(peers.map(({ id, path }) => [id, path])),
    idOf: new Map(peers.map(({ id, path }) => [path, id])),
  };
}

function step(state: StoreState, input: StoreInput): readonly Effect[] {
  if (input.type === 'reconfigured') return replacePeers(state, input.args as StoreArgs);
  if (state.running !== null) return handle(state, state.running, input);
  if (input.type === 'started') return recover(state, state.recovery.begin(), input);
  if (input.type === 'io') return recover(state, state.recovery.take(input.event as DiskEvent), input);
  assert(state.early.length < earlyInputsMax, 'too much came before the log was read', { waiting: state.early.length });
  state.early.push(input);
  return [];
}

/** Of what it was started with only the peers change, and how its next life begins. */
function replacePeers(state: StoreState, args: StoreArgs): readonly Effect[] {
  const former = state.args.peers;
  state.args = args;
  Object.assign(state, directoryOf(args));
  if (state.running === null) return [];
  const others = args.peers.filter(({ id }) => id !== args.id);
  const added = others.filter(({ path }) => !former.some((peer) => peer.path === path));
  const gone = former.filter(({ path }) => !state.idOf.has(path));
  for (const { id } of gone) state.running.reachable.delete(id);
  return [
    ...added.map(({ path }): Effect => ({ type: 'watch', path })),
    ...gone.map(({ path }): Effect => ({ type: 'unwatch', path })),
  ];
}

function recover(state: StoreState, progress: RecoveryStep, stamp: Stamp): readonly Effect[] {
  if (progress.type === 'reading') return progress.commands.map((command) => ({ type: 'io', port: 'disk', command }));
  if (progress.type === 'refused') {
    const message = 'the replica does not start: it might break a promise that it forgot';
    return [{ type: 'log', level: 'error', message, fields: { reason: progress.reason } }, { type: 'stop' }];
  }
  const { args, context } = state;
  const replica = new Replica({
    id: args.id,
    clusterId: args.clusterId,
    start: progress.start,
    random: context.random,
    timing: args.timing,
    tickMs: args.tickMs,
    nowMs: stamp.monotonicMs,
    ...(args.settings === undefined ? {} : { settings: args.settings }),
  });
  const running: Running = {
    replica,
    watches: new WatchStreams(replica),
    retention: new Retention(args.retentionMs),
    followers: new Map(),
    reachable: new Set(),
    hasStoodFirst: false,
    leadership: { role: 'follower', term: replica.status().term, leader: noReplica },
    lastTickMs: stamp.monotonicMs,
    nextDiskId: 1,
    persists: new Map(),
    saving: null,
  };
  state.running = running;
  const watches = args.peers.flatMap(({ id, path }): Effect[] => (id === args.id ? [] : [{ type: 'watch', path }]));
  const early = state.early.flatMap((input) => handle(state, running, { ...input, monotonicMs: stamp.monotonicMs }));
  standFirst(args, running);
  return [...watches, { type: 'timer', key: 'tick', afterMs: args.tickMs }, ...early];
}

function handle(state: StoreState, running: Running, input: StoreInput): readonly Effect[] {
  const { replica, watches } = running;
  replica.setTime(input.monotonicMs);
  switch (input.type) {
    case 'tell':
      replica.receive(owned(input.body.message));
      return [];
    case 'ask':
      replica.request(input.request as RequestHandle, input.body.request, input.timeoutMs);
      return [];
    case 'subscribed':
      if (input.body.type === 'watch')
        return watches.open(input.stream, input.credit, input.body.request, input.monotonicMs);
      running.followers.set(input.stream, input.credit);
      return tellFollower(running, input.stream);
    case 'credit':
      if (!running.followers.has(input.stream))
        return watches.addCredit(input.stream, input.messages, input.monotonicMs);
      running.followers.set(input.stream, must(running.followers.get(input.stream), 'a follower') + input.messages);
      return [];
    case 'unsubscribed':
      running.followers.delete(input.stream);
      watches.close(input.stream);
      return [];
    case 'timer':
      return tick(state, running, input.monotonicMs);
    case 'io':
      return diskDone(running, input.event as DiskEvent);
    case 'watched': {
      const peer = state.idOf.get(input.path);
      if (peer === undefined) return [];
      peerChanged(running, peer, input.status);
      standFirst(state.args, running);
      return [];
    }
    case 'stop':
      return [{ type: 'stop' }];
    default:
      return [];
  }
}

function peerChanged({ replica, reachable }: Running, peer: ReplicaId, status: ActorStatus): void {
  if (status === 'running') reachable.add(peer);
  if (status !== 'terminated') return;
  reachable.delete(peer);
  replica.peerGone(peer);
}

/** A new cluster need not wait for an election timeout: its first member stands as soon as it can be elected. */
function standFirst({ id, intent }: StoreArgs, running: Running): void {
  if (running.hasStoodFirst || intent.type !== 'found') return;
  const { voters } = intent.membership;
  if (id !== Math.min(...voters) || (running.reachable.size + 1) * 2 <= voters.length) return;
  running.hasStoodFirst = true;
  if (running.leadership.leader === noReplica) running.replica.campaign();
}

/** Entry data that Raft keeps must not hold on to the whole batch in which it came. */
function owned(message: PeerMessage): PeerMessage {
  if (message.type === 'snapshotChunk') return { ...message, bytes: ownBytes(message.bytes) };
  if (message.type !== 'raft') return message;
  const raft = message.message;
  if (raft.type !== 'append' && raft.type !== 'propose') return message;
  const entries = raft.entries.map((entry) => ({ ...entry, data: ownBytes(entry.data) }));
  return { ...message, message: { ...raft, entries } as typeof raft };
}

/** Counts the ticks that have passed: after a stall of the event loop several at once, behind the messages that waited. */
function tick({ args }: StoreState, running: Running, nowMs: MonotonicMs): readonly Effect[] {
  while (running.lastTickMs + args.tickMs <= nowMs) {
    running.lastTickMs = (running.lastTickMs + args.tickMs) as MonotonicMs;
    running.replica.tick();
  }
  if (running.leadership.role === 'leader') compact(running, nowMs);
  const afterMs = Math.max(0, running.lastTickMs + args.tickMs - nowMs);
  return [{ type: 'timer', key: 'tick', afterMs }, ...running.watches.tellProgress(nowMs), ...saveMore(running)];
}

function compact({ replica, retention }: Running, nowMs: MonotonicMs): void {
  const revision = retention.due(nowMs, replica.status().revision);
  if (revision !== null) replica.request(ownHandle, { type: 'compact', revision });
}

function diskDone(running: Running, event: DiskEvent): readonly Effect[] {
  const { id } = event;
  if (running.saving?.diskId === id) {
    running.saving = null;
    running.replica.snapshotSaved(event.type === 'done');
    return [];
  }
  if (event.type === 'failed') {
    const message = 'the log could not be written; the replica stops, because what is durable is no longer known';
    return [{ type: 'log', level: 'error', message, fields: { error: event.message } }, { type: 'stop' }];
  }
  const number = running.persists.get(id);
  if (number === undefined) return [];
  running.persists.delete(id);
  running.replica.persisted(number);
  return [];
}

function flush(state: StoreState, stamp: Stamp): readonly Effect[] {
  if (state.running === null) return [];
  const { running } = state;
  const effects: Effect[] = [];
  // A persist without writes completes at once, which may give the replica more to do.
  for (let batch = running.replica.takeEffects(); batch.length > 0; batch = running.replica.takeEffects()) {
    for (const effect of batch) carryOut(state, running, effect, stamp, effects);
  }
  return effects;
}

function carryOut(state: StoreState, running: Running, effect: ReplicaEffect, stamp: Stamp, effects: Effect[]): void {
  switch (effect.type) {
    case 'persist':
      persist(running, effect, effects);
      return;
    case 'send': {
      const to = state.pathOf.get(effect.message.to);
      const body = { type: 'peer', message: effect.message };
      if (to !== undefined) effects.push({ type: 'send', to, body, overflow: 'dropOldest' });
      return;
    }
    case 'reply':
      if (effect.handle !== ownHandle) effects.push({ type: 'reply', request: effect.handle, body: effect.reply });
      return;
    case 'watchReady':
      effects.push(...running.watches.ready(effect.watcher, stamp.monotonicMs));
      return;
    case 'saveSnapshot':
      running.saving = { file: effect.file, chunks: [], diskId: 0 };
      return;
    case 'deleteFiles':
      for (const file of effect.files) effects.push(disk(running, { type: 'delete', id: 0, file }));
      return;
    case 'leadership':
      running.leadership = { role: effect.role, term: effect.term, leader: effect.leader };
      for (const stream of running.followers.keys()) effects.push(...tellFollower(running, stream));
      return;
    case 'membership':
      effects.push({ type: 'log', level: 'info', message: 'membership changed', fields: { ...effect.membership } });
  }
}

function persist(running: Running, effect: Extract<ReplicaEffect, { type: 'persist' }>, effects: Effect[]): void {
  for (const write of effect.writes) effects.push(disk(running, diskCommand(write)));
  if (effect.writes.length > 0) running.persists.set(running.nextDiskId - 1, effect.number);
  else running.replica.persisted(effect.number);
}

function diskCommand(write: DiskWrite): DiskCommand {
  if (write.type === 'replace')
    return { type: 'replace', id: 0, file: write.file, chunks: write.chunks, isOptional: false };
  return { type: write.type, id: 0, file: write.file, bytes: write.bytes, sync: true };
}

/** Gives the command the next number of this replica's disk. */
function disk(running: Running, command: DiskCommand): Effect {
  const numbered = { ...command, id: running.nextDiskId };
  running.nextDiskId += 1;
  return { type: 'io', port: 'disk', command: numbered };
}

function saveMore(running: Running): readonly Effect[] {
  const { saving } = running;
  if (saving === null || saving.diskId !== 0) return [];
  for (let count = 0; count < snapshotChunksPerTick; count += 1) {
    const chunk = running.replica.readSnapshot();
    if (chunk !== null) {
      saving.chunks.push(chunk);
      continue;
    }
    saving.diskId = running.nextDiskId;
    return [disk(running, { type: 'replace', id: 0, file: saving.file, chunks: saving.chunks, isOptional: true })];
  }
  return [];
}

/** Leadership is a state, not a history: a follower without credit misses changes and hears of the next one. */
function tellFollower(running: Running, stream: number): Effect[] {
  const credit = running.followers.get(stream) ?? 0;
  if (credit === 0) return [];
  running.followers.set(stream, credit - 1);
  return [{ type: 'emit', stream, body: running.leadership }];
}
