/** Which of several preemptions does the least harm. Models kubernetes pkg/scheduler/framework/preemption pickOneNodeForPreemption. */
import type { PodInfo } from '../../pod-info.ts';
import { type Candidate, startOf } from './victims.ts';

/** Priorities reach down to -2^31; shifted, each victim adds to the sum, so that few victims beat many. */
const priorityShift = 2 ** 31;

/** In this order: each decides among those that the former ones left equal. Lower is better. */
const harms: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => highestPriority(victims),
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + priorityShift, 0),
  ({ victims }) => victims.length,
];

/** Returns the candidate that does the least harm; of equal ones the one whose most important victim started last, then the first. */
export function leastHarmful(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates;
  for (const harm of harms) {
    const least = Math.min(...left.map(harm));
    left = left.filter((candidate) => harm(candidate) === least);
    if (left.length <= 1) return left[0];
  }
  const [first, ...others] = left;
  return others.reduce<Candidate | undefined>((best, candidate) => {
    return best === undefined || earliestStart(candidate) > earliestStart(best) ? candidate : best;
  }, first);
}

function highestPriority(victims: readonly PodInfo[]): number {
  return victims.reduce((highest, { priority }) => Math.max(highest, priority), Number.NEGATIVE_INFINITY);
}

/** When the first of the most important victims started. */
function earliestStart({ victims }: Candidate): string {
  const highest = highestPriority(victims);
  const starts = victims.filter(({ priority }) => priority === highest).map(startOf);
  return starts.reduce((earliest, start) => (start < earliest ? start : earliest));
}
