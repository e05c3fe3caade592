/**
 * The container runtime of a node: simulated containers and real programs under one address. A sandbox's handler says which of the two it is
 * for, and everything that follows goes where its sandbox, container or session is known; what nobody knows is for the simulated one to
 * refuse. Lists and changes are those of both.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { Stamp, StreamId } from '../../src/actor/input.ts';
import type { ProgramsArgs, ProgramType } from '../../src/actor/programs-port.ts';
import type { ReplyOf } from '../../src/actor/protocol.ts';
import { usageOfBoth } from '../../src/kubelet/runtime/program-meters.ts';
import { ProgramRuntime, type RuntimeInput } from '../../src/kubelet/runtime/program-runtime.ts';
import type { RuntimeContainer, RuntimeProtocol, SandboxConfig } from '../../src/protocol/runtime.ts';
import { type RuntimeArgs, type RuntimeState, simulatedRuntimeBehaviour } from './runtime-behaviour.ts';

/** The ways in which a node can run containers, as RuntimeClass.handler names them. */
export const runtimeHandlers = ['simulated', 'worker', 'process'] as const;
export type RuntimeHandler = (typeof runtimeHandlers)[number];

export interface NodeRuntimeArgs extends RuntimeArgs, ProgramsArgs {
  /** What a sandbox without a handler is for. Default: `simulated`. */
  readonly handler?: RuntimeHandler;
}

export interface NodeRuntimeState {
  readonly simulated: RuntimeState;
  readonly programs: ProgramRuntime;
  /** False where real programs cannot run, as in simulation. */
  readonly hasPrograms: boolean;
  readonly handler: RuntimeHandler;
  /** Uids of pods by their simulated sandboxes. */
  readonly simulatedPods: Map<string, string>;
  /** What simulated containers use, by requests that wait for what real programs use. */
  readonly measuring: Map<number, ReplyOf<Stats>>;
  /** Who is told of changes. */
  readonly listeners: Set<StreamId>;
}

type Stats = RuntimeProtocol['asks']['stats'];
type AskInput = Extract<RuntimeInput, { type: 'ask' }>;

const idCharacters = 56;

export const nodeRuntimeBehaviour: Behaviour<NodeRuntimeArgs | null, NodeRuntimeState, RuntimeProtocol> = {
  init,
  step,
  flush,
};

function init(args: NodeRuntimeArgs | null, context: ActorContext): NodeRuntimeState {
  const handler = args?.handler ?? 'simulated';
  const type: ProgramType = handler === 'process' ? 'process' : 'worker';
  const simulated = simulatedRuntimeBehaviour.init(args, context);
  return {
    simulated,
    programs: new ProgramRuntime(context.random.text(idCharacters, '0123456789abcdef'), type),
    hasPrograms: args?.programs !== undefined,
    handler,
    simulatedPods: new Map(),
    measuring: new Map(),
    listeners: new Set(),
  };
}

function step(state: NodeRuntimeState, input: RuntimeInput): readonly Effect[] {
  switch (input.type) {
    case 'ask':
      return asked(state, input);
    case 'subscribed':
      if (input.body.type === 'events') state.listeners.add(input.stream);
      else if (state.programs.owns(ownerOf(input.body.request) ?? '')) return toPrograms(state, input);
      return toSimulated(state, input);
    case 'unsubscribed':
      state.listeners.delete(input.stream);
      return [...toPrograms(state, input), ...toSimulated(state, input)];
    case 'tell':
    case 'credit':
    case 'timer':
      return [...toPrograms(state, input), ...toSimulated(state, input)];
    case 'io':
      return toPrograms(state, input);
    default:
      return toSimulated(state, input);
  }
}

function flush(state: NodeRuntimeState, stamp: Stamp): readonly Effect[] {
  return simulatedRuntimeBehaviour.flush?.(state.simulated, stamp) ?? [];
}

function asked(state: NodeRuntimeState, input: AskInput): readonly Effect[] {
  const { body } = input;
  switch (body.type) {
    case 'version':
      return isForPrograms(state, '') ? toPrograms(state, input) : toSimulated(state, input);
    case 'list':
      return listed(state, input, toSimulated(state, input));
    case 'listImages':
      return imagesListed(state, input, toSimulated(state, input));
    case 'runPodSandbox':
      return runSandbox(state, input, body.request.config);
    case 'imageStatus':
      return isForPrograms(state, body.request.runtimeHandler) ? toPrograms(state, input) : toSimulated(state, input);
    case 'pullImage':
      return isForPrograms(state, body.request.sandbox.runtimeHandler)
        ? toPrograms(state, input)
        : toSimulated(state, input);
    case 'stats':
      return measured(state, input);
    case 'setVolume':
    case 'removeVolumes':
      if (isSimulated(state, body.request.podUid)) return toSimulated(state, input);
      // Volumes come before the sandbox that tells whose they are: until then both keep them, and one answers.
      return [...withoutAnswerTo(input, toSimulated(state, input)), ...toPrograms(state, input)];
    case 'removePodSandbox':
      state.simulatedPods.delete(body.request.sandboxId);
      return toOwner(state, input);
    default:
      return toOwner(state, input);
  }
}

