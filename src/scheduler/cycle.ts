/**
 * One scheduling cycle: find the nodes that can run a pod, score them, choose one. Synchronous and pure over a snapshot, so a thousand
 * nodes cost microseconds each and a seed repeats every choice.
 * Models kubernetes pkg/scheduler/schedule_one.go findNodesThatFitPod, prioritizeNodes, selectHost.
 */
import { must } from '../base/assert.ts';
import type { Random } from '../base/random.ts';
import type { Diagnosis } from './diagnosis.ts';
import { type Filters, judgeAnew, judgeNode, narrowedBy, prepareFilters } from './filtering.ts';
import { feasibleNodesMin, feasiblePercentageMax, feasiblePercentageMin, nodesPerPercent, scoreMax } from './limits.ts';
import type { NodeInfo } from './node-info.ts';
import type { DeadEnd, Nomination, Profile } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import type { Rejection } from './verdict.ts';

export type CycleOutcome =
  | { readonly type: 'chosen'; readonly nodeName: string; readonly feasibleCount: number }
  /** `nomination`: what postFilter found; null when there was nobody to ask. */
  | { readonly type: 'unschedulable'; readonly diagnosis: Diagnosis; readonly nomination: Nomination | null }
  /** A plugin could not tell. */
  | { readonly type: 'failed'; readonly message: string };

interface Search {
  readonly feasible: NodeInfo[];
  readonly rejections: Map<string, Rejection>;
  readonly rejectors: Set<string>;
  rejected: Rejection | null;
  failure: string | null;
}

/** Finds a place for one pod after another. Its only state is where the last search ended, so that searches start where it left off. */
export class SchedulingCycle {
  readonly #profile: Profile;
  readonly #random: Random;
  #nextStart = 0;

  constructor(profile: Profile, random: Random) {
    this.#profile = profile;
    this.#random = random;
  }

  /** Chooses a node for `pod`, or says for each node why it cannot be. Leaves `snapshot` as it was. */
  run(pod: PodInfo, snapshot: Snapshot): CycleOutcome {
    const search = this.#search(pod, snapshot);
    if (search.failure !== null) return { type: 'failed', message: search.failure };
    const [first] = search.feasible;
    if (first === undefined) return this.#makeRoom(pod, snapshot, search);
    const chosen = search.feasible.length === 1 ? first : this.#choose(pod, search.feasible, snapshot);
    if (typeof chosen === 'string') return { type: 'failed', message: chosen };
    return { type: 'chosen', nodeName: chosen.name, feasibleCount: search.feasible.length };
  }

  #search(pod: PodInfo, snapshot: Snapshot): Search {
    const search: Search = {
      feasible: [],
      rejections: new Map(),
      rejectors: new Set(),
      rejected: null,
      failure: null,
    };
    const filters = prepareFilters(this.#profile.filter, pod, snapshot);
    if (filters.type === 'rejected') {
      search.rejectors.add(filters.plugin.name);
      search.rejected = filters.rejection;
      if (filters.rejection.type === 'failed') search.failure = failureOf(filters.plugin.name, filters.rejection);
      return search;
    }
    for (const name of filters.narrowing) search.rejectors.add(name);
    this.#visit(pod, filters, snapshot, search);
    return search;
  }

