/**
 * The extension points of a scheduling cycle. A plugin is one object with a name that fills one or more of them; each point is an
 * interface of its own. Points that look at many nodes come in two steps: the first sees the pod once and returns the function that
 * judges a node, so a plugin keeps what it computed in a closure instead of a shared state keyed by strings.
 * Models kubernetes pkg/scheduler/framework/interface.go. Deviates in form only: PreFilter+Filter and PreScore+Score+NormalizeScore
 * are pairs of one function each.
 */
import type { Flow } from '../actor/flow.ts';
import type { Random } from '../base/random.ts';
import type { ClusterEvent, ClusterEventType } from './cluster-event.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';
import type { Rejection, Verdict } from './verdict.ts';
import type { Writer } from './writer.ts';

export interface Plugin {
  /** As Kubernetes names it; also the key in configuration and in metrics. */
  readonly name: string;
  /** Events after which a pod that this plugin rejected may fit. Absent: none of them. */
  readonly events?: readonly ClusterEventType[];
  /** Tells whether `event` could really help `pod`; absent means that each of `events` could. */
  mayHelp?(pod: PodInfo, event: ClusterEvent): boolean;
}

export interface QueueSortPlugin extends Plugin {
  /** Tells whether `left` is scheduled first. */
  isBefore(left: QueueItem, right: QueueItem): boolean;
}

/** What queue sorting sees: `order` grows with each pod that enters the queue. */
export interface QueueItem {
  readonly pod: PodInfo;
  readonly enqueuedAtMs: number;
  readonly order: number;
}

/**
 * What a filter found out about a pod. `skip`: it rejects no node. `rejected`: no node can do. `nodes`: judge each, or only those of
 * `names` when the pod can run nowhere else.
 */
export type Preparation =
  | { readonly type: 'skip' }
  | { readonly type: 'rejected'; readonly rejection: Rejection }
  | {
      readonly type: 'nodes';
      readonly names: ReadonlySet<string> | null;
      readonly judge: ((node: NodeInfo) => Verdict) | null;
    };

export const skip: { readonly type: 'skip' } = Object.freeze({ type: 'skip' });

export function judging(judge: (node: NodeInfo) => Verdict): Preparation {
  return { type: 'nodes', names: null, judge };
}

export interface FilterPlugin extends Plugin {
  prepare(pod: PodInfo, snapshot: Snapshot): Preparation;
}

/** Decides whether a pod may enter the active queue; asked again whenever the pod changes. */
export interface PreEnqueuePlugin extends Plugin {
  preEnqueue(pod: PodInfo): Verdict;
}

/**
 * What a postFilter plugin found. `nominated`: the pod fits on that node once the victims are gone. `helpless`: nothing helps, and a node that
 * was nominated earlier is none any more. `pending`: an earlier nomination stands.
 */
export type Nomination =
  | { readonly type: 'nominated'; readonly nodeName: string; readonly victims: readonly PodInfo[] }
  | { readonly type: 'helpless'; readonly message: string }
  | { readonly type: 'pending'; readonly message: string };

/** What is known when a pod fits nowhere. */
export interface DeadEnd {
  readonly pod: PodInfo;
  readonly snapshot: Snapshot;
  /** Per node name, for every node that was looked at. */
  readonly rejections: ReadonlyMap<string, Rejection>;
  readonly random: Random;
  /** Runs all filters for one node as the snapshot is now, with the pods that are nominated there. */
  judge(node: NodeInfo): Verdict;
}

/** How a plugin would make room for a pod that fits nowhere: the point for preemption. It leaves the snapshot as it found it. */
export interface PostFilterPlugin extends Plugin {
  nominate(deadEnd: DeadEnd): Nomination;
}

/**
 * Scores of one pod. `score` gives any number, higher is better; `normalize` then maps all scores to 0..100 in place. Without
 * `normalize`, scores are in that range already.
 */
export interface Scorer {
  score(node: NodeInfo): number;
  normalize?(scores: number[], nodes: readonly NodeInfo[]): void;
}

export interface ScorePlugin extends Plugin {
  /** Returns null when all nodes are the same to this pod. `nodes` are the feasible ones. */
  scorer(pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): Scorer | null;
}

export interface ReservePlugin extends Plugin {
  reserve(pod: PodInfo, nodeName: string, snapshot: Snapshot): Verdict;
  /** Undoes `reserve`; also called when it was not, and must then do nothing. */
  unreserve(pod: PodInfo, nodeName: string, snapshot: Snapshot): void;
}

export interface PermitPlugin extends Plugin {
  permit(pod: PodInfo, nodeName: string, snapshot: Snapshot): Verdict;
}

export interface PreBindPlugin extends Plugin {
  /** Does what must be done before the pod may be bound; null when that is nothing. */
  preBind(pod: PodInfo, nodeName: string, snapshot: Snapshot, writer: Writer): Flow<Verdict> | null;
}

/** How a binding went. */
export type BindOutcome =
  | { readonly type: 'bound' }
  /** The pod is not bound by this; it may be gone, or bound by somebody else, which the informer will show. */
  | { readonly type: 'failed'; readonly message: string }
  /** Another scheduler is elected. */
  | { readonly type: 'deposed' };

export interface BindPlugin extends Plugin {
  /** Returns null to leave the pod to the next bind plugin. */
  bind(pod: PodInfo, nodeName: string, writer: Writer): Flow<BindOutcome> | null;
}

export interface PostBindPlugin extends Plugin {
  /** Told when a pod was bound. */
  postBind(pod: PodInfo, nodeName: string): void;
}

/** A plugin that may fill any of the points; it fills those whose method it has. */
export type AnyPlugin = Plugin &
  Partial<
    QueueSortPlugin &
      PreEnqueuePlugin &
      FilterPlugin &
      PostFilterPlugin &
      ScorePlugin &
      ReservePlugin &
      PermitPlugin &
      PreBindPlugin &
      BindPlugin &
      PostBindPlugin
  >;

/** Which plugins fill which points, in their order. */
export interface Profile {
  readonly schedulerName: string;
  readonly queueSort: QueueSortPlugin;
  readonly preEnqueue: readonly PreEnqueuePlugin[];
  readonly filter: readonly FilterPlugin[];
  readonly postFilter: readonly PostFilterPlugin[];
  readonly score: readonly { readonly plugin: ScorePlugin; readonly weight: number }[];
  readonly reserve: readonly ReservePlugin[];
  readonly permit: readonly PermitPlugin[];
  readonly preBind: readonly PreBindPlugin[];
  readonly bind: readonly BindPlugin[];
  readonly postBind: readonly PostBindPlugin[];
  /** Share of nodes to look for before scoring, 1 to 100; 0 lets the size of the cluster decide. */
  readonly percentageOfNodesToScore: number;
}

/** Maps scores so that the highest becomes 100, or 0 when `reverse` is set. All stay 0 (or become 100) when none is above 0. */
export function normalizeByHighest(scores: number[], reverse = false): void {
  let highest = 0;
  for (const score of scores) highest = Math.max(highest, score);
  for (const [index, score] of scores.entries()) {
    const share = highest === 0 ? 0 : Math.floor((score * 100) / highest);
    scores[index] = reverse ? 100 - share : share;
  }
}
