/**
 * Asks the filters of a profile about one pod: once to prepare, then node by node. Pods that are nominated to a node and are not less important
 * count as if they ran there; the pod must fit with them and, since they may never come, without them too.
 * Models kubernetes pkg/scheduler/framework/runtime/framework.go RunPreFilterPlugins, RunFilterPluginsWithNominatedPods.
 */
import type { NodeInfo } from './node-info.ts';
import type { FilterPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import { type Rejection, success, unresolvable, type Verdict } from './verdict.ts';

interface Judge {
  readonly plugin: FilterPlugin;
  readonly judge: (node: NodeInfo) => Verdict;
}

/** What the filters found out about a pod before they looked at any node. */
export type Filters =
  | { readonly type: 'rejected'; readonly plugin: FilterPlugin; readonly rejection: Rejection }
  | {
      readonly type: 'ready';
      readonly judges: readonly Judge[];
      /** The only nodes that can do; null when any may. */
      readonly names: ReadonlySet<string> | null;
      /** The plugins that narrowed the nodes down to `names`. */
      readonly narrowing: readonly string[];
    };

/** A verdict, with the plugin that spoke it; null for success. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly plugin: string | null;
}

const passed: Judgement = { verdict: success, plugin: null };

export function prepareFilters(plugins: readonly FilterPlugin[], pod: PodInfo, snapshot: Snapshot): Filters {
  const judges: Judge[] = [];
  const narrowing: string[] = [];
  let names: ReadonlySet<string> | null = null;
  for (const plugin of plugins) {
    const prepared = plugin.prepare(pod, snapshot);
    if (prepared.type === 'skip') continue;
    if (prepared.type === 'rejected') return { type: 'rejected', plugin, rejection: prepared.rejection };
    if (prepared.judge !== null) judges.push({ plugin, judge: prepared.judge });
    if (prepared.names === null) continue;
    names = names === null ? prepared.names : intersection(names, prepared.names);
    narrowing.push(plugin.name);
  }
  return { type: 'ready', judges, names, narrowing };
}

/** Judges one node by filters that were prepared for the snapshot as it is. */
export function judgeNode(
  plugins: readonly FilterPlugin[],
  filters: Extract<Filters, { type: 'ready' }>,
  pod: PodInfo,
  node: NodeInfo,
  snapshot: Snapshot,
): Judgement {
  if (snapshot.nominations.size > 0) {
    const others = expectedOn(node, pod, snapshot);
    if (others.length > 0) {
      const look = (): Judgement => judgeAfresh(plugins, pod, node, snapshot);
      const judgement = snapshot.withPods(others, node.name, look);
      if (judgement.verdict.type !== 'success') return judgement;
    }
  }
  return runJudges(filters.judges, node);
}

/** Judges one node by filters that are prepared anew, because the snapshot has changed since. */
export function judgeAnew(plugins: readonly FilterPlugin[], pod: PodInfo, node: NodeInfo, snapshot: Snapshot): Verdict {
  const filters = prepareFilters(plugins, pod, snapshot);
  if (filters.type === 'rejected') return filters.rejection;
  if (filters.names !== null && !filters.names.has(node.name)) return narrowedBy(filters.narrowing);
  return judgeNode(plugins, filters, pod, node, snapshot).verdict;
}

/** The verdict on nodes that filters excluded by name. */
export function narrowedBy(plugins: readonly string[]): Rejection {
  return unresolvable(`node(s) didn't satisfy plugin(s) [${plugins.toSorted().join(' ')}]`);
}

function judgeAfresh(plugins: readonly FilterPlugin[], pod: PodInfo, node: NodeInfo, snapshot: Snapshot): Judgement {
  const filters = prepareFilters(plugins, pod, snapshot);
  if (filters.type === 'rejected') return { verdict: filters.rejection, plugin: filters.plugin.name };
  return runJudges(filters.judges, node);
}

function runJudges(judges: readonly Judge[], node: NodeInfo): Judgement {
  for (const { plugin, judge } of judges) {
    const verdict = judge(node);
    if (verdict.type !== 'success') return { verdict, plugin: plugin.name };
  }
  return passed;
}

function expectedOn(node: NodeInfo, pod: PodInfo, snapshot: Snapshot): readonly PodInfo[] {
  return [...snapshot.nominations.on(node.name).values()].filter(
    ({ uid, priority }) => uid !== pod.uid && priority >= pod.priority && snapshot.placementOf(uid) === undefined,
  );
}

function intersection(left: ReadonlySet<string>, right: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...left].filter((name) => right.has(name)));
}