  #visit(pod: PodInfo, filters: Extract<Filters, { type: 'ready' }>, snapshot: Snapshot, search: Search): void {
    const { names } = filters;
    const isFeasible = (node: NodeInfo): boolean => {
      const { verdict, plugin } = judgeNode(this.#profile.filter, filters, pod, node, snapshot);
      if (verdict.type === 'success') return true;
      search.rejections.set(node.name, verdict);
      if (plugin !== null) search.rejectors.add(plugin);
      if (verdict.type === 'failed') search.failure = failureOf(plugin ?? '', verdict);
      return false;
    };
    // The room that was made for this pod is tried first; elsewhere it might take the room of others.
    const nominated = snapshot.node(snapshot.nominations.nodeNameOf(pod.uid) ?? '');
    if (nominated !== undefined && (names?.has(nominated.name) ?? true) && isFeasible(nominated)) {
      search.feasible.push(nominated);
      return;
    }
    const all = snapshot.nodes();
    const candidates = names === null ? all : [...names].flatMap((name) => snapshot.node(name) ?? []);
    const wanted = feasibleWanted(candidates.length, this.#profile.percentageOfNodesToScore);
    const start = candidates.length === 0 ? 0 : this.#nextStart % candidates.length;
    let visited = 0;
    while (visited < candidates.length && search.feasible.length < wanted && search.failure === null) {
      const node = candidates[(start + visited) % candidates.length] as NodeInfo;
      visited += 1;
      if (isFeasible(node)) search.feasible.push(node);
    }
    if (names === null) this.#nextStart = candidates.length === 0 ? 0 : (start + visited) % candidates.length;
    if (names === null || search.feasible.length > 0) return;
    const excluded = narrowedBy(filters.narrowing);
    for (const { name } of all) if (!names.has(name)) search.rejections.set(name, excluded);
  }

  /** Returns the best node, or which plugin scored in a way that cannot be compared. */
  #choose(pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): NodeInfo | string {
    const totals = new Float64Array(nodes.length);
    for (const { plugin, weight } of this.#profile.score) {
      const scorer = plugin.scorer(pod, nodes, snapshot);
      if (scorer === null) continue;
      const scores = nodes.map((node) => scorer.score(node));
      scorer.normalize?.(scores, nodes);
      for (const [index, score] of scores.entries()) {
        if (!(score >= 0 && score <= scoreMax)) return invalidScore(plugin.name, score);
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

  #makeRoom(pod: PodInfo, snapshot: Snapshot, { rejections, rejected, rejectors }: Search): CycleOutcome {
    const deadEnd: DeadEnd = {
      pod,
      snapshot,
      rejections: rejected === null ? rejections : new Map(snapshot.nodes().map(({ name }) => [name, rejected])),
      random: this.#random,
      judge: (node) => judgeAnew(this.#profile.filter, pod, node, snapshot),
    };
    const messages: string[] = [];
    let nomination: Nomination | null = null;
    if (snapshot.nodeCount > 0) {
      for (const plugin of this.#profile.postFilter) {
        const found = plugin.nominate(deadEnd);
        if (found.type !== 'nominated') messages.push(found.message);
        if (nomination === null || found.type !== 'helpless') nomination = found;
        if (found.type === 'nominated') break;
      }
    }
    const postFilterMessage = nomination?.type === 'nominated' ? '' : messages.filter((text) => text !== '').join(', ');
    const diagnosis = { nodeCount: snapshot.nodeCount, rejections, rejected, rejectors, postFilterMessage };
    return { type: 'unschedulable', diagnosis, nomination };
  }
}

/** How many feasible nodes are enough. Models schedule_one.go numFeasibleNodesToFind. */
export function feasibleWanted(nodeCount: number, percentage: number): number {
  if (nodeCount < feasibleNodesMin) return nodeCount;
  const adaptive = Math.max(feasiblePercentageMin, feasiblePercentageMax - Math.floor(nodeCount / nodesPerPercent));
  const share = percentage > 0 ? percentage : adaptive;
  return Math.max(feasibleNodesMin, Math.floor((nodeCount * share) / 100));
}

function failureOf(plugin: string, { reasons }: Rejection): string {
  return `running ${JSON.stringify(plugin)} filter plugin: ${reasons.join(', ')}`;
}

function invalidScore(plugin: string, score: number): string {
  const range = `it should in the range of [0, ${scoreMax}] after normalizing`;
  return `plugin ${JSON.stringify(plugin)} returns an invalid score ${score}, ${range}`;
}
