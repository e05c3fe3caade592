/**
 * The kubelet actor: informers of its pods and its Node on one side, the container runtime on the other, the pure Kubelet between them. What that
 * wants written goes to the API servers as flows. It decides nothing.
 *
 * Ids: flows ask from a million up, informers subscribe from a million up, everything about the runtime lies above 10^12.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import { type Flow, sleep } from '../../src/actor/flow.ts';
import { FlowRunner } from '../../src/actor/flow-runner.ts';
import type { Input, Stamp } from '../../src/actor/input.ts';
import { nameOf } from '../../src/api/object-meta.ts';
import type { MonotonicMs, WallMs } from '../../src/base/brand.ts';
import { RingBuffer } from '../../src/base/ring-buffer.ts';
import { EventRecorder, type EventWrite } from '../../src/kinds/event/event-recorder.ts';
import type { Node } from '../../src/kinds/node/types.ts';
import type { Pod } from '../../src/kinds/pod/types.ts';
import type { RuntimeClass } from '../../src/kinds/runtimeclass/types.ts';
import { recordEvents } from '../../src/kubelet/event-flow.ts';
import { Kubelet } from '../../src/kubelet/kubelet.ts';
import type { NumberedDemand } from '../../src/kubelet/kubelet-work.ts';
import { type KubeletLimits, kubeletLimits, pendingEventsMax } from '../../src/kubelet/limits.ts';
import { logSourceOf, stagedLogSourceOf } from '../../src/kubelet/log-source.ts';
import {
  imagesChangedSignal,
  keepImages,
  keepLease,
  keepNode,
  type NodeSituation,
  nodeChangedSignal,
} from '../../src/kubelet/node-flows.ts';
import { defaultNodeCapacity, isTakenForDead, type NodeDescription, ownLabels } from '../../src/kubelet/node-object.ts';
import { settlePod } from '../../src/kubelet/pod-flow.ts';
import { sessionSourceOf, stagedSessionSourceOf } from '../../src/kubelet/session-source.ts';
import { keepMirrors, staticPodsOf } from '../../src/kubelet/static-pods.ts';
import { requestToken } from '../../src/kubelet/token-flow.ts';
import type { PodEvent } from '../../src/kubelet/turn.ts';
import { memoryByPod, summarize } from '../../src/kubelet/usage-flow.ts';
import { ApiClient, type ApiIdentity } from '../../src/protocol/api-client.ts';
import type { KubeletLogsRequest, KubeletProtocol } from '../../src/protocol/kubelet.ts';
import type { SessionRequest } from '../../src/protocol/session.ts';
import { SessionRelays } from '../../src/protocol/session-relay.ts';
import type { Informer } from '../../src/streams/informer.ts';
import { changesOf, InformerSet, type InformerTurn } from '../../src/streams/informer-set.ts';
import { answerPage, answerUsage } from './answers.ts';
import { LogRelays } from './log-relays.ts';
import { ObjectWatches } from './object-watches.ts';
import { RuntimeLink, runtimeIdMin } from './runtime-link.ts';
import { StagePlayer, type StagesArgs, stageTimer } from './stage-player.ts';

/** What a kubelet is started with. */
export interface KubeletArgs {
  readonly node: Partial<NodeDescription> & Pick<NodeDescription, 'name' | 'address'>;
  /** Paths of API servers. The kubelet starts with one of them by chance and moves on when it fails. */
  readonly apiServers: readonly string[];
  /** The path of the node's container runtime. */
  readonly runtime: string;
  readonly limits?: Partial<KubeletLimits>;
  /** What simulated pods do instead of running containers. */
  readonly stages?: StagesArgs;
}

