/**
 * The controllers of one master: stands for the office, and while it holds it runs one actor per controller. A lost office ends them all at
 * once; standbys hold no informers and no caches.
 *
 * Ids: the elector's asks and streams lie below `electorIds`, those of flows above a million.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import { FlowRunner } from '../../src/actor/flow-runner.ts';
import type { Input, Stamp } from '../../src/actor/input.ts';
import { type ElectionEvent, Elector, type ElectorTurn, resignedReason } from '../../src/election/elector.ts';
import { mirrorOffice } from '../../src/election/lease-mirror.ts';
import { ApiClient } from '../../src/protocol/api-client.ts';
import type { Fence } from '../../src/protocol/apiserver.ts';
import {
  type ControllerArgs,
  type ControllersArgs,
  controllersCredentials,
  controllersOffice,
} from './controllers-args.ts';

export interface ControllersState {
  args: ControllersArgs;
  readonly path: string;
  readonly elector: Elector;
  readonly flows: FlowRunner;
  /** The office while it is held. `mirror`: the flow that mirrors it as a Lease, and its client. */
  office: { readonly fence: Fence; readonly mirror: number; readonly api: ApiClient } | null;
  /** The time of the step under way: what the mirror writes as its own. */
  now: Stamp;
}

const leaseName = 'kube-controller-manager';

export const controllersBehaviour: Behaviour<ControllersArgs, ControllersState> = { init, step };

function init(args: ControllersArgs, context: ActorContext): ControllersState {
  const { candidate, replicas, roleLeaseSeconds: ttlSeconds } = args;
  const elector = new Elector({ key: controllersOffice, candidate, ttlSeconds, replicas, idMin: 0 });
  return { args, path: context.self.path, elector, flows: new FlowRunner(), office: null, now: context };
}

function step(state: ControllersState, input: Input): readonly Effect[] {
  const { elector, flows } = state;
  state.now = input;
  if (input.type === 'started') return follow(state, elector.start(input.monotonicMs));
  if (input.type === 'stop') return follow(state, elector.resign());
  if (input.type === 'tell') return follow(state, elector.standDown('a write was refused by the fence'));
  if (input.type === 'reconfigured') return reconfigured(state, input.args as ControllersArgs);
  const turn = elector.handle(input);
  if (turn !== null) return follow(state, turn);
  if (input.type === 'reply' || input.type === 'askFailed' || input.type === 'timer') return flows.handle(input) ?? [];
  return [];
}

function follow(state: ControllersState, turn: ElectorTurn): readonly Effect[] {
  return [...turn.effects, ...turn.events.flatMap((event) => react(state, event))];
}

function react(state: ControllersState, event: ElectionEvent): readonly Effect[] {
  switch (event.type) {
    case 'elected':
      return takeOffice(state, event.fence);
    case 'deposed':
      return leaveOffice(state, event.reason);
    case 'resigned':
      return [{ type: 'stop' }];
    case 'following':
      return [{ type: 'log', level: 'debug', message: 'another master runs the controllers', fields: { ...event } }];
  }
}

function takeOffice(state: ControllersState, fence: Fence): readonly Effect[] {
  const { candidate, controllers } = state.args;
  const children = controllers.map((name): Effect => {
    return { type: 'spawn', path: childPath(state, name), role: 'controller', args: childArgs(state, name, fence) };
  });
  const fields = { candidate, createRevision: fence.createRevision };
  return [
    { type: 'log', level: 'info', message: 'elected to run the controllers', fields },
    ...children,
    ...startMirror(state, fence),
  ];
}

/** Of what it was started with only the lists of servers and replicas change. */
function reconfigured(state: ControllersState, args: ControllersArgs): readonly Effect[] {
  const { elector, office } = state;
  state.args = args;
  elector.replaceReplicas(args.replicas);
  if (office === null) return [];
  office.api.replaceServers(args.servers);
  return args.controllers.map(
    (name): Effect => ({
      type: 'reconfigure',
      path: childPath(state, name),
      args: childArgs(state, name, office.fence),
    }),
  );
}

function childArgs({ args, path }: ControllersState, controller: string, fence: Fence): ControllerArgs {
  const { servers, settings } = args;
  return { controller, servers, settings, fence, parent: path };
}

function leaveOffice(state: ControllersState, reason: string): readonly Effect[] {
  const level = reason === resignedReason ? 'info' : 'warn';
  const cancelled = state.office === null ? [] : state.flows.cancel(state.office.mirror);
  state.office = null;
  const children = state.args.controllers.map((name): Effect => ({ type: 'stop', path: childPath(state, name) }));
  return [
    { type: 'log', level, message: 'stopped running the controllers', fields: { reason } },
    ...cancelled,
    ...children,
  ];
}

function startMirror(state: ControllersState, fence: Fence): readonly Effect[] {
  const { args, flows, now } = state;
  const { servers, roleLeaseSeconds: leaseSeconds, candidate: holder } = args;
  const api = new ApiClient({ servers, credentials: controllersCredentials, userAgent: 'threemaster-controllers' });
  const office = { name: leaseName, holder, leaseSeconds, acquiredWallMs: now.wallMs, fence };
  const { id, effects } = flows.start(
    mirrorOffice(office, api, () => state.now.wallMs),
    null,
    () => [],
  );
  state.office = { fence, mirror: id, api };
  return effects;
}

function childPath({ path }: ControllersState, controller: string): string {
  return `${path}/${controller}`;
}
