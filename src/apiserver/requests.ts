/** Requests and streams under way: each is a flow from its arrival to its answer, and an answer becomes effects here. */
import type { Effect } from '../actor/effect.ts';
import type { Flow } from '../actor/flow.ts';
import type { FlowEnd, FlowRunner } from '../actor/flow-runner.ts';
import type { RequestId, StreamId } from '../actor/input.ts';
import { StatusError } from '../api/status.ts';
import { badRequest, timeout } from '../api/status-errors.ts';
import type {
  ApiRequest,
  ApiResponse,
  ApiStreamItem,
  NonResourceRequest,
  ResourceRequest,
} from '../protocol/apiserver.ts';
import { type Answer, errorResponse, statusResponse } from './answer.ts';
import { authorizePath, isOpenPath } from './authorization.ts';
import type { Environment } from './environment.ts';
import { handleResource } from './handle.ts';
import { identify } from './impersonation.ts';
import { barrierTimeoutMs, requestTimeoutMs } from './limits.ts';
import { NonResourcePaths } from './non-resource.ts';
import { passBarrier } from './read-barrier.ts';
import type { Relays } from './relays.ts';
import type { WatchHub } from './watch-hub.ts';

const watchTimeoutPrefix = 'watch-timeout:';

/** A stream whose request is still being looked at. */
interface Opening {
  flow: number;
  credit: number;
}

export class Requests {
  readonly #environment: Environment;
  readonly #runner: FlowRunner;
  readonly #hub: WatchHub;
  readonly #relays: Relays;
  readonly #paths: NonResourcePaths;
  readonly #calls = new Map<RequestId, number>();
  readonly #openings = new Map<StreamId, Opening>();

  constructor(environment: Environment, runner: FlowRunner, hub: WatchHub, relays: Relays) {
    this.#environment = environment;
    this.#runner = runner;
    this.#hub = hub;
    this.#relays = relays;
    this.#paths = new NonResourcePaths(environment);
  }