export interface KubeletState {
  readonly limits: KubeletLimits;
  readonly kubelet: Kubelet;
  /** The path of the container runtime. */
  readonly runtime: string;
  readonly link: RuntimeLink;
  readonly logs: LogRelays;
  readonly sessions: SessionRelays;
  readonly runner: FlowRunner;
  readonly api: ApiClient;
  readonly informers: InformerSet;
  readonly objects: ObjectWatches;
  readonly stages: StagePlayer;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  /** Watched once a pod names one. */
  classes: Informer<RuntimeClass> | null;
  readonly recorder: EventRecorder;
  readonly situation: NodeSituation;
  /** Pods whose writes are under way. */
  readonly settling: Set<string>;
  readonly events: RingBuffer<EventWrite>;
  isRecording: boolean;
  hasBegun: boolean;
  isMirroring: boolean;
  /** What is wrong with manifests of static pods. */
  readonly complaints: readonly string[];
  wasReachable: boolean;
  readonly startedAtMs: WallMs;
  /** What the node's status was last due for. */
  told: string;
  /** When the wake timer is set to; undefined when it is not, or has fired. */
  wakeAtMs: MonotonicMs | undefined;
  stamp: Stamp;
}

type KubeletInput = Input<KubeletProtocol>;
type OtherInput = Exclude<KubeletInput, { type: 'subscribed' | 'ask' | 'tell' }>;

const wakeTimer = 'kubelet:wake';
const statusTimer = 'kubelet:status';
const core = { group: '', version: 'v1' };
/** Relays of logs subscribe above the runtime's own streams. */
const relayIdMin = 2 * runtimeIdMin;
/** Sessions subscribe and ask above that. */
const sessionIdMin = 3 * runtimeIdMin;

export const kubeletBehaviour: Behaviour<KubeletArgs, KubeletState, KubeletProtocol> = { init, step, flush };

function init(args: KubeletArgs, context: ActorContext): KubeletState {
  const { random, memo } = context;
  const limits: KubeletLimits = { ...kubeletLimits, ...args.limits };
  const { name, address } = args.node;
  const description: NodeDescription = { capacity: defaultNodeCapacity, ...args.node };
  const { allocatable = description.capacity } = description;
  const labels = { ...description.labels, ...ownLabels(description) };
  const { pods: staticPods, complaints } = staticPodsOf(description.staticPods ?? [], name);
  const kubelet = new Kubelet({ nodeName: name, hostIp: address, limits, allocatable, labels, staticPods });
  const link = new RuntimeLink(args.runtime, kubelet, limits.runtimeRetryMs);
  const identity = identityOf(args, random.integer(0, args.apiServers.length - 1));
  const api = new ApiClient(identity);
  const informers = new InformerSet({ ...identity, memo }, random.fork('informers'));
  const runner = new FlowRunner();
  const state: KubeletState = {
    limits,
    kubelet,
    runtime: args.runtime,
    link,
    logs: new LogRelays(args.runtime, relayIdMin),
    sessions: new SessionRelays(sessionIdMin),
    runner,
    api,
    informers,
    objects: new ObjectWatches(informers, kubelet),
    stages: new StagePlayer(args, context, {
      runner,
      api,
      limits,
      addresses: () => kubelet.addresses,
      stamp: () => state.stamp,
      tell: (pod, event) => tell(state, pod, event),
    }),
    pods: informers.add<Pod>({ resource: { ...core, resource: 'pods' }, fieldSelector: `spec.nodeName=${name}` }),
    nodes: informers.add<Node>({ resource: { ...core, resource: 'nodes' }, fieldSelector: `metadata.name=${name}` }),
    classes: null,
    recorder: new EventRecorder({ component: 'kubelet', host: name }, random.fork('events')),
    situation: {
      api,
      description,
      limits,
      runtime: () => link.health,
      volumesInUse: () => kubelet.volumesInUse(),
      troubles: () => kubelet,
      wallMs: () => state.stamp.wallMs,
      runtimePath: args.runtime,
      node: null,
      isStatusDue: false,
      images: null,
      imageChanges: 0,
      areImagesDue: false,
    },
    settling: new Set(),
    events: new RingBuffer(pendingEventsMax),
    isRecording: false,
    hasBegun: false,
    isMirroring: false,
    complaints,
    wasReachable: false,
    startedAtMs: context.wallMs,
    told: 'false false 0 ',
    wakeAtMs: undefined,
    stamp: context,
  };
  return state;
}

/** Kubelets begin with different API servers, so that these share the load. */
function identityOf({ node, apiServers }: KubeletArgs, first: number): ApiIdentity {
  return {
    servers: startingAt(apiServers, first),
    credentials: {
      type: 'component',
      user: `system:node:${node.name}`,
      groups: ['system:nodes', 'system:masters'],
    },
    userAgent: 'kubelet/v1.36.0',
  };
}