function isSimulated({ hasPrograms, simulatedPods }: NodeRuntimeState, podUid: string): boolean {
  return !hasPrograms || [...simulatedPods.values()].includes(podUid);
}

function toOwner(state: NodeRuntimeState, input: AskInput): readonly Effect[] {
  return state.programs.owns(ownerOf(input.body.request) ?? '') ? toPrograms(state, input) : toSimulated(state, input);
}

function runSandbox(state: NodeRuntimeState, input: AskInput, config: SandboxConfig): readonly Effect[] {
  const { runtimeHandler, uid } = config;
  const handler = runtimeHandler === '' ? state.handler : runtimeHandler;
  const isKnown = runtimeHandlers.some((known) => known === handler);
  if (!isKnown || (handler !== 'simulated' && !state.hasPrograms)) {
    const message = `no runtime for "${handler}" is configured`;
    return [{ type: 'reply', request: input.request, body: { type: 'failed', code: 'unsupported', message } }];
  }
  if (handler !== 'simulated') return toPrograms(state, input);
  state.programs.disown(uid);
  const effects = toSimulated(state, input);
  for (const effect of effects) {
    const { sandboxId } = (effect.type === 'reply' ? effect.body : {}) as { readonly sandboxId?: string };
    if (sandboxId !== undefined) state.simulatedPods.set(sandboxId, uid);
  }
  return effects;
}

function isForPrograms({ handler, hasPrograms }: NodeRuntimeState, asked: string): boolean {
  return hasPrograms && (asked === '' ? handler : asked) !== 'simulated';
}

/** Adds the sandboxes and containers of real programs to the answer of the simulated runtime. */
function listed({ programs }: NodeRuntimeState, input: AskInput, effects: readonly Effect[]): readonly Effect[] {
  return withAnswer<ReplyOf<RuntimeProtocol['asks']['list']>>(input, effects, ({ sandboxes, containers }) => ({
    sandboxes: [...sandboxes, ...programs.sandboxes()],
    containers: [...containers, ...programs.containers()],
  }));
}

/** Adds the images of real programs to the answer of the simulated runtime, which always has one. */
function imagesListed({ programs }: NodeRuntimeState, input: AskInput, effects: readonly Effect[]): readonly Effect[] {
  type Listed = Extract<ReplyOf<RuntimeProtocol['asks']['listImages']>, { type: 'done' }>;
  return withAnswer<Listed>(input, effects, ({ type, images }) => ({
    type,
    images: [...images, ...programs.images()],
  }));
}

function withAnswer<Body>(
  input: AskInput,
  effects: readonly Effect[],
  change: (body: Body) => Body,
): readonly Effect[] {
  return effects.map((effect) =>
    effect.type === 'reply' && isAnswerTo(input, effect) ? { ...effect, body: change(effect.body as Body) } : effect,
  );
}

/** What simulated containers use is known at once; it waits for what real programs use. */
function measured(state: NodeRuntimeState, input: AskInput): readonly Effect[] {
  const effects = toSimulated(state, input);
  if (!state.hasPrograms || state.programs.containers().length === 0) return effects;
  const own = effects.find((effect) => isAnswerTo(input, effect));
  if (own?.type === 'reply') state.measuring.set(input.request, own.body as ReplyOf<Stats>);
  return [...withoutAnswerTo(input, effects), ...toPrograms(state, input)];
}

/** Adds what simulated containers use to an answer that waited for it. */
function withSimulated({ measuring }: NodeRuntimeState, effect: Effect): Effect {
  const simulated = effect.type === 'reply' ? measuring.get(effect.request) : undefined;
  if (effect.type !== 'reply' || simulated === undefined) return effect;
  measuring.delete(effect.request);
  return { ...effect, body: usageOfBoth(simulated, effect.body as ReplyOf<Stats>) };
}

/** A step of the simulated runtime first does what is due: it may answer former requests beside this one, and tell of changes. */
function withoutAnswerTo(input: AskInput, effects: readonly Effect[]): readonly Effect[] {
  return effects.filter((effect) => !isAnswerTo(input, effect));
}

function isAnswerTo({ request }: AskInput, effect: Effect): boolean {
  return effect.type === 'reply' && effect.request === request;
}

function toSimulated({ simulated }: NodeRuntimeState, input: RuntimeInput): readonly Effect[] {
  return simulatedRuntimeBehaviour.step(simulated, input);
}

function toPrograms(state: NodeRuntimeState, input: RuntimeInput): readonly Effect[] {
  const { changes, effects } = state.programs.handle(input);
  const told = state.measuring.size === 0 ? effects : effects.map((effect) => withSimulated(state, effect));
  return [...changes.flatMap((change) => announce(state, change)), ...told];
}

function announce({ listeners }: NodeRuntimeState, change: RuntimeContainer): readonly Effect[] {
  // Whoever is out of credit is cut by the host, lists anew, and has missed nothing.
  return Array.from(listeners.keys(), (stream): Effect => ({ type: 'emit', stream, body: change }));
}

/** The sandbox, container or session that a request is about. */
function ownerOf(request: unknown): string | undefined {
  const { containerId, sandboxId, sessionId } = (request ?? {}) as Record<string, string | undefined>;
  return containerId ?? sandboxId ?? sessionId;
}
