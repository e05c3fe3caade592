/**
 * A user's plugin, kept from harming the scheduler: what it throws becomes a verdict that names it, and is reported. Built-in plugins are not wrapped;
 * what they throw is a bug of ours.
 */
import type { Flow } from '../actor/flow.ts';
import type { AnyPlugin, Preparation, Scorer } from './plugin.ts';
import { type Rejection, success, type Verdict } from './verdict.ts';

export type ReportThrow = (plugin: string, point: string, error: unknown) => void;

/** Returns a plugin that never throws. `name` is the one under which it was registered. It fills the points that `plugin` fills. */
export function guardPlugin(name: string, plugin: AnyPlugin, report: ReportThrow): AnyPlugin {
  const guard = new Guard(name, report);
  return {
    name,
    ...(plugin.events && { events: plugin.events }),
    ...guardQueueing(guard, plugin),
    ...guardChoice(guard, plugin),
    ...guardBinding(guard, plugin),
  };
}

type Points<Names extends keyof AnyPlugin> = Partial<Pick<AnyPlugin, Names>>;

function guardQueueing(guard: Guard, plugin: AnyPlugin): Points<'mayHelp' | 'isBefore' | 'preEnqueue'> {
  // Bound, because a plugin may be an instance of a class.
  const mayHelp = plugin.mayHelp?.bind(plugin);
  const isBefore = plugin.isBefore?.bind(plugin);
  const preEnqueue = plugin.preEnqueue?.bind(plugin);
  const yes = (): boolean => true;
  const no = (): boolean => false;
  return {
    ...(mayHelp && { mayHelp: (pod, event) => guard.run('mayHelp', () => mayHelp(pod, event), yes) }),
    ...(isBefore && { isBefore: (left, right) => guard.run('queueSort', () => isBefore(left, right), no) }),
    ...(preEnqueue && { preEnqueue: (pod) => guard.judge('preEnqueue', () => preEnqueue(pod)) }),
  };
}

function guardChoice(guard: Guard, plugin: AnyPlugin): Points<'prepare' | 'nominate' | 'scorer'> {
  const prepare = plugin.prepare?.bind(plugin);
  const nominate = plugin.nominate?.bind(plugin);
  const scorer = plugin.scorer?.bind(plugin);
  const pending = (message: string) => ({ type: 'pending', message }) as const;
  return {
    ...(prepare && { prepare: (pod, snapshot) => guardPreparation(guard, () => prepare(pod, snapshot)) }),
    ...(nominate && { nominate: (deadEnd) => guard.run('postFilter', () => nominate(deadEnd), pending) }),
    ...(scorer && {
      scorer: (pod, nodes, snapshot) => {
        const made = guard.run<Scorer | null>(
          'score',
          () => scorer(pod, nodes, snapshot),
          () => brokenScorer,
        );
        return guardScorer(guard, made);
      },
    }),
  };
}

function guardBinding(
  guard: Guard,
  plugin: AnyPlugin,
): Points<'reserve' | 'unreserve' | 'permit' | 'preBind' | 'bind' | 'postBind'> {
  const reserve = plugin.reserve?.bind(plugin);
  const unreserve = plugin.unreserve?.bind(plugin);
  const permit = plugin.permit?.bind(plugin);
  const preBind = plugin.preBind?.bind(plugin);
  const bind = plugin.bind?.bind(plugin);
  const postBind = plugin.postBind?.bind(plugin);
  const ignored = (): void => undefined;
  const unbound = (message: string) => ({ type: 'failed', message }) as const;
  return {
    ...(reserve && { reserve: (pod, node, snapshot) => guard.judge('reserve', () => reserve(pod, node, snapshot)) }),
    // The scheduler takes back what it reserved whether the plugin can or not.
    ...((reserve ?? unreserve) && {
      unreserve: (pod, node, snapshot) => guard.run('reserve', () => unreserve?.(pod, node, snapshot), ignored),
    }),
    ...(permit && { permit: (pod, node, snapshot) => guard.judge('permit', () => permit(pod, node, snapshot)) }),
    ...(preBind && {
      preBind: (pod, node, snapshot, writer) =>
        guard.flow('preBind', () => preBind(pod, node, snapshot, writer), failed),
    }),
    ...(bind && { bind: (pod, node, writer) => guard.flow('bind', () => bind(pod, node, writer), unbound) }),
    ...(postBind && { postBind: (pod, node) => guard.run('postBind', () => postBind(pod, node), ignored) }),
  };
}

class Guard {
  readonly #name: string;
  readonly #report: ReportThrow;

  constructor(name: string, report: ReportThrow) {
    this.#name = name;
    this.#report = report;
  }

  /** Runs a method of the plugin; `instead` turns the message of what it threw into a result. */
  run<Result>(point: string, method: () => Result, instead: (message: string) => Result): Result {
    try {
      return method();
    } catch (error) {
      this.#report(this.#name, point, error);
      return instead(`plugin ${JSON.stringify(this.#name)} threw: ${textOf(error)}`);
    }
  }

  /** Guards a flow while it runs, too. */
  flow<Result>(
    point: string,
    method: () => Flow<Result> | null,
    instead: (message: string) => Result,
  ): Flow<Result> | null {
    const flow = this.run<Flow<Result> | string | null>(point, method, (message) => message);
    return flow === null ? null : this.#finish(point, flow, instead);
  }

  *#finish<Result>(point: string, flow: Flow<Result> | string, instead: (message: string) => Result): Flow<Result> {
    if (typeof flow === 'string') return instead(flow);
    try {
      return yield* flow;
    } catch (error) {
      this.#report(this.#name, point, error);
      return instead(`plugin ${JSON.stringify(this.#name)} threw: ${textOf(error)}`);
    }
  }

  /** Runs a method that gives a verdict; what is none counts as success, as a method without a return value means it. */
  judge(point: string, method: () => Verdict): Verdict {
    return this.run(point, () => method() ?? success, failed);
  }
}

const brokenScorer: Scorer = { score: () => Number.NaN };

function guardPreparation(guard: Guard, prepare: () => Preparation): Preparation {
  const rejected = (message: string): Preparation => ({ type: 'rejected', rejection: failed(message) });
  const prepared = guard.run('filter', prepare, rejected);
  if (prepared.type !== 'nodes' || prepared.judge === null) return prepared;
  const { judge } = prepared;
  return { ...prepared, judge: (node) => guard.judge('filter', () => judge(node)) };
}

/** A score that cannot be computed is no number, which fails the pod's cycle. */
function guardScorer(guard: Guard, scorer: Scorer | null): Scorer | null {
  if (scorer === null) return null;
  const guarded: Scorer = {
    score: (node) =>
      guard.run(
        'score',
        () => scorer.score(node),
        () => Number.NaN,
      ),
  };
  if (scorer.normalize === undefined) return guarded;
  const normalize = (scores: number[], nodes: Parameters<NonNullable<Scorer['normalize']>>[1]): void => {
    guard.run(
      'score',
      () => scorer.normalize?.(scores, nodes),
      () => {
        scores.fill(Number.NaN);
      },
    );
  };
  return { ...guarded, normalize };
}

function failed(message: string): Rejection {
  return { type: 'failed', reasons: [message] };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
