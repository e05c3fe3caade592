/**
 * Scores a node by how much of some resources would be used with the pod on it: the less the better, the more the better, or along a given line.
 * Models plugins/noderesources/least_allocated.go, most_allocated.go, requested_to_capacity_ratio.go.
 */
import { scoreMax } from '../../limits.ts';
import type { NodeInfo } from '../../node-info.ts';
import type { Scorer } from '../../plugin.ts';
import type { PodInfo } from '../../pod-info.ts';

export interface WeighedResource {
  readonly name: string;
  /** 1 to 100; default 1. */
  readonly weight?: number;
}

/** A point of a line: at that share of use (0 to 100) a node scores so much (0 to 10). */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

export interface ScoringStrategy {
  readonly type?: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio';
  /** Default: cpu and memory, equally. */
  readonly resources?: readonly WeighedResource[];
  /** For RequestedToCapacityRatio; points in ascending order. */
  readonly requestedToCapacityRatio?: { readonly shape?: readonly ShapePoint[] };
}

/** The score of one resource: 0 to 100. `capacity` is above 0. */
type ResourceScore = (requested: number, capacity: number) => number;

/** Points of a shape score up to this. */
const shapeScoreMax = 10;

/** Compiles a strategy; the result makes the scorer of a pod. */
export function strategyScorer(strategy: ScoringStrategy): (pod: PodInfo) => Scorer {
  const { type = 'LeastAllocated' } = strategy;
  const resources = (strategy.resources ?? [{ name: 'cpu' }, { name: 'memory' }]).map(({ name, weight = 1 }) => ({
    name,
    weight,
  }));
  const isRatio = type === 'RequestedToCapacityRatio';
  const scoreOf = isRatio
    ? ratioScore(strategy.requestedToCapacityRatio?.shape ?? [])
    : type === 'MostAllocated'
      ? mostAllocated
      : leastAllocated;
  return (pod) => ({
    score(node) {
      let total = 0;
      let weights = 0;
      for (const { name, weight } of resources) {
        const capacity = node.allocatable.get(name) ?? 0;
        const requested = requestedOf(name, pod, node);
        if (capacity === 0 || requested === null) continue;
        const score = scoreOf(requested, capacity);
        if (isRatio && score <= 0) continue;
        total += score * weight;
        weights += weight;
      }
      if (weights === 0) return 0;
      return isRatio ? Math.round(total / weights) : Math.floor(total / weights);
    },
  });
}

/** What would be requested with the pod on the node; null for a resource that only some nodes have and the pod does not ask for. */
function requestedOf(name: string, pod: PodInfo, node: NodeInfo): number | null {
  if (name === 'cpu' || name === 'memory') {
    return (node.scoringRequested.get(name) ?? 0) + (pod.scoringRequests.get(name) ?? 0);
  }
  const own = pod.requests.get(name) ?? 0;
  return own === 0 && name !== 'ephemeral-storage' ? null : (node.requested.get(name) ?? 0) + own;
}

function leastAllocated(requested: number, capacity: number): number {
  return requested > capacity ? 0 : Math.floor(((capacity - requested) * scoreMax) / capacity);
}

function mostAllocated(requested: number, capacity: number): number {
  return Math.floor((Math.min(requested, capacity) * scoreMax) / capacity);
}

function ratioScore(shape: readonly ShapePoint[]): ResourceScore {
  const points = shape.map(({ utilization, score }) => ({
    at: utilization,
    score: (score * scoreMax) / shapeScoreMax,
  }));
  const scoreAt = (used: number): number => {
    const next = points.findIndex(({ at }) => used <= at);
    const right = points[next];
    const left = points[next - 1];
    if (right === undefined) return points.at(-1)?.score ?? 0;
    if (left === undefined) return right.score;
    return left.score + Math.trunc(((right.score - left.score) * (used - left.at)) / (right.at - left.at));
  };
  return (requested, capacity) => scoreAt(requested > capacity ? 100 : Math.floor((requested * 100) / capacity));
}
