/**
 * The gateway actor: a master's HTTPS front. It turns requests into typed ones for its API server and carries the answers back; it decides
 * nothing about the API. One exchange is one ask or one stream; a client that goes away cancels it.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { Input } from '../../src/actor/input.ts';
import type { ListenerEvent } from '../../src/actor/listener-port.ts';
import { requestEntityTooLarge, serviceUnavailable, timeout } from '../../src/api/status-errors.ts';
import { errorResponse } from '../../src/apiserver/answer.ts';
import { responseHeaders } from '../../src/apiserver/gateway/response-headers.ts';
import { translateRequest } from '../../src/apiserver/gateway/translate.ts';
import { asYaml } from '../../src/http/yaml-answer.ts';
import {
  type ApiResponse,
  type ApiSessionItem,
  type ApiStreamItem,
  apiCallTimeoutMs,
} from '../../src/protocol/apiserver.ts';
import type { GatewayAddress, GatewayProtocol, ListenFailure } from '../../src/protocol/gateway.ts';
import type { SessionInputOutcome } from '../../src/protocol/session.ts';
import { Connections } from './connections.ts';
import { http, respond } from './listener-effects.ts';

export interface GatewayArgs {
  readonly apiServer: string;
  readonly host: string;
  /** 0 chooses a free one. */
  readonly port: number;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

interface GatewayState {
  readonly args: GatewayArgs;
  address: GatewayAddress | ListenFailure | null;
  /** Asks for the address that came before it was known. */
  readonly waiting: number[];
  /** Exchanges whose answer has begun. */
  readonly streaming: Set<number>;
  /** Exchanges that are open as asks, and as streams; each under the number of its exchange. */
  readonly calls: Set<number>;
  readonly streams: Set<number>;
  /** Calls whose client wants YAML. */
  readonly yamlCalls: Set<number>;
  readonly connections: Connections;
}

type GatewayInput = Input<GatewayProtocol>;

/** Bodies of requests; kube-apiserver's limit. */
const bodyBytesMax = 3 * 1024 * 1024;
/** Chunks that may be on their way to one client. */
const streamCredit = 16;

export const gatewayBehaviour: Behaviour<GatewayArgs, GatewayState, GatewayProtocol> = { init, step };

function init(args: GatewayArgs, { self }: ActorContext): GatewayState {
  return {
    args,
    address: null,
    waiting: [],
    streaming: new Set(),
    calls: new Set(),
    streams: new Set(),
    yamlCalls: new Set(),
    connections: new Connections(args.apiServer, `${self.path}/${self.incarnation}/`),
  };
}

function step(state: GatewayState, input: GatewayInput): readonly Effect[] {
  switch (input.type) {
    case 'started': {
      const { host, port, certificate, key, authority } = state.args;
      return [http({ type: 'listen', host, port, certificate, key, authority, bodyBytesMax })];
    }
    case 'io':
      return onListener(state, input.event as ListenerEvent);
    case 'ask':
      if (state.address !== null) return [{ type: 'reply', request: input.request, body: state.address }];
      state.waiting.push(input.request);
      return [];
    case 'reply':
      return (
        state.connections.answered(input.id, input.body as SessionInputOutcome) ??
        onReply(state, input.id, input.body as ApiResponse)
      );
    case 'askFailed':
      return state.connections.answered(input.id, null) ?? onFailed(state, input);
    case 'item':
      return (
        state.connections.item(input.id, input.body as ApiSessionItem) ??
        onItem(state, input.id, input.body as ApiStreamItem)
      );
    case 'ended':
      return state.connections.ended(input.id) ?? onEnded(state, input.id);
    case 'stop':
      return [http({ type: 'drain' }), { type: 'stop' }];
    default:
      return [];
  }
}

function onFailed({ calls }: GatewayState, { id, failure }: GatewayInput & { type: 'askFailed' }): readonly Effect[] {
  return calls.delete(id) ? answer(id, unanswered(failure.definite)) : [];
}