  call(request: RequestId, api: ApiRequest, timeoutMs: number): readonly Effect[] {
    const flow =
      api.type === 'nonResource'
        ? handlePath(this.#environment, this.#paths, api)
        : handleResource(this.#environment, api);
    const limitMs = Math.min(timeoutMs, requestTimeoutMs);
    const { id, effects } = this.#runner.start(flow, limitMs, (end) => this.#answered(request, api, end));
    if (id !== 0) this.#calls.set(request, id);
    return effects;
  }

  /** The asker has gone. */
  cancel(request: RequestId): readonly Effect[] {
    const flow = this.#calls.get(request);
    this.#calls.delete(request);
    return flow === undefined ? [] : this.#runner.cancel(flow);
  }

  open(stream: StreamId, api: ResourceRequest, credit: number): readonly Effect[] {
    const opening = { flow: 0, credit };
    this.#openings.set(stream, opening);
    const flow = handleResource(this.#environment, api);
    const { id, effects } = this.#runner.start(flow, requestTimeoutMs, (end) => this.#opened(stream, opening, end));
    opening.flow = id;
    return effects;
  }

  grant(stream: StreamId, messages: number): readonly Effect[] {
    const opening = this.#openings.get(stream);
    if (opening !== undefined) opening.credit += messages;
    else if (!this.#hub.grant(stream, messages)) return this.#relays.grant(stream, messages);
    return [];
  }

  close(stream: StreamId): readonly Effect[] {
    const opening = this.#openings.get(stream);
    this.#openings.delete(stream);
    this.#hub.detach(stream);
    const cancelled = opening === undefined ? [] : this.#runner.cancel(opening.flow);
    return [...cancelled, { type: 'cancelTimer', key: watchTimeoutPrefix + stream }, ...this.#relays.close(stream)];
  }

  /** Takes a timer of a stream; null when the timer is another's. */
  timer(key: string): readonly Effect[] | null {
    if (!key.startsWith(watchTimeoutPrefix)) return this.#relays.timer(key);
    return this.#hub.end(Number(key.slice(watchTimeoutPrefix.length)));
  }

  /** Asks the one question that all reads of this turn wait for. */
  passBarrier(): readonly Effect[] {
    const batch = this.#environment.barrier.takeBatch();
    if (batch === null) return [];
    const { effects } = this.#runner.start(passBarrier(this.#environment), barrierTimeoutMs, (end) => {
      batch.outcome = end.type === 'returned' ? { type: 'passed' } : { type: 'failed', error: errorOf(end) };
      return this.#runner.signal(batch.signal);
    });
    return effects;
  }

  #answered(request: RequestId, api: ApiRequest, end: FlowEnd<Answer>): readonly Effect[] {
    this.#calls.delete(request);
    if (end.type === 'cancelled' && end.reason === 'caller') return [];
    if (end.type !== 'returned') return [reply(request, errorResponse(failureOf(end))), ...faultLog(end, api)];
    const { result } = end;
    if (result.type === 'complete') return [reply(request, result.response)];
    if (result.type === 'session')
      return [reply(request, statusResponse(badRequest('Upgrade request required').status))];
    return [reply(request, statusResponse(badRequest('the answer is a stream: open it as one').status))];
  }

  #opened(stream: StreamId, opening: Opening, end: FlowEnd<Answer>): readonly Effect[] {
    this.#openings.delete(stream);
    if (end.type === 'cancelled' && end.reason === 'caller') return [];
    if (end.type !== 'returned') return refuse(stream, errorResponse(failureOf(end)));
    const { result } = end;
    if (result.type === 'complete') return refuse(stream, result.response);
    if (result.type === 'relay') return this.#relays.open(stream, result, opening.credit);
    if (result.type === 'session') return refuse(stream, statusResponse(badRequest('Upgrade request required').status));
    const { plan } = result;
    this.#hub.attach(stream, plan, opening.credit);
    if (plan.timeoutSeconds === undefined || plan.timeoutSeconds <= 0) return [];
    return [{ type: 'timer', key: watchTimeoutPrefix + stream, afterMs: plan.timeoutSeconds * 1000 }];
  }
}

function* handlePath(environment: Environment, paths: NonResourcePaths, request: NonResourceRequest): Flow<Answer> {
  if (!isOpenPath(request.path)) {
    const user = yield* identify(environment, request);
    yield* authorizePath(environment, user, request);
  }
  if (request.path.startsWith('/openapi/')) yield* environment.shelf.open();
  return { type: 'complete', response: paths.answer(request) };
}

function reply(request: RequestId, body: ApiResponse): Effect {
  return { type: 'reply', request, body };
}

/** A stream that could not be opened is a response: its head says so, its one chunk is the Status. */
function refuse(stream: StreamId, { status, contentType, headers, bytes }: ApiResponse): readonly Effect[] {
  const head: ApiStreamItem = { type: 'head', status, contentType, headers };
  const chunk: ApiStreamItem = { type: 'chunk', bytes };
  return [
    { type: 'emit', stream, body: head },
    { type: 'emit', stream, body: chunk },
    { type: 'end', stream, reason: 'completed' },
  ];
}

type Failed = Exclude<FlowEnd<never>, { readonly type: 'returned' }>;

/** What a flow that did not return says to its client. */
export function failureOf(end: Failed): unknown {
  if (end.type === 'threw') return end.error;
  return timeout('request did not complete within requested timeout - context deadline exceeded');
}

function errorOf(end: Failed): StatusError {
  const failure = failureOf(end);
  return failure instanceof StatusError ? failure : new StatusError(500, 'InternalError', String(failure));
}

/** A bug in one handler is one client's 500, and ours to read. */
function faultLog(end: Failed, api: ApiRequest): readonly Effect[] {
  if (end.type !== 'threw' || end.error instanceof StatusError) return [];
  const { verb, resource, subresource } =
    api.type === 'resource' ? api : { verb: 'get', resource: api.path, subresource: '' };
  const { message = 'unknown', stack = '' } = end.error instanceof Error ? end.error : {};
  const fields = { verb, resource, subresource, message, stack };
  return [{ type: 'log', level: 'error', message: 'a handler failed', fields }];
}