function startingAt(servers: readonly string[], first: number): readonly string[] {
  return [...servers.slice(first), ...servers.slice(0, first)];
}

/** Of what it was started with only the list of API servers changes; the one in use is the first of those that stay. */
function reconfigured({ api, informers }: KubeletState, { apiServers }: KubeletArgs): readonly Effect[] {
  const servers = startingAt(apiServers, Math.max(0, apiServers.indexOf(api.server)));
  api.replaceServers(servers);
  return informers.replaceServers(servers);
}

function step(state: KubeletState, input: KubeletInput): readonly Effect[] {
  state.stamp = { monotonicMs: input.monotonicMs, wallMs: input.wallMs };
  switch (input.type) {
    case 'started':
      return started(state);
    case 'subscribed':
      if (input.body.type === 'logs') return openLogs(state, input, input.body.request);
      return openSession(state, input, input.body.request);
    case 'credit':
      return [...state.logs.grant(input.stream, input.messages), ...state.sessions.grant(input.stream, input.messages)];
    case 'unsubscribed':
      return [...state.logs.close(input.stream), ...state.sessions.close(input.stream)];
    case 'ask':
      if (input.body.type === 'summary') return answerUsage(state, input.request, input.timeoutMs);
      if (input.body.type === 'page') return answerPage(state, input.request, input.body.request, input.timeoutMs);
      return state.sessions.input(input.request, input.body.request);
    case 'cancelled':
      return state.sessions.cancel(input.request) ?? [];
    case 'tell':
      if (input.body.type === 'resizeSession') return state.sessions.resize(input.body.message);
      state.kubelet.shutDown(input.body.message, input);
      return [];
    case 'reconfigured':
      return reconfigured(state, input.args as KubeletArgs);
    case 'stop':
      return [{ type: 'stop' }];
    case 'timer':
      if (input.key === wakeTimer) {
        state.wakeAtMs = undefined;
        state.kubelet.wake(input);
        return [];
      }
      if (input.key === statusTimer) return refreshStatus(state);
      if (input.key === stageTimer) return state.stages.wake();
      return handle(state, input);
    default:
      return handle(state, input);
  }
}

/** Carries out what the inputs of a turn led to, all at once. */
function flush(state: KubeletState): readonly Effect[] {
  const { kubelet, link } = state;
  const { calls, tokens, opened, closed, events, changed, wantsList, wantsMirrors, hasPulled } = kubelet.takeWork();
  const effects: Effect[] = [
    ...link.ask(calls, wantsList),
    ...state.objects.change(opened, closed, state.stamp.monotonicMs),
  ];
  for (const demand of tokens) effects.push(...askToken(state, demand));
  for (const uid of changed) effects.push(...settle(state, uid));
  if (wantsMirrors) effects.push(...mirror(state));
  if (hasPulled) effects.push(...imagesDue(state));
  for (const { pod, event } of events) tell(state, pod, event);
  effects.push(...state.stages.flush(), ...record(state), ...watchClasses(state));
  if (link.health.isReachable !== state.wasReachable) {
    state.wasReachable = link.health.isReachable;
    effects.push(...statusDue(state), ...imagesDue(state));
  }
  const told = statusCauses(state);
  if (told !== state.told) {
    state.told = told;
    effects.push(...statusDue(state));
  }
  const nextAtMs = kubelet.nextAtMs();
  if (nextAtMs !== undefined && nextAtMs !== state.wakeAtMs) {
    effects.push({ type: 'timer', key: wakeTimer, afterMs: Math.max(0, nextAtMs - state.stamp.monotonicMs) });
  }
  state.wakeAtMs = nextAtMs;
  return effects;
}

/** What the node's status is written anew for, as soon as it is another. */
function statusCauses({ kubelet, situation }: KubeletState): string {
  const { isShuttingDown, hasMemoryPressure } = kubelet;
  return `${isShuttingDown} ${hasMemoryPressure} ${situation.imageChanges} ${kubelet.volumesInUse().join()}`;
}

