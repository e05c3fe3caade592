/**
 * One scheduling cycle: find the nodes that can run a pod, score them, choose one. Synchronous and pure over a snapshot, so a thousand
 * nodes cost microseconds each and a seed repeats every choice.
 * Models kubernetes pkg/scheduler/schedule_one.go findNodesThatFitPod, prioritizeNodes, selectHost.
 */
import { assert, must } from '../base/assert.ts';
import type { Random } from '../base/random.ts';
import type { Diagnosis } from './diagnosis.ts';
import { feasibleNodesMin, feasiblePercentageMax, feasiblePercentageMin, nodesPerPercent } from './limits.ts';
import type { NodeInfo } from './node-info.ts';
import type { FilterPlugin, Profile } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import { type Rejection, unresolvable, type Verdict } from './verdict.ts';

export type CycleOutcome =
  | { readonly type: 'chosen'; readonly nodeName: string; readonly feasibleCount: number }
  | { readonly type: 'unschedulable'; readonly diagnosis: Diagnosis };

interface Judge {
  readonly plugin: FilterPlugin;
  readonly judge: (node: NodeInfo) => Verdict;
}

interface Search {
  readonly feasible: NodeInfo[];
  readonly rejections: Map<string, Rejection>;
  readonly rejectors: Set<string>;
  rejected: Rejection | null;
}

const notSelected = unresolvable("node(s) didn't satisfy plugin(s)");

/** Finds a place for one pod after another. Its only state is where the last search ended, so that searches start where it left off. */
export class SchedulingCycle {
  readonly #profile: Profile;
  readonly #random: Random;
  #nextStart = 0;

  constructor(profile: Profile, random: Random) {
    this.#profile = profile;
    this.#random = random;
  }

  /** Chooses a node for `pod`, or says for each node why it cannot be. Changes nothing in `snapshot`. */
  run(pod: PodInfo, snapshot: Snapshot): CycleOutcome {
    const search = this.#search(pod, snapshot);
    const [first] = search.feasible;
    if (first === undefined) return { type: 'unschedulable', diagnosis: this.#diagnose(pod, snapshot, search) };
    const chosen = search.feasible.length === 1 ? first : this.#choose(pod, search.feasible, snapshot);
    return { type: 'chosen', nodeName: chosen.name, feasibleCount: search.feasible.length };
  }

  #search(pod: PodInfo, snapshot: Snapshot): Search {
    const search: Search = { feasible: [], rejections: new Map(), rejectors: new Set(), rejected: null };
    const judges: Judge[] = [];
    let names: ReadonlySet<string> | null = null;
    for (const plugin of this.#profile.filter) {
      const prepared = plugin.prepare(pod, snapshot);
      if (prepared.type === 'skip') continue;
      if (prepared.type === 'rejected') {
        search.rejectors.add(plugin.name);
        search.rejected = prepared.rejection;
        return search;
      }
      if (prepared.judge !== null) judges.push({ plugin, judge: prepared.judge });
      if (prepared.names !== null) {
        names = names === null ? prepared.names : intersection(names, prepared.names);
        search.rejectors.add(plugin.name);
      }
    }
    this.#visit(names, judges, snapshot, search);
    return search;
  }

  #visit(names: ReadonlySet<string> | null, judges: readonly Judge[], snapshot: Snapshot, search: Search): void {
    const all = snapshot.nodes();
    const candidates = names === null ? all : all.filter(({ name }) => names.has(name));
    const wanted = feasibleWanted(candidates.length, this.#profile.percentageOfNodesToScore);
    const start = candidates.length === 0 ? 0 : this.#nextStart % candidates.length;
    let visited = 0;
    while (visited < candidates.length && search.feasible.length < wanted) {
      const node = candidates[(start + visited) % candidates.length] as NodeInfo;
      visited += 1;
      if (isFeasible(node, judges, search)) search.feasible.push(node);
    }
    this.#nextStart = candidates.length === 0 ? 0 : (start + visited) % candidates.length;
    if (names === null || search.feasible.length > 0) return;
    for (const { name } of all) if (!names.has(name)) search.rejections.set(name, notSelected);
  }

  #choose(pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): NodeInfo {
    const totals = new Float64Array(nodes.length);
    for (const { plugin, weight } of this.#profile.score) {
      const scorer = plugin.scorer(pod, nodes, snapshot);
      if (scorer === null) continue;
      const scores = nodes.map((node) => scorer.score(node));
      scorer.normalize?.(scores, nodes);
      for (const [index, score] of scores.entries()) {
        assert(score >= 0 && score <= 100, 'a score is out of range', { plugin: plugin.name, score });
        totals[index] = (totals[index] as number) + weight * score;
      }
    }
    let best = 0;
    let ties = 1;
    for (let index = 1; index < nodes.length; index += 1) {
      const difference = (totals[index] as number) - (totals[best] as number);
      if (difference > 0) {
        best = index;
        ties = 1;
      } else if (difference === 0) {
        // Reservoir sampling: each of the best is chosen with the same probability.
        ties += 1;
        if (this.#random.integer(1, ties) === 1) best = index;
      }
    }
    return must(nodes[best], 'a node is chosen from none');
  }

  #diagnose(pod: PodInfo, snapshot: Snapshot, search: Search): Diagnosis {
    const { rejections, rejected, rejectors } = search;
    const messages: string[] = [];
    if (snapshot.nodeCount > 0) {
      for (const plugin of this.#profile.postFilter) {
        const { message } = plugin.nominate(pod, snapshot, rejections);
        if (message !== '') messages.push(message);
      }
    }
    const postFilterMessage = messages.join(', ');
    return { nodeCount: snapshot.nodeCount, rejections, rejected, rejectors, postFilterMessage };
  }
}

/** How many feasible nodes are enough. Models schedule_one.go numFeasibleNodesToFind. */
export function feasibleWanted(nodeCount: number, percentage: number): number {
  if (nodeCount < feasibleNodesMin) return nodeCount;
  const adaptive = Math.max(feasiblePercentageMin, feasiblePercentageMax - Math.floor(nodeCount / nodesPerPercent));
  const share = percentage > 0 ? percentage : adaptive;
  return Math.max(feasibleNodesMin, Math.floor((nodeCount * share) / 100));
}

function isFeasible(node: NodeInfo, judges: readonly Judge[], search: Search): boolean {
  for (const { plugin, judge } of judges) {
    const verdict = judge(node);
    if (verdict.type === 'success') continue;
    search.rejections.set(node.name, verdict);
    search.rejectors.add(plugin.name);
    return false;
  }
  return true;
}

function intersection(left: ReadonlySet<string>, right: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...left].filter((name) => right.has(name)));
}
