/**
 * The balancer actor: one address that survives any master's death. It asks each API server whether it is ready, sends new connections to one
 * that is, and resets the connections of one that died. It retries nothing: clients do.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { Input } from '../../src/actor/input.ts';
import type { RelayCommand, RelayEvent } from '../../src/actor/relay-port.ts';
import { Backends } from '../../src/network/backends.ts';
import type { ApiServerReadiness } from '../../src/protocol/apiserver.ts';
import type { BalancerProtocol } from '../../src/protocol/balancer.ts';
import type { GatewayAddress, ListenFailure } from '../../src/protocol/gateway.ts';

export interface BalancerArgs {
  readonly host: string;
  readonly port: number;
  readonly masters: readonly { readonly name: string; readonly gateway: string; readonly apiServer: string }[];
  /** How often readiness is asked for. */
  readonly probeMs: number;
}

interface BalancerState {
  readonly args: BalancerArgs;
  /** By number, which is never used again: asks are named after it. */
  readonly masters: Map<number, Master>;
  nextMaster: number;
  readonly backends: Backends;
  readonly addresses: Map<number, GatewayAddress>;
  listening: GatewayAddress | ListenFailure | null;
  readonly waiting: number[];
}

type Master = BalancerArgs['masters'][number];

export const balancerBehaviour: Behaviour<BalancerArgs, BalancerState, BalancerProtocol> = { init, step };

function init(args: BalancerArgs, _context: ActorContext): BalancerState {
  return {
    args,
    masters: new Map(args.masters.entries()),
    nextMaster: args.masters.length,
    backends: new Backends(),
    addresses: new Map(),
    listening: null,
    waiting: [],
  };
}

function step(state: BalancerState, input: Input<BalancerProtocol>): readonly Effect[] {
  switch (input.type) {
    case 'started': {
      const { host, port, masters } = state.args;
      const watches = masters.map(({ gateway }): Effect => ({ type: 'watch', path: gateway }));
      return [relay({ type: 'listen', host, port }), ...watches];
    }
    case 'io':
      return onRelay(state, input.event as RelayEvent);
    case 'watched':
      return onWatched(state, input.path, input.status);
    case 'timer':
      return probe(state, Number(input.key));
    case 'reply':
      return onReply(state, input.id, input.body);
    case 'askFailed':
      return unanswered(state, numberOf(input.id));
    case 'reconfigured':
      return replaceMasters(state, (input.args as BalancerArgs).masters);
    case 'ask':
      state.waiting.push(input.request);
      return answerWaiting(state);
    case 'stop':
      return [{ type: 'stop' }];
    default:
      return [];
  }
}

function onRelay(state: BalancerState, event: RelayEvent): readonly Effect[] {
  switch (event.type) {
    case 'listening':
      state.listening = { host: event.host, port: event.port };
      return answerWaiting(state);
    case 'failed':
      state.listening = { failure: event.message };
      return [
        { type: 'log', level: 'error', message: 'the balancer cannot listen', fields: { error: event.message } },
        ...answerWaiting(state),
      ];
    case 'accepted': {
      const backend = state.backends.next();
      if (backend === null) return [relay({ type: 'refuse', connection: event.connection })];
      const { name, host, port } = backend;
      return [relay({ type: 'join', connection: event.connection, backend: name, host, port })];
    }
  }
}

function onWatched(state: BalancerState, gateway: string, status: string): readonly Effect[] {
  for (const [number, master] of state.masters) {
    if (master.gateway !== gateway) continue;
    if (status !== 'terminated') return probe(state, number);
    state.addresses.delete(number);
    state.backends.setNotReady(master.name);
    return [relay({ type: 'reset', backend: master.name })];
  }
  return [];
}

/** Asks first where the gateway listens, then whether the API server is ready; even ids are addresses, odd ones readiness. */
function probe(state: BalancerState, number: number): readonly Effect[] {
  const master = state.masters.get(number);
  if (master === undefined) return [];
  const isKnown = state.addresses.has(number);
  const id = 2 * number + (isKnown ? 1 : 0);
  const to = isKnown ? master.apiServer : master.gateway;
  const body = { type: isKnown ? 'readiness' : 'address', request: null };
  return [
    { type: 'cancelAsk', id },
    { type: 'ask', to, id, body, timeoutMs: state.args.probeMs * 4 },
  ];
}

function onReply(state: BalancerState, id: number, body: unknown): readonly Effect[] {
  const number = numberOf(id);
  const master = state.masters.get(number);
  if (master === undefined) return [];
  if (id % 2 === 0) {
    const address = body as GatewayAddress | ListenFailure;
    if ('failure' in address) return [later(state, number)];
    state.addresses.set(number, address);
    return probe(state, number);
  }
  const address = state.addresses.get(number);
  const { isReady, isAtLeader } = body as ApiServerReadiness;
  if (!isReady || address === undefined) return unanswered(state, number);
  state.backends.setReady({ name: master.name, ...address }, isAtLeader);
  return [later(state, number), ...answerWaiting(state)];
}

function unanswered(state: BalancerState, number: number): readonly Effect[] {
  const master = state.masters.get(number);
  if (master === undefined) return [];
  state.backends.setNotReady(master.name);
  return [later(state, number)];
}

/** Those that are gone get no more connections; what they have ends with their gateways. */
function replaceMasters(state: BalancerState, masters: BalancerArgs['masters']): readonly Effect[] {
  const { backends, addresses } = state;
  const effects: Effect[] = [];
  for (const [number, { name, gateway }] of state.masters) {
    if (masters.some((master) => master.name === name)) continue;
    state.masters.delete(number);
    addresses.delete(number);
    backends.setNotReady(name);
    effects.push({ type: 'cancelTimer', key: String(number) }, { type: 'unwatch', path: gateway });
    for (const id of [2 * number, 2 * number + 1]) effects.push({ type: 'cancelAsk', id });
  }
  const known = new Set(Array.from(state.masters.values(), ({ name }) => name));
  for (const master of masters) {
    if (known.has(master.name)) continue;
    state.masters.set(state.nextMaster, master);
    state.nextMaster += 1;
    effects.push({ type: 'watch', path: master.gateway });
  }
  return effects;
}

/** A master that is not ready is asked again sooner than one that is. */
function later({ args, backends, masters }: BalancerState, number: number): Effect {
  const name = masters.get(number)?.name;
  const isReady = backends.ready().some((backend) => backend.name === name);
  return { type: 'timer', key: String(number), afterMs: isReady ? args.probeMs : args.probeMs / 10 };
}

function answerWaiting(state: BalancerState): readonly Effect[] {
  const { listening } = state;
  const ready = state.backends.ready().map(({ name }) => name);
  if (listening === null || (ready.length === 0 && !('failure' in listening))) return [];
  const body = 'failure' in listening ? listening : { ...listening, ready };
  return state.waiting.splice(0).map((request) => ({ type: 'reply', request, body }));
}

/** The number of the master that an ask was put to. */
function numberOf(id: number): number {
  return Math.floor(id / 2);
}

function relay(command: RelayCommand): Effect {
  return { type: 'io', port: 'tcp', command };
}