function tell(state: KubeletState, pod: Pod, event: PodEvent): void {
  const object = pod.kind === 'Pod' ? pod : { ...pod, apiVersion: 'v1', kind: 'Pod' };
  if (state.events.isFull()) state.events.shift();
  state.events.push(state.recorder.record({ ...event, object }, state.stamp.wallMs));
}

function watchClasses(state: KubeletState): readonly Effect[] {
  if (state.classes !== null || !state.kubelet.wantsHandlers) return [];
  const resource = { group: 'node.k8s.io', version: 'v1', resource: 'runtimeclasses' };
  state.classes = state.informers.add<RuntimeClass>({ resource });
  return state.informers.startAdded(state.classes as unknown as Informer, state.stamp.monotonicMs);
}

function started(state: KubeletState): readonly Effect[] {
  const { runner, informers, link, situation, limits, stamp } = state;
  const warnings = state.complaints.map(
    (complaint): Effect => ({ type: 'log', level: 'warn', message: 'a static pod is left out', fields: { complaint } }),
  );
  return [
    ...warnings,
    ...link.start(),
    ...informers.start(stamp.monotonicMs),
    ...runner.start(keepNode(situation), null, () => []).effects,
    ...runner.start(keepLease(situation), null, () => []).effects,
    ...runner.start(watchMemory(state), null, () => []).effects,
    ...runner.start(keepImages(situation), null, () => []).effects,
    { type: 'timer', key: statusTimer, afterMs: limits.nodeStatusMs },
  ];
}

/** Measures what the pods use, in intervals, for ever. What cannot be measured is never short. */
function* watchMemory(state: KubeletState): Flow<void> {
  const { kubelet, limits, runtime } = state;
  for (;;) {
    yield* sleep(limits.memoryIntervalMs);
    if (kubelet.podCount === 0 && !kubelet.hasMemoryPressure) continue;
    const summary = yield* summarize(runtime, (uid) => kubelet.find('', '', uid)?.pod);
    if (summary.type === 'measured') kubelet.memoryMeasured(memoryByPod(summary), state.stamp);
  }
}

function refreshStatus(state: KubeletState): readonly Effect[] {
  return [{ type: 'timer', key: statusTimer, afterMs: state.limits.nodeStatusMs }, ...statusDue(state)];
}

function statusDue({ situation, runner }: KubeletState): readonly Effect[] {
  situation.isStatusDue = true;
  return runner.signal(nodeChangedSignal);
}

/** The runtime may have images that the node's status does not tell of: one was pulled, or it is another runtime. */
function imagesDue({ situation, runner }: KubeletState): readonly Effect[] {
  if (situation.areImagesDue) return [];
  situation.areImagesDue = true;
  return runner.signal(imagesChangedSignal);
}

function handle(state: KubeletState, input: OtherInput): readonly Effect[] {
  const own = passOn(state, input) ?? state.link.handle(input);
  if (own !== null) return own;
  if (input.type === 'watched' && input.status !== 'running') state.api.leave(input.path);
  const turn = state.informers.handle(input);
  if (turn === null) return state.runner.handle(input) ?? [];
  return [...learn(state, turn), ...turn.effects];
}

/** Takes what belongs to somebody else's logs or session; null when it does not. */
function passOn({ logs, sessions }: KubeletState, input: OtherInput): readonly Effect[] | null {
  switch (input.type) {
    case 'item':
      return logs.item(input.id, input.body) ?? sessions.item(input.id, input.body);
    case 'ended':
      return logs.ended(input.id, input.reason) ?? sessions.ended(input.id, input.reason);
    case 'reply':
    case 'askFailed':
      return sessions.handle(input);
    default:
      return null;
  }
}

