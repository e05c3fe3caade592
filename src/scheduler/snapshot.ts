/**
 * The cluster as one scheduling cycle sees it: nodes, and the pods that run on them or are assumed to. It changes by increments between
 * cycles, and during one only for trials that are undone at once, so a cycle needs no copy.
 *
 * A pod that was just given a node is *assumed* there until the informer shows it (confirmed) or its binding fails (forgotten). Without
 * that, the next cycle would count on room that is taken. Models kubernetes pkg/scheduler/backend/cache.
 */
import type { LabelSelector } from '../api/label-selector.ts';
import { labelsOf, nameOf, type StringMap } from '../api/object-meta.ts';
import { assert, must } from '../base/assert.ts';
import type { Node } from '../kinds/node/types.ts';
import { countedSelectorsMax } from './limits.ts';
import { type MatchCounts, MatchIndex, type MatchScope } from './match-index.ts';
import { NodeInfo } from './node-info.ts';
import { Nominations } from './nominations.ts';
import { type PodInfo, sharesSums } from './pod-info.ts';
import { emptySurroundings, type Surroundings } from './surroundings.ts';
import { Tally } from './tally.ts';
import { TermIndex } from './term-index.ts';
import { VolumePlans } from './volume-plans.ts';

export interface Placement {
  readonly pod: PodInfo;
  readonly nodeName: string;
  readonly isAssumed: boolean;
}

const zoneLabel = 'topology.kubernetes.io/zone';
const regionLabel = 'topology.kubernetes.io/region';

export class Snapshot {
  readonly surroundings: Surroundings;
  readonly terms = new TermIndex();
  readonly nominations = new Nominations();
  readonly volumePlans = new VolumePlans();
  /** How many nodes have an image, by its name. */
  readonly imageNodes = new Tally();
  /** How many placed pods use a claim, by `namespace/name`. */
  readonly claimUsers = new Tally();
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #placements = new Map<string, Placement>();
  /** Pods whose node is not known, or not any more, by node name. */
  readonly #strays = new Map<string, Set<PodInfo>>();
  readonly #matches: MatchIndex;
  #ordered: readonly NodeInfo[] | null = null;

  constructor(surroundings: Surroundings = emptySurroundings) {
    this.surroundings = surroundings;
    this.#matches = new MatchIndex(countedSelectorsMax, () => this.#pods());
  }

  get nodeCount(): number {
    return this.#nodes.size;
  }

