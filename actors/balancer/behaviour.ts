/**
 * The balancer actor: one address that survives any master's death. It asks each API server whether it is ready, sends new connections round
 * robin to those that are, and resets the connections of one that died. It retries nothing: clients do.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { Input } from '../../src/actor/input.ts';
import type { RelayCommand, RelayEvent } from '../../src/actor/relay-port.ts';
import { must } from '../../src/base/assert.ts';
import { Backends } from '../../src/network/backends.ts';
import type { ApiRequest, ApiResponse } from '../../src/protocol/apiserver.ts';
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
  readonly backends: Backends;
  readonly addresses: Map<string, GatewayAddress>;
  listening: GatewayAddress | ListenFailure | null;
  readonly waiting: number[];
}

type Master = BalancerArgs['masters'][number];

export const balancerBehaviour: Behaviour<BalancerArgs, BalancerState, BalancerProtocol> = { init, step };

const readyRequest: ApiRequest = {
  type: 'nonResource',
  path: '/readyz',
  parameters: {},
  accept: '',
  credentials: { type: 'anonymous' },
};

function init(args: BalancerArgs, _context: ActorContext): BalancerState {
  return { args, backends: new Backends(), addresses: new Map(), listening: null, waiting: [] };
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
      return onWatched(state, masterBy(state, 'gateway', input.path), input.status);
    case 'timer':
      return probe(state, masterBy(state, 'name', input.key));
    case 'reply':
      return onReply(state, input.id, input.body);
    case 'askFailed':
      return [...notReady(state, masterAt(state, input.id)), later(state, masterAt(state, input.id))];
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

function onWatched(state: BalancerState, master: Master, status: string): readonly Effect[] {
  if (status !== 'terminated') return probe(state, master);
  state.addresses.delete(master.name);
  return [...notReady(state, master), relay({ type: 'reset', backend: master.name })];
}

/** Asks first where the gateway listens, then whether the API server is ready; even ids are addresses, odd ones readiness. */
function probe(state: BalancerState, master: Master): readonly Effect[] {
  const index = state.args.masters.indexOf(master);
  const isKnown = state.addresses.has(master.name);
  const id = 2 * index + (isKnown ? 1 : 0);
  const to = isKnown ? master.apiServer : master.gateway;
  const body = isKnown ? { type: 'call', request: readyRequest } : { type: 'address', request: null };
  return [
    { type: 'cancelAsk', id },
    { type: 'ask', to, id, body, timeoutMs: state.args.probeMs * 4 },
  ];
}

function onReply(state: BalancerState, id: number, body: unknown): readonly Effect[] {
  const master = masterAt(state, id);
  if (id % 2 === 0) {
    const address = body as GatewayAddress | ListenFailure;
    if ('failure' in address) return [later(state, master)];
    state.addresses.set(master.name, address);
    return probe(state, master);
  }
  const address = state.addresses.get(master.name);
  if ((body as ApiResponse).status !== 200 || address === undefined)
    return [...notReady(state, master), later(state, master)];
  state.backends.setReady({ name: master.name, ...address });
  return [later(state, master), ...answerWaiting(state)];
}

function notReady(state: BalancerState, master: Master): readonly Effect[] {
  state.backends.setNotReady(master.name);
  return [];
}

/** A master that is not ready is asked again sooner than one that is. */
function later(state: BalancerState, master: Master): Effect {
  const isReady = state.backends.ready().some(({ name }) => name === master.name);
  return { type: 'timer', key: master.name, afterMs: isReady ? state.args.probeMs : state.args.probeMs / 10 };
}

function answerWaiting(state: BalancerState): readonly Effect[] {
  const { listening } = state;
  const ready = state.backends.ready().map(({ name }) => name);
  if (listening === null || (ready.length === 0 && !('failure' in listening))) return [];
  const body = 'failure' in listening ? listening : { ...listening, ready };
  return state.waiting.splice(0).map((request) => ({ type: 'reply', request, body }));
}

function masterAt(state: BalancerState, id: number): Master {
  return must(state.args.masters[Math.floor(id / 2)], 'an answer of a master');
}

function masterBy(state: BalancerState, property: 'name' | 'gateway', value: string): Master {
  return must(
    state.args.masters.find((master) => master[property] === value),
    'a master that is known',
  );
}

function relay(command: RelayCommand): Effect {
  return { type: 'io', port: 'tcp', command };
}