function learn(state: KubeletState, turn: InformerTurn): readonly Effect[] {
  const { kubelet, pods, nodes, stages, stamp } = state;
  let isTaken = false;
  for (const change of changesOf(turn, nodes)) {
    state.situation.node = change.type === 'deleted' ? null : change.object;
    isTaken = change.type !== 'deleted' && isTakenForDead(change.object);
    if (change.type !== 'deleted') kubelet.nodeSet(change.object, stamp);
  }
  for (const change of changesOf(turn, pods)) {
    if (stages.pods.owns(change.object)) stages.learn(change);
    else if (change.type === 'deleted') kubelet.podDeleted(change.object, stamp);
    else kubelet.podSet(change.object, stamp);
  }
  state.objects.learn(turn, stamp);
  const { classes } = state;
  if (classes?.hasSynced === true && turn.informer === (classes as unknown as Informer)) {
    const handlers = Array.from(classes.indexer.values(), (each): [string, string] => [nameOf(each), each.handler]);
    kubelet.handlersKnown(new Map(handlers), stamp);
  }
  // Pods are judged by the taints and labels of the node. It need not be there: a kubelet registers its own.
  if (!state.hasBegun && pods.hasSynced && nodes.hasSynced) {
    state.hasBegun = true;
    kubelet.begin(stamp);
  }
  return isTaken ? statusDue(state) : [];
}

function settle(state: KubeletState, uid: string): readonly Effect[] {
  const { settling, runner, api, kubelet, limits } = state;
  if (settling.has(uid)) return [];
  settling.add(uid);
  return runner.start(
    settlePod(
      api,
      () => kubelet.desired(uid),
      limits.apiRetryMs,
      (revision) => kubelet.statusWritten(uid, revision),
    ),
    null,
    (end) => {
      settling.delete(uid);
      if (end.type !== 'returned' || end.result.type === 'settled') return [];
      const fields = { uid, reason: end.result.message };
      return [{ type: 'log', level: 'warn', message: 'the API server refused the status of a pod', fields }];
    },
  ).effects;
}

/** Makes and removes the pods by which the API shows the static ones. */
function mirror(state: KubeletState): readonly Effect[] {
  const { runner, api, kubelet, limits } = state;
  if (state.isMirroring) return [];
  state.isMirroring = true;
  return runner.start(
    keepMirrors(api, () => kubelet.mirrorSteps(), limits.apiRetryMs),
    null,
    () => {
      state.isMirroring = false;
      return [];
    },
  ).effects;
}

function askToken(state: KubeletState, wanted: NumberedDemand): readonly Effect[] {
  const { runner, api, kubelet, limits } = state;
  return runner.start(requestToken(api, wanted.demand, limits.apiRetryMs), null, (end) => {
    if (end.type === 'returned') kubelet.answered(wanted.id, end.result, state.stamp);
    return [];
  }).effects;
}

function record(state: KubeletState): readonly Effect[] {
  const { runner, api, events, limits } = state;
  if (state.isRecording || events.length === 0) return [];
  state.isRecording = true;
  return runner.start(
    recordEvents(api, () => events.shift(), limits.apiRetryMs),
    null,
    () => {
      state.isRecording = false;
      return [];
    },
  ).effects;
}

type Subscribed = Extract<KubeletInput, { type: 'subscribed' }>;

function openLogs(state: KubeletState, input: Subscribed, request: KubeletLogsRequest): readonly Effect[] {
  const machine = state.kubelet.find(request.namespace, request.pod, request.uid);
  const isStaged = state.stages.pods.has(request.namespace, request.pod);
  const source = isStaged ? stagedLogSourceOf(request) : logSourceOf(request, machine, input.wallMs);
  return state.logs.open(input.stream, source, input.credit);
}

function openSession(state: KubeletState, { stream, credit }: Subscribed, request: SessionRequest): readonly Effect[] {
  if (credit < 1) return [{ type: 'end', stream, reason: 'rejected' }];
  const machine = state.kubelet.find(request.namespace, request.pod, request.uid);
  const isStaged = state.stages.pods.has(request.namespace, request.pod);
  const source = isStaged ? stagedSessionSourceOf(request) : sessionSourceOf(request, machine);
  if (source.type === 'found') {
    const { link, sessions } = state;
    const accepted: Effect = { type: 'emit', stream, body: { type: 'accepted' } };
    return [accepted, ...sessions.open(stream, request.sessionId, link.path, source.body, credit - 1)];
  }
  const body = source.type === 'reached' ? { type: 'accepted' } : source;
  return [
    { type: 'emit', stream, body },
    { type: 'end', stream, reason: 'completed' },
  ];
}
