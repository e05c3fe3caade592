/**
 * The controllers of one master: stands for the office, and while it holds it runs one actor per controller. A lost office ends them all at
 * once; standbys hold no informers and no caches.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import { FlowRunner } from '../../src/actor/flow-runner.ts';
import type { Input, Stamp } from '../../src/actor/input.ts';
import type { WallMs } from '../../src/base/brand.ts';
import { controllersOf } from '../../src/controllers/registry.ts';
import { type ElectionEvent, Elector, type ElectorTurn } from '../../src/election/elector.ts';
import type { Fence } from '../../src/store/recipes/election.ts';
import { ApiDesk } from './api-desk.ts';
import { type ControllerArgs, type ControllersArgs, controllersOffice } from './controllers-args.ts';
import { mirrorLease } from './lease-mirror.ts';

export interface ControllersState {
  readonly args: ControllersArgs;
  readonly path: string;
  readonly elector: Elector;
  readonly flows: FlowRunner;
  office: { readonly desk: ApiDesk; readonly acquiredWallMs: WallMs } | null;
}

/** Asks of the elector are numbered from here; those of flows from a million on. */
const electorIdMin = 2_000_000_000;
const mirrorTimer = 'mirror';
const leaseName = 'kube-controller-manager';

export const controllersBehaviour: Behaviour<ControllersArgs, ControllersState> = { init, step };

function init(args: ControllersArgs, context: ActorContext): ControllersState {
  const { candidate, replicas, roleLeaseSeconds: ttlSeconds } = args;
  const elector = new Elector({ key: controllersOffice, candidate, ttlSeconds, replicas, idMin: electorIdMin });
  return { args, path: context.self.path, elector, flows: new FlowRunner(), office: null };
}

function step(state: ControllersState, input: Input): readonly Effect[] {
  const { elector, flows } = state;
  if (input.type === 'started') return follow(state, elector.start(input.monotonicMs), input);
  if (input.type === 'stop') return [...follow(state, elector.resign(), input), { type: 'stop' }];
  if (input.type === 'tell') return follow(state, elector.standDown('a write was refused by the fence'), input);
  if (input.type === 'timer' && input.key === mirrorTimer) return mirror(state, input);
  const turn = elector.handle(input);
  if (turn !== null) return follow(state, turn, input);
  if (input.type === 'reply' || input.type === 'askFailed' || input.type === 'timer') return flows.handle(input) ?? [];
  return [];
}

function follow(state: ControllersState, turn: ElectorTurn, stamp: Stamp): readonly Effect[] {
  return [...turn.effects, ...turn.events.flatMap((event) => react(state, event, stamp))];
}

function react(state: ControllersState, event: ElectionEvent, stamp: Stamp): readonly Effect[] {
  switch (event.type) {
    case 'elected':
      return takeOffice(state, event.fence, stamp);
    case 'deposed':
      return leaveOffice(state, event.reason);
    case 'following':
      return [{ type: 'log', level: 'debug', message: 'another master runs the controllers', fields: { ...event } }];
  }
}

function takeOffice(state: ControllersState, fence: Fence, stamp: Stamp): readonly Effect[] {
  const { args, path } = state;
  const { servers, settings, candidate } = args;
  const credentials = {
    type: 'component',
    user: 'system:kube-controller-manager',
    groups: ['system:masters'],
  } as const;
  const desk = new ApiDesk({ servers, credentials, userAgent: 'threemaster-controllers', fence });
  state.office = { desk, acquiredWallMs: stamp.wallMs };
  const children = controllersOf(settings).map(({ name }): Effect => {
    const childArgs: ControllerArgs = { controller: name, servers, settings, fence, parent: path };
    return { type: 'spawn', path: childPath(state, name), role: 'controller', args: childArgs };
  });
  const fields = { candidate, createRevision: fence.createRevision };
  return [
    { type: 'log', level: 'info', message: 'elected to run the controllers', fields },
    ...children,
    ...mirror(state, stamp),
  ];
}

function leaveOffice(state: ControllersState, reason: string): readonly Effect[] {
  state.office = null;
  const children = controllersOf(state.args.settings).map(
    ({ name }): Effect => ({ type: 'stop', path: childPath(state, name) }),
  );
  return [
    { type: 'log', level: 'warn', message: 'stopped running the controllers', fields: { reason } },
    { type: 'cancelTimer', key: mirrorTimer },
    ...children,
  ];
}

function mirror(state: ControllersState, { wallMs }: Stamp): readonly Effect[] {
  const { office, args, flows } = state;
  if (office === null) return [];
  const { roleLeaseSeconds: leaseSeconds, candidate: holder } = args;
  const mirrored = { name: leaseName, holder, leaseSeconds, acquiredWallMs: office.acquiredWallMs };
  const { effects } = flows.start(mirrorLease(mirrored, office.desk, wallMs), null, () => []);
  return [{ type: 'timer', key: mirrorTimer, afterMs: (leaseSeconds * 1000) / 2 }, ...effects];
}

function childPath({ path }: ControllersState, controller: string): string {
  return `${path}/${controller}`;
}