  /** All nodes, taking turns between zones, so that looking at a part of them looks at every zone. */
  nodes(): readonly NodeInfo[] {
    this.#ordered ??= interleaveZones([...this.#nodes.values()]);
    return this.#ordered;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  /** Returns where a pod runs or is assumed, as it was last told. */
  placementOf(uid: string): Placement | undefined {
    return this.#placements.get(uid);
  }

  /** Returns the node that a pod runs on or is assumed on. */
  nodeNameOf(uid: string): string | undefined {
    return this.#placements.get(uid)?.nodeName;
  }

  isAssumed(uid: string): boolean {
    return this.#placements.get(uid)?.isAssumed ?? false;
  }

  /** Counts the pods of `namespace` that match `selector`, per node name; `live` leaves out those that are being deleted. */
  matchCounts(namespace: string, selector: LabelSelector, scope: MatchScope): MatchCounts {
    return this.#matches.counts(namespace, selector, scope);
  }

  setNode(node: Node): void {
    const name = nameOf(node);
    const known = this.#nodes.get(name);
    if (known === undefined) {
      const info = new NodeInfo(node);
      this.#countImages(info, 1);
      this.#nodes.set(name, info);
      for (const pod of this.#strays.get(name) ?? []) info.add(pod);
      this.#strays.delete(name);
      this.#ordered = null;
      return;
    }
    if (zoneOf(known.labels) !== zoneOf(labelsOf(node))) this.#ordered = null;
    this.#countImages(known, -1);
    known.replace(node);
    this.#countImages(known, 1);
  }

  removeNode(name: string): void {
    const known = this.#nodes.get(name);
    if (known === undefined) return;
    this.#nodes.delete(name);
    this.#countImages(known, -1);
    this.#ordered = null;
    if (known.pods.size > 0) this.#strays.set(name, new Set(known.pods.values()));
  }

  /** Takes over what the informer shows of a pod that has a node: confirms an assumed pod, or moves it to where it really is. */
  setPod(pod: PodInfo, nodeName: string): void {
    assert(nodeName !== '', 'a placed pod has a node', { key: pod.key });
    const former = this.#placements.get(pod.uid);
    if (former !== undefined && this.#refresh(former, pod, nodeName)) return;
    if (former !== undefined) this.#take(pod.uid);
    this.#place({ pod, nodeName, isAssumed: false });
  }

  removePod(uid: string): void {
    if (this.#placements.has(uid)) this.#take(uid);
  }

  /** Counts `pod` on `nodeName` before it is bound there. */
  assume(pod: PodInfo, nodeName: string): void {
    assert(!this.#placements.has(pod.uid), 'a placed pod is not assumed', { key: pod.key });
    assert(this.#nodes.has(nodeName), 'a pod is assumed on a known node', { nodeName });
    this.#place({ pod, nodeName, isAssumed: true });
  }

  /** Takes an assumed pod back; does nothing when it was confirmed or removed meanwhile. */
  forget(uid: string): void {
    if (this.isAssumed(uid)) this.#take(uid);
  }

  /**
   * Takes a placed pod away for a trial, and returns what `putBack` takes. Whoever lifts puts back within the same cycle, so that nobody else
   * sees the snapshot without the pod.
   */
  lift(uid: string): Placement {
    return this.#take(uid);
  }

  putBack(placement: Placement): void {
    this.#place(placement);
  }

  /** Runs `look` with pods that have no place counted on `nodeName`, and takes them away again. */
  withPods<Result>(pods: readonly PodInfo[], nodeName: string, look: () => Result): Result {
    for (const pod of pods) this.assume(pod, nodeName);
    try {
      return look();
    } finally {
      for (const pod of pods) this.#take(pod.uid);
    }
  }

  *#pods(): Iterable<readonly [PodInfo, string]> {
    for (const { pod, nodeName } of this.#placements.values()) yield [pod, nodeName];
  }

  #place(placement: Placement): void {
    const { pod, nodeName } = placement;
    this.#placements.set(pod.uid, placement);
    const node = this.#nodes.get(nodeName);
    if (node === undefined) this.#strays.set(nodeName, (this.#strays.get(nodeName) ?? new Set()).add(pod));
    else node.add(pod);
    this.#matches.add(pod, nodeName);
    this.terms.add(pod, nodeName);
    for (const claim of pod.claims) this.claimUsers.change(`${pod.namespace}/${claim}`, 1);
  }

  /** Exchanges the object of a pod that stays where it is and asks for the same; false when indexes would change. */
  #refresh(former: Placement, pod: PodInfo, nodeName: string): boolean {
    const known = former.pod;
    if (former.nodeName !== nodeName || !sharesSums(known, pod) || known.isTerminating !== pod.isTerminating)
      return false;
    this.#placements.set(pod.uid, { pod, nodeName, isAssumed: false });
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) node.refresh(pod);
    else this.#strays.get(nodeName)?.add(pod).delete(known);
    return true;
  }

  #countImages({ images }: NodeInfo, difference: number): void {
    for (const name of images.keys()) this.imageNodes.change(name, difference);
  }

  #take(uid: string): Placement {
    const placement = must(this.#placements.get(uid), 'a pod without a place is taken from it');
    const { pod, nodeName } = placement;
    this.#placements.delete(uid);
    this.#nodes.get(nodeName)?.remove(pod);
    const strays = this.#strays.get(nodeName);
    strays?.delete(pod);
    if (strays?.size === 0) this.#strays.delete(nodeName);
    this.#matches.remove(pod, nodeName);
    this.terms.remove(pod, nodeName);
    for (const claim of pod.claims) this.claimUsers.change(`${pod.namespace}/${claim}`, -1);
    return placement;
  }
}

function zoneOf(labels: StringMap): string {
  return `${labels[regionLabel] ?? ''}:${labels[zoneLabel] ?? ''}`;
}

function interleaveZones(nodes: readonly NodeInfo[]): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const node of nodes) {
    const zone = zoneOf(node.labels);
    const members = zones.get(zone);
    if (members === undefined) zones.set(zone, [node]);
    else members.push(node);
  }
  if (zones.size <= 1) return nodes;
  const ordered: NodeInfo[] = [];
  for (let index = 0; ordered.length < nodes.length; index += 1) {
    for (const members of zones.values()) {
      const member = members[index];
      if (member !== undefined) ordered.push(member);
    }
  }
  return ordered;
}
