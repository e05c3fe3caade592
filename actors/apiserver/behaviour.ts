/**
 * The API server actor: wires handlers (flows), the cache with its feed, and the watches to the mailbox. It decides nothing: what a request
 * means is in src/apiserver.
 *
 * Order within a step: the cache takes what the store sent, watchers are shown it, then waiting flows go on. So a watch that a flow plans
 * is attached at the very revision that it was planned at.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { CryptoEvent } from '../../src/actor/crypto-port.ts';
import type { DocumentEvent } from '../../src/actor/document-port.ts';
import type { Effect } from '../../src/actor/effect.ts';
import { FlowRunner } from '../../src/actor/flow-runner.ts';
import type { Input, Stamp } from '../../src/actor/input.ts';
import { CacheUpkeep } from '../../src/apiserver/cache-upkeep.ts';
import { definitionTimer } from '../../src/apiserver/definition-upkeep.ts';
import type { Environment } from '../../src/apiserver/environment.ts';
import { readinessOf } from '../../src/apiserver/health.ts';
import { bookmarkMs, storeProbeMs } from '../../src/apiserver/limits.ts';
import { makeEnvironment } from '../../src/apiserver/make-environment.ts';
import { Relays, relayIdMin } from '../../src/apiserver/relays.ts';
import { Requests } from '../../src/apiserver/requests.ts';
import { Sessions, sessionIdMin } from '../../src/apiserver/sessions.ts';
import type { ApiServerSettings } from '../../src/apiserver/settings.ts';
import { StoreFeed } from '../../src/apiserver/store-feed.ts';
import { WatchHub } from '../../src/apiserver/watch-hub.ts';
import type { ApiServerProtocol } from '../../src/protocol/apiserver.ts';
import type { KubeletLogsItem } from '../../src/protocol/kubelet.ts';
import type { KubeletSessionItem } from '../../src/protocol/session.ts';
import type { WatchItem } from '../../src/protocol/store.ts';

type ApiServerInput = Input<ApiServerProtocol>;

export interface ApiServerState {
  readonly environment: Environment;
  readonly runner: FlowRunner;
  readonly hub: WatchHub;
  readonly relays: Relays;
  readonly upkeep: CacheUpkeep;
  readonly requests: Requests;
  readonly sessions: Sessions;
}

export const apiServerBehaviour: Behaviour<ApiServerSettings, ApiServerState, ApiServerProtocol> = {
  init,
  step,
  flush,
};

function init(settings: ApiServerSettings, context: ActorContext): ApiServerState {
  const { monotonicMs, wallMs, random } = context;
  const environment = makeEnvironment(settings, random, { monotonicMs, wallMs });
  const runner = new FlowRunner();
  const hub = new WatchHub(environment);
  const relays = new Relays();
  const upkeep = new CacheUpkeep(environment, runner, new StoreFeed(environment), hub);
  const requests = new Requests(environment, runner, hub, relays);
  return { environment, runner, hub, relays, upkeep, requests, sessions: new Sessions(environment, runner) };
}

function step(state: ApiServerState, input: ApiServerInput): readonly Effect[] {
  const { environment, runner, hub, relays, upkeep, requests, sessions } = state;
  environment.stamp = { monotonicMs: input.monotonicMs, wallMs: input.wallMs };
  switch (input.type) {
    case 'started':
      return started(state);
    case 'ask':
      return asked(state, input);
    case 'tell':
      return sessions.resize(input.body.message);
    case 'cancelled':
      return sessions.cancel(input.request) ?? requests.cancel(input.request);
    case 'subscribed':
      if (input.body.type === 'session') return sessions.open(input.stream, input.body.request, input.credit);
      return requests.open(input.stream, input.body.request, input.credit);
    case 'credit':
      return [...requests.grant(input.stream, input.messages), ...sessions.grant(input.stream, input.messages)];
    case 'unsubscribed':
      return [...requests.close(input.stream), ...sessions.close(input.stream)];
    case 'item':
      if (input.id >= sessionIdMin) return sessions.item(input.id, input.body as KubeletSessionItem);
      if (input.id >= relayIdMin) return relays.item(input.id, input.body as KubeletLogsItem);
      return upkeep.item(input.id, input.body as WatchItem);
    case 'ended':
      if (input.id >= sessionIdMin) return sessions.ended(input.id, input.reason);
      if (input.id >= relayIdMin) return relays.ended(input.id, input.reason);
      return upkeep.ended(input.id);
    case 'watched':
      environment.replicas.observe(input.path, input.status);
      return upkeep.reconsider();
    case 'reconfigured':
      return reconfigured(state, input.args as ApiServerSettings);
    case 'timer':
      return timer(state, input);
    case 'io':
      return runner.signal(answerOf(state, input));
    case 'reply':
    case 'askFailed':
      return sessions.answered(input) ?? runner.handle(input) ?? [];
    case 'stop':
      return [...hub.endAll(), { type: 'stop' }];
    default:
      return [];
  }
}

function asked(state: ApiServerState, input: ApiServerInput & { readonly type: 'ask' }): readonly Effect[] {
  const { environment, requests, sessions } = state;
  const { request, body, timeoutMs } = input;
  switch (body.type) {
    case 'sendInput':
      return sessions.input(request, body.request);
    case 'call':
      return requests.call(request, body.request, timeoutMs);
    case 'readiness':
      return [{ type: 'reply', request, body: readinessOf(environment) }];
  }
}

/** Everything that a turn gathers: the question of all its reads, the frames of all its watchers, credit for all it consumed. */
function flush({ environment, hub, upkeep, requests }: ApiServerState, stamp: Stamp): readonly Effect[] {
  environment.stamp = { monotonicMs: stamp.monotonicMs, wallMs: stamp.wallMs };
  return [
    ...requests.passBarrier(),
    ...hub.flush(),
    ...upkeep.flush(),
    ...environment.signatures.takeCommands(),
    ...environment.shelf.takeCommands(),
  ];
}