function onListener(state: GatewayState, event: ListenerEvent): readonly Effect[] {
  switch (event.type) {
    case 'listening':
      return settle(state, { host: event.host, port: event.port });
    case 'failed':
      return [
        { type: 'log', level: 'error', message: 'the gateway cannot listen', fields: { error: event.message } },
        ...settle(state, { failure: event.message }),
      ];
    case 'request':
      return open(state, event);
    case 'upgrade':
      return state.connections.open(event.exchange, event.request);
    case 'forward':
      return state.connections.forward(event.exchange, event.request);
    case 'unreached':
      return answer(
        event.exchange,
        errorResponse(serviceUnavailable(`error trying to reach service: ${event.message}`)),
      );
    case 'received':
      return state.connections.received(event.exchange, event.bytes);
    case 'tooLarge':
      return answer(event.exchange, errorResponse(requestEntityTooLarge(`limit is ${bodyBytesMax}`)));
    case 'written':
      if (state.connections.has(event.exchange)) return state.connections.written(event.exchange);
      return state.streams.has(event.exchange) ? [{ type: 'credit', id: event.exchange, messages: 1 }] : [];
    case 'closed':
      return onClosed(state, event.exchange);
  }
}

/** Answers everybody who asked where it listens. */
function settle(state: GatewayState, address: GatewayAddress | ListenFailure): readonly Effect[] {
  state.address = address;
  return state.waiting.splice(0).map((request) => ({ type: 'reply', request, body: address }));
}

function open(
  state: GatewayState,
  { exchange, request }: Extract<ListenerEvent, { type: 'request' }>,
): readonly Effect[] {
  const translation = translateRequest(request);
  const to = state.args.apiServer;
  switch (translation.type) {
    case 'refuse':
      return answer(exchange, translation.response);
    case 'call': {
      state.calls.add(exchange);
      if (translation.isYaml) state.yamlCalls.add(exchange);
      const body = { type: 'call', request: translation.request };
      return [{ type: 'ask', to, id: exchange, body, timeoutMs: apiCallTimeoutMs }];
    }
    case 'open': {
      state.streams.add(exchange);
      const body = { type: 'open', request: translation.request };
      return [{ type: 'subscribe', to, id: exchange, body, credit: streamCredit }];
    }
  }
}

function onReply(state: GatewayState, exchange: number, response: ApiResponse): readonly Effect[] {
  if (!state.calls.delete(exchange)) return [];
  return answer(exchange, state.yamlCalls.delete(exchange) ? asYaml(response) : response);
}

function onItem(state: GatewayState, exchange: number, item: ApiStreamItem): readonly Effect[] {
  if (!state.streams.has(exchange)) return [];
  if (item.type === 'chunk') return [http({ type: 'write', exchange, bytes: item.bytes })];
  state.streaming.add(exchange);
  return [
    http({ type: 'begin', exchange, status: item.status, headers: responseHeaders(item) }),
    { type: 'credit', id: exchange, messages: 1 },
  ];
}

function onEnded(state: GatewayState, exchange: number): readonly Effect[] {
  if (!state.streams.delete(exchange)) return [];
  if (state.streaming.delete(exchange)) return [http({ type: 'end', exchange })];
  return answer(exchange, unanswered(true));
}

function onClosed(state: GatewayState, exchange: number): readonly Effect[] {
  if (state.connections.has(exchange)) return state.connections.closed(exchange);
  state.streaming.delete(exchange);
  state.yamlCalls.delete(exchange);
  if (state.calls.delete(exchange)) return [{ type: 'cancelAsk', id: exchange }];
  if (state.streams.delete(exchange)) return [{ type: 'unsubscribe', id: exchange }];
  return [];
}

function answer(exchange: number, response: ApiResponse): readonly Effect[] {
  return [respond(exchange, response)];
}

/** The API server did not answer: definitely without effect, or nobody knows. */
function unanswered(definite: boolean): ApiResponse {
  return errorResponse(
    definite
      ? serviceUnavailable('the API server is not running', 1)
      : timeout('the API server did not answer in time'),
  );
}
