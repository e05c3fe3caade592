/**
 * Sessions of clients with containers: looked at as any request, then passed on to the kubelet. Input goes the same way; it is taken from
 * whoever knows the session's id, which only its opener does.
 */
import type { Effect } from '../actor/effect.ts';
import type { StreamEndReason } from '../actor/failure.ts';
import type { FlowEnd, FlowRunner } from '../actor/flow-runner.ts';
import type { RequestId, StreamId } from '../actor/input.ts';
import { StatusError, type StatusReason } from '../api/status.ts';
import { badRequest, serviceUnavailable } from '../api/status-errors.ts';
import type { ApiResponse, ApiSessionItem, ApiSessionRequest } from '../protocol/apiserver.ts';
import type { KubeletSessionItem, SessionInput, SessionRequest, SessionSize } from '../protocol/session.ts';
import { SessionRelays } from '../protocol/session-relay.ts';
import { type Answer, errorResponse, statusResponse } from './answer.ts';
import type { Environment } from './environment.ts';
import { handleResource } from './handle.ts';
import { requestTimeoutMs } from './limits.ts';
import { failureOf } from './requests.ts';

/** Subscriptions and asks of sessions have ids from here on, above those of logs. */
export const sessionIdMin = 2_000_000_000_000;

const reasons: Readonly<Record<number, StatusReason>> = { 400: 'BadRequest', 404: 'NotFound' };

interface Opening {
  flow: number;
  credit: number;
}

export class Sessions {
  readonly #environment: Environment;
  readonly #runner: FlowRunner;
  readonly #relays = new SessionRelays(sessionIdMin);
  readonly #openings = new Map<StreamId, Opening>();
  /** Sessions whose kubelet has not said yet whether it accepts them, with the subresource by which they were asked for. */
  readonly #unanswered = new Map<StreamId, string>();

  constructor(environment: Environment, runner: FlowRunner) {
    this.#environment = environment;
    this.#runner = runner;
  }

  get size(): number {
    return this.#relays.size + this.#openings.size;
  }

  open(stream: StreamId, session: ApiSessionRequest, credit: number): readonly Effect[] {
    if (credit < 1) return [{ type: 'end', stream, reason: 'rejected' }];
    const opening: Opening = { flow: 0, credit };
    this.#openings.set(stream, opening);
    const flow = handleResource(this.#environment, session.request);
    const { id, effects } = this.#runner.start(flow, requestTimeoutMs, (end) =>
      this.#opened(stream, opening, session, end),
    );
    opening.flow = id;
    return effects;
  }

  grant(stream: StreamId, messages: number): readonly Effect[] {
    const opening = this.#openings.get(stream);
    if (opening === undefined) return this.#relays.grant(stream, messages);
    opening.credit += messages;
    return [];
  }

  /** The client is gone. */
  close(stream: StreamId): readonly Effect[] {
    const opening = this.#openings.get(stream);
    this.#openings.delete(stream);
    this.#unanswered.delete(stream);
    return opening === undefined ? this.#relays.close(stream) : this.#runner.cancel(opening.flow);
  }

  input(request: RequestId, input: SessionInput): readonly Effect[] {
    return this.#relays.input(request, input);
  }

  /** Null when the request is none of a session's. */
  cancel(request: RequestId): readonly Effect[] | null {
    return this.#relays.cancel(request);
  }

  resize(size: SessionSize): readonly Effect[] {
    return this.#relays.resize(size);
  }

  /** Takes the outcome of an ask for input; null when it is none. */
  answered(input: Parameters<SessionRelays['handle']>[0]): readonly Effect[] | null {
    return this.#relays.handle(input);
  }

  #opened(stream: StreamId, opening: Opening, api: ApiSessionRequest, end: FlowEnd<Answer>): readonly Effect[] {
    this.#openings.delete(stream);
    if (end.type === 'cancelled' && end.reason === 'caller') return [];
    if (end.type !== 'returned') return refuse(stream, errorResponse(failureOf(end)));
    const { result } = end;
    if (result.type === 'complete') return refuse(stream, result.response);
    if (result.type !== 'session')
      return refuse(stream, statusResponse(badRequest('no session can be had here').status));
    const { session, to } = result;
    const isPort = session.target.type === 'reach' && api.port !== null;
    const target = isPort ? ({ type: 'connect', port: api.port } as const) : session.target;
    const request: SessionRequest = { ...session, target, sessionId: api.sessionId };
    this.#unanswered.set(stream, api.request.subresource);
    return this.#relays.open(stream, api.sessionId, to, { type: 'session', request }, opening.credit);
  }

  item(subscription: number, item: KubeletSessionItem): readonly Effect[] {
    const stream = this.#relays.readerOf(subscription);
    if (stream === undefined) return [];
    const subresource = this.#unanswered.get(stream);
    this.#unanswered.delete(stream);
    if (item.type !== 'refused') return this.#relays.item(subscription, item) ?? [];
    const error =
      subresource === 'proxy'
        ? serviceUnavailable(`error trying to reach service: ${item.message}`)
        : new StatusError(item.status, reasons[item.status] ?? 'InternalError', item.message);
    return [...this.#relays.close(stream), ...refuse(stream, statusResponse(error.status))];
  }

  ended(subscription: number, reason: StreamEndReason): readonly Effect[] {
    const stream = this.#relays.readerOf(subscription);
    const ended = this.#relays.ended(subscription, reason) ?? [];
    if (stream === undefined || !this.#unanswered.delete(stream)) return ended;
    return refuse(stream, statusResponse(serviceUnavailable('the kubelet of the pod does not answer', 1).status));
  }
}

function refuse(stream: StreamId, response: ApiResponse): readonly Effect[] {
  const body: ApiSessionItem = { type: 'refused', response };
  return [
    { type: 'emit', stream, body },
    { type: 'end', stream, reason: 'completed' },
  ];
}