/** Hands what a port says to whoever asked it, and returns the signal that the flow waits for. */
function answerOf({ environment }: ApiServerState, { port, event }: ApiServerInput & { readonly type: 'io' }): string {
  if (port === 'documents') return environment.shelf.take(event as DocumentEvent);
  return environment.signatures.take(event as CryptoEvent);
}

function started({ environment, upkeep }: ApiServerState): readonly Effect[] {
  const watches = environment.replicas.paths.map((path): Effect => ({ type: 'watch', path }));
  return [
    ...watches,
    { type: 'timer', key: 'probe', afterMs: storeProbeMs },
    { type: 'timer', key: 'bookmark', afterMs: bookmarkMs },
    ...upkeep.synchronize(),
  ];
}

/** Of what it was started with only the replicas change. */
function reconfigured({ environment, upkeep }: ApiServerState, { replicas }: ApiServerSettings): readonly Effect[] {
  const former = environment.replicas.paths;
  environment.replicas.replace(replicas);
  const added = replicas.filter((path) => !former.includes(path)).map((path): Effect => ({ type: 'watch', path }));
  const gone = former.filter((path) => !replicas.includes(path)).map((path): Effect => ({ type: 'unwatch', path }));
  return [...added, ...gone, ...upkeep.reconsider()];
}

function timer(state: ApiServerState, input: ApiServerInput & { readonly type: 'timer' }): readonly Effect[] {
  const { environment, runner, hub, upkeep, requests } = state;
  switch (input.key) {
    case 'probe':
      return [{ type: 'timer', key: 'probe', afterMs: storeProbeMs }, ...upkeep.probe()];
    case 'resync':
      return upkeep.synchronize();
    case 'follow':
      return upkeep.follow();
    case 'bootstrap':
      return upkeep.bootstrap();
    case definitionTimer:
      return upkeep.workOnDefinitions();
    case 'bookmark':
      hub.bookmark(environment.cache.revision);
      return [{ type: 'timer', key: 'bookmark', afterMs: bookmarkMs }];
    default:
      return requests.timer(input.key) ?? runner.handle(input) ?? [];
  }
}
