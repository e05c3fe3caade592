/**
 * From measurements to a number of replicas. The ratio of what is used to what is wanted says how many pods there should be; pods that cannot be
 * judged yet are counted so that they never make the change larger. Amounts are thousandths throughout, as in Kubernetes.
 * Models kubernetes pkg/controller/podautoscaler/replica_calculator.go.
 */
import { isBeingDeleted, nameOf } from '../../api/object-meta.ts';
import { milliValueOf, parseQuantity } from '../../api/quantity.ts';
import { parseTimestamp } from '../../base/time.ts';
import { findCondition } from '../../kinds/condition.ts';
import type { Container, Pod } from '../../kinds/pod/types.ts';

export interface PodMetric {
  readonly value: number;
  readonly timestampMs: number;
  readonly windowMs: number;
}

/** By the name of the pod. */
export type PodMetrics = ReadonlyMap<string, PodMetric>;

/** How far from 1 a ratio may be without a change, by the direction that it points to. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

export interface Situation {
  readonly currentReplicas: number;
  readonly pods: readonly Pod[];
  readonly tolerances: Tolerances;
  readonly nowMs: number;
  /** How long a pod that starts may use more processor than it will. */
  readonly cpuInitializationMs: number;
  /** How long after its start a pod that is not ready counts as never having been. */
  readonly readinessDelayMs: number;
}

export interface Proposal {
  readonly replicas: number;
  /** The mean over the pods, or the value itself. */
  readonly value: number;
  /** Percent of what the pods request; only of resources with such a target. */
  readonly utilization?: number;
}

interface Groups {
  readonly readyCount: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
  /** Of pods that are judged by them. */
  readonly metrics: PodMetrics;
}

/** `requests` are those of all pods, by name. Returns a text when it cannot be told. */
export function replicasForUtilization(
  situation: Situation,
  metrics: PodMetrics,
  requests: ReadonlyMap<string, number>,
  targetUtilization: number,
  isCpu: boolean,
): Proposal | string {
  const groups = groupPods(situation, metrics, isCpu);
  if (groups.metrics.size === 0) return 'did not receive metrics for targeted pods (pods might be unready)';
  const usage = utilizationOf(groups.metrics, requests, targetUtilization);
  if (usage === null) return 'no metrics returned matched known pods';
  // A missing pod may be using all that it asked for.
  const fallback = Math.max(100, targetUtilization) / 100;
  const replicas = replicasFor(situation, groups, usage.ratio, {
    missingValue: (name) => Math.trunc((requests.get(name) ?? 0) * fallback),
    ratioOf: (filled) => utilizationOf(filled, requests, targetUtilization)?.ratio ?? usage.ratio,
  });
  return { replicas, value: usage.mean, utilization: usage.utilization };
}

/** `target` is what each pod should have. Returns a text when it cannot be told. */
export function replicasForMean(
  situation: Situation,
  metrics: PodMetrics,
  target: number,
  isCpu: boolean,
): Proposal | string {
  const groups = groupPods(situation, metrics, isCpu);
  if (groups.metrics.size === 0) return 'did not receive metrics for targeted pods (pods might be unready)';
  const ratioOf = (values: PodMetrics): number => meanOf(values) / target;
  const replicas = replicasFor(situation, groups, ratioOf(groups.metrics), { missingValue: () => target, ratioOf });
  return { replicas, value: meanOf(groups.metrics) };
}

/** One value that belongs to all pods together. */
export function replicasForValue(situation: Situation, value: number, target: number): Proposal {
  const { currentReplicas, pods, tolerances } = situation;
  const ratio = value / target;
  if (currentReplicas === 0) return { replicas: Math.ceil(ratio), value };
  if (isWithin(ratio, tolerances)) return { replicas: currentReplicas, value };
  const ready = pods.filter(({ status }) => status?.phase === 'Running' && isReadyTrue(status)).length;
  return { replicas: Math.ceil(ratio * ready), value };
}

/** One value that the pods share: `target` is each one's share. `statusReplicas` is how many there are. */
export function replicasForShare(
  situation: Situation,
  value: number,
  target: number,
  statusReplicas: number,
): Proposal {
  const ratio = value / (target * statusReplicas);
  const isKept = statusReplicas > 0 && isWithin(ratio, situation.tolerances);
  const replicas = isKept ? statusReplicas : Math.ceil(value / target);
  return { replicas, value: statusReplicas === 0 ? 0 : Math.ceil(value / statusReplicas) };
}

