/**
 * Which pods have to go so that a critical one finds room on its node: of the lowest quality of service first, and of each as few as come near
 * to what is missing. Models kubernetes pkg/kubelet/preemption/preemption.go.
 */
import { qosClassOf } from '../kinds/pod/quality.ts';
import type { Pod, PodQosClass } from '../kinds/pod/types.ts';
import { isCritical } from './critical-pod.ts';
import { nanosPerUnit, podRequests, toldUnitOf } from './pod-requests.ts';

/** How much of a resource is missing, in billionths of a unit: more than 0. `pods` counts pods. */
export interface Need {
  readonly resource: string;
  readonly nanos: bigint;
}

export type PreemptionPlan =
  | { readonly type: 'victims'; readonly pods: readonly Pod[] }
  /** What would be missing even if all went that may. */
  | { readonly type: 'hopeless'; readonly left: readonly Need[] };

export const preemptionFailure = {
  reason: 'Preempting',
  message: 'Preempted in order to admit critical pod',
  disruption: 'Pod was preempted by Kubelet to accommodate a critical pod.',
} as const;

interface Candidate {
  readonly pod: Pod;
  readonly requests: ReadonlyMap<string, bigint>;
}

/** `pods` are those of the node that have not ended. Together the victims ask for at least what is needed. */
export function planPreemption(preemptor: Pod, pods: readonly Pod[], needs: readonly Need[]): PreemptionPlan {
  const candidates = pods
    .filter((pod) => isPreemptable(preemptor, pod))
    .map((pod): Candidate => ({ pod, requests: requestsOf(pod) }));
  const left = without(needs, candidates);
  if (left.length > 0) return { type: 'hopeless', left };
  const of = (quality: PodQosClass): readonly Candidate[] =>
    candidates.filter(({ pod }) => qosClassOf(pod) === quality);
  const [bestEffort, burstable] = [of('BestEffort'), of('Burstable')];
  // Each class gives only what those below it, all of them, and those above it that have to go anyway, do not.
  const fromGuaranteed = nearest(of('Guaranteed'), without(needs, [...bestEffort, ...burstable]));
  const fromBurstable = nearest(burstable, without(needs, [...bestEffort, ...fromGuaranteed]));
  const fromBestEffort = nearest(bestEffort, without(needs, [...fromBurstable, ...fromGuaranteed]));
  const victims = [...fromBestEffort, ...fromBurstable, ...fromGuaranteed];
  return { type: 'victims', pods: victims.map(({ pod }) => pod) };
}

/** Returns what is told of a critical pod that finds no room even so. */
export function hopelessMessage(left: readonly Need[]): string {
  const texts = left.map(({ resource, nanos }) => {
    const unit = toldUnitOf(resource);
    return `(res: ${resource}, q: ${(nanos + unit - 1n) / unit}), `;
  });
  return (
    'Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: ' +
    `no set of running pods found to reclaim resources: [${texts.join('')}]`
  );
}

/** Models kubernetes pkg/kubelet/types Preemptable. */
export function isPreemptable(preemptor: Pod, pod: Pod): boolean {
  if (isCritical(preemptor) && !isCritical(pod)) return true;
  const [own, other] = [preemptor.spec.priority, pod.spec.priority];
  return own !== undefined && other !== undefined && own > other;
}

function requestsOf(pod: Pod): ReadonlyMap<string, bigint> {
  return new Map(podRequests(pod)).set('pods', nanosPerUnit);
}

function without(needs: readonly Need[], candidates: readonly Candidate[]): readonly Need[] {
  return needs.flatMap(({ resource, nanos }) => {
    const left = candidates.reduce((sum, { requests }) => sum - (requests.get(resource) ?? 0n), nanos);
    return left > 0n ? [{ resource, nanos: left }] : [];
  });
}

/** Takes the candidate that leaves the least, again and again; of several the one that asks for less. Together they are known to suffice. */
function nearest(candidates: readonly Candidate[], needs: readonly Need[]): readonly Candidate[] {
  const chosen: Candidate[] = [];
  let [rest, left] = [candidates, needs];
  while (left.length > 0) {
    const [first, ...others] = rest;
    if (first === undefined) break;
    const best = others.reduce((winner, candidate) => (isBetter(candidate, winner, left) ? candidate : winner), first);
    chosen.push(best);
    rest = rest.filter((candidate) => candidate !== best);
    left = without(left, [best]);
  }
  return chosen;
}

function isBetter(candidate: Candidate, winner: Candidate, needs: readonly Need[]): boolean {
  const difference = distanceOf(candidate, needs) - distanceOf(winner, needs);
  if (difference !== 0) return difference < 0;
  for (const resource of ['memory', 'cpu']) {
    const [own, other] = [candidate.requests.get(resource) ?? 0n, winner.requests.get(resource) ?? 0n];
    if (own !== other) return own < other;
  }
  return true;
}

/** How much of what is needed would be missing, each resource as a share of its own. */
function distanceOf({ requests }: Candidate, needs: readonly Need[]): number {
  return needs.reduce((sum, { resource, nanos }) => {
    const missing = nanos - (requests.get(resource) ?? 0n);
    return missing > 0n ? sum + (Number(missing) / Number(nanos)) ** 2 : sum;
  }, 0);
}
