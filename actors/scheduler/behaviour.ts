/**
 * The scheduler actor: a candidate for the office `scheduler`, and while elected the one that places pods. It wires the elector and the
 * scheduler of the present term to the mailbox and decides nothing.
 *
 * Ids: the elector's asks and streams lie below `electorIds`, those of flows above a million, and each term has a million subscriptions of its own.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import { FlowRunner } from '../../src/actor/flow-runner.ts';
import type { Input, Stamp } from '../../src/actor/input.ts';
import type { ModulesEvent } from '../../src/actor/modules-port.ts';
import type { Protocol } from '../../src/actor/protocol.ts';
import { must } from '../../src/base/assert.ts';
import { type ElectionEvent, Elector, type ElectorTurn } from '../../src/election/elector.ts';
import type { Fence } from '../../src/protocol/apiserver.ts';
import { compileProfiles, limitsOf } from '../../src/scheduler/compile-profiles.ts';
import { type SchedulerConfiguration, SchedulerConfigurationError } from '../../src/scheduler/configuration.ts';
import { type SchedulerLimits, schedulerLimits } from '../../src/scheduler/limits.ts';
import type { Profile } from '../../src/scheduler/plugin.ts';
import { type ImportedModule, registryWith } from '../../src/scheduler/registry.ts';
import { ActiveScheduler } from './active-scheduler.ts';

/** What a scheduler is started with. Paths are in order of preference: the own master's first. */
export interface SchedulerArgs {
  readonly apiServers: readonly string[];
  readonly replicas: readonly string[];
  /** The key of the office in the store. */
  readonly electionKey: string;
  /** The candidate's name, for others to see. */
  readonly candidate: string;
  readonly leaseSeconds: number;
  readonly limits?: Partial<SchedulerLimits>;
  /** Default: one profile with the default plugins. */
  readonly configuration?: SchedulerConfiguration;
  /** Modules with the user's plugins, by URL. They are imported before the candidate stands for its office. */
  readonly modules?: readonly string[];
}

export interface SchedulerState {
  args: SchedulerArgs;
  readonly context: ActorContext;
  readonly elector: Elector;
  readonly runner: FlowRunner;
  /** Null while another holds the office. */
  active: ActiveScheduler | null;
  terms: number;
  /** Null while modules are imported. */
  profiles: readonly Profile[] | null;
  isStarted: boolean;
  /** What the user's plugins threw in this turn. */
  readonly thrown: Effect[];
}

const subscriptionsPerTerm = 1_000_000;

export const schedulerBehaviour: Behaviour<SchedulerArgs, SchedulerState> = { init, step, flush };

function init(args: SchedulerArgs, context: ActorContext): SchedulerState {
  const { electionKey: key, candidate, leaseSeconds: ttlSeconds, replicas } = args;
  const elector = new Elector({ key, candidate, ttlSeconds, replicas, idMin: 0 });
  const state: SchedulerState = {
    args,
    context,
    elector,
    runner: new FlowRunner(),
    active: null,
    terms: 0,
    profiles: null,
    isStarted: false,
    thrown: [],
  };
  if ((args.modules ?? []).length === 0) compile(state, []);
  return state;
}

/** Throws SchedulerConfigurationError, which ends the actor: whoever starts it checks first. */
function compile(state: SchedulerState, modules: readonly ImportedModule[]): void {
  const registry = registryWith(modules, (plugin, point, error) => {
    const fields = { plugin, point, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    state.thrown.push({ type: 'log', level: 'warn', message: 'a plugin threw', fields });
  });
  state.profiles = compileProfiles(state.args.configuration ?? {}, registry);
}

function step(state: SchedulerState, input: Input<Protocol>): readonly Effect[] {
  const { elector, runner } = state;
  if (input.type === 'io' && input.port === 'modules') {
    takeModules(state, input.event as ModulesEvent);
    return state.isStarted ? follow(state, elector.start(input.monotonicMs), input) : [];
  }
  if (input.type === 'started') {
    state.isStarted = true;
    return state.profiles === null ? [] : follow(state, elector.start(input.monotonicMs), input);
  }
  if (input.type === 'stop')
    return state.profiles === null ? [{ type: 'stop' }] : follow(state, elector.resign(), input);
  if (input.type === 'reconfigured') return reconfigured(state, input.args as SchedulerArgs);
  const turn = elector.handle(input);
  if (turn !== null) return follow(state, turn, input);
  return state.active?.handle(input) ?? runner.handle(input) ?? [];
}

/** Of what it was started with only the lists of servers and replicas change. */
function reconfigured(state: SchedulerState, args: SchedulerArgs): readonly Effect[] {
  state.args = args;
  state.elector.replaceReplicas(args.replicas);
  return state.active?.replaceServers(args.apiServers) ?? [];
}

function takeModules(state: SchedulerState, event: ModulesEvent): void {
  if (event.type === 'failed')
    throw new SchedulerConfigurationError(`${event.url} cannot be imported: ${event.message}`);
  compile(state, event.modules);
}

function flush(state: SchedulerState, stamp: Stamp): readonly Effect[] {
  const { active, elector } = state;
  if (active === null) return state.thrown.splice(0);
  if (active.isDeposed) return follow(state, elector.standDown('a write was refused by the store'), stamp);
  return [...active.flush(stamp), ...state.thrown.splice(0)];
}

function follow(state: SchedulerState, turn: ElectorTurn, stamp: Stamp): readonly Effect[] {
  return [...turn.effects, ...turn.events.flatMap((event) => elected(state, event, stamp))];
}

function elected(state: SchedulerState, event: ElectionEvent, stamp: Stamp): readonly Effect[] {
  switch (event.type) {
    case 'elected':
      return [log('elected', { fence: event.fence.createRevision }), ...takeOffice(state, event.fence, stamp)];
    case 'deposed':
      return [log('deposed', { reason: event.reason }), ...leaveOffice(state)];
    case 'resigned':
      return [{ type: 'stop' }];
    case 'following':
      return [log('following', { holder: event.holder })];
  }
}

function takeOffice(state: SchedulerState, fence: Fence, stamp: Stamp): readonly Effect[] {
  const { args, context, runner } = state;
  state.terms += 1;
  state.active = new ActiveScheduler({
    candidate: args.candidate,
    leaseSeconds: args.leaseSeconds,
    apiServers: args.apiServers,
    fence,
    limits: { ...schedulerLimits, ...limitsOf(args.configuration ?? {}), ...args.limits },
    profiles: must(state.profiles, 'an office is taken before its profiles are there'),
    random: context.random.fork(`term ${state.terms}`),
    memo: context.memo,
    runner,
    subscriptionMin: state.terms * subscriptionsPerTerm,
  });
  return state.active.start(stamp);
}

function leaveOffice(state: SchedulerState): readonly Effect[] {
  const effects = state.active?.stop() ?? [];
  state.active = null;
  return effects;
}

function log(message: string, fields: Readonly<Record<string, unknown>>): Effect {
  return { type: 'log', level: 'info', message, fields };
}