/** Returns what each pod requests of a resource, or why that cannot be told. `container` empty: all of them. */
export function requestsOf(
  pods: readonly Pod[],
  resource: string,
  container: string,
): ReadonlyMap<string, number> | string {
  const requests = new Map<string, number>();
  for (const pod of pods) {
    let sum = 0;
    for (const each of containersOf(pod)) {
      if (container !== '' && each.name !== container) continue;
      const request = parseQuantity(each.resources?.requests?.[resource] ?? '');
      if (request === undefined)
        return `missing request for ${resource} in container ${each.name} of Pod ${nameOf(pod)}`;
      sum += milliValueOf(request);
    }
    requests.set(nameOf(pod), sum);
  }
  return requests;
}

/** Side cars, which run as long as the pod does, count with its containers. */
function containersOf({ spec }: Pod): readonly Container[] {
  const sideCars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sideCars];
}

interface Filling {
  readonly missingValue: (name: string) => number;
  readonly ratioOf: (filled: PodMetrics) => number;
}

function replicasFor(situation: Situation, groups: Groups, ratio: number, { missingValue, ratioOf }: Filling): number {
  const { currentReplicas, tolerances } = situation;
  const { readyCount, unready, missing, metrics } = groups;
  const countsUnready = unready.length > 0 && ratio > 1;
  if (!countsUnready && missing.length === 0) {
    return isWithin(ratio, tolerances) ? currentReplicas : Math.ceil(ratio * readyCount);
  }
  const filled = new Map(metrics);
  const assumed = (value: number): PodMetric => ({ value, timestampMs: 0, windowMs: 0 });
  if (ratio < 1) for (const name of missing) filled.set(name, assumed(missingValue(name)));
  else if (ratio > 1) for (const name of missing) filled.set(name, assumed(0));
  if (countsUnready) for (const name of unready) filled.set(name, assumed(0));
  const cautious = ratioOf(filled);
  const hasTurned = (ratio < 1 && cautious > 1) || (ratio > 1 && cautious < 1);
  if (isWithin(cautious, tolerances) || hasTurned) return currentReplicas;
  const replicas = Math.ceil(cautious * filled.size);
  const contradicts = (cautious < 1 && replicas > currentReplicas) || (cautious > 1 && replicas < currentReplicas);
  return contradicts ? currentReplicas : replicas;
}

function groupPods(situation: Situation, metrics: PodMetrics, isCpu: boolean): Groups {
  const unready: string[] = [];
  const missing: string[] = [];
  const kept = new Map(metrics);
  let readyCount = 0;
  for (const pod of situation.pods) {
    const name = nameOf(pod);
    if (isBeingDeleted(pod) || pod.status?.phase === 'Failed') {
      kept.delete(name);
      continue;
    }
    const metric = metrics.get(name);
    if (pod.status?.phase === 'Pending') {
      unready.push(name);
      kept.delete(name);
    } else if (metric === undefined) missing.push(name);
    else if (isCpu && isStarting(pod, metric, situation)) {
      unready.push(name);
      kept.delete(name);
    } else readyCount += 1;
  }
  return { readyCount, unready, missing, metrics: kept };
}

/** Its use of the processor says nothing yet about what it will be. */
function isStarting({ status }: Pod, metric: PodMetric, situation: Situation): boolean {
  const ready = findCondition(status?.conditions, 'Ready');
  const startMs = parseTimestamp(status?.startTime ?? '');
  if (ready === undefined || startMs === undefined) return true;
  const changedMs = parseTimestamp(ready.lastTransitionTime ?? '') ?? 0;
  if (startMs + situation.cpuInitializationMs > situation.nowMs) {
    return ready.status === 'False' || metric.timestampMs < changedMs + metric.windowMs;
  }
  return ready.status === 'False' && startMs + situation.readinessDelayMs > changedMs;
}

function isReadyTrue(status: NonNullable<Pod['status']>): boolean {
  return findCondition(status.conditions, 'Ready')?.status === 'True';
}

interface Utilization {
  readonly ratio: number;
  readonly utilization: number;
  readonly mean: number;
}

function utilizationOf(metrics: PodMetrics, requests: ReadonlyMap<string, number>, target: number): Utilization | null {
  let used = 0;
  let requested = 0;
  let count = 0;
  for (const [name, { value }] of metrics) {
    const request = requests.get(name);
    if (request === undefined) continue;
    used += value;
    requested += request;
    count += 1;
  }
  if (requested === 0) return null;
  const utilization = Math.trunc((used * 100) / requested);
  return { ratio: utilization / target, utilization, mean: Math.trunc(used / count) };
}

function meanOf(metrics: PodMetrics): number {
  let sum = 0;
  for (const { value } of metrics.values()) sum += value;
  return metrics.size === 0 ? 0 : Math.trunc(sum / metrics.size);
}

function isWithin(ratio: number, { up, down }: Tolerances): boolean {
  return ratio >= 1 - down && ratio <= 1 + up;
}
