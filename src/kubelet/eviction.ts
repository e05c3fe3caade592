/**
 * Which pod has to go when a node runs out of memory: first those that use more than they asked for, of them the least important, of those the
 * one that exceeds its request most. Models kubernetes pkg/kubelet/eviction rankMemoryPressure and eviction_manager.go.
 */

import type { Pod } from '../kinds/pod/types.ts';
import { isCritical, priorityOf } from './critical-pod.ts';
import { podRequests } from './pod-requests.ts';

export interface Candidate {
  readonly pod: Pod;
  readonly usedBytes: number;
}

export interface MemoryShortage {
  readonly availableBytes: number;
  readonly thresholdBytes: number;
}

const nanosPerByte = 1_000_000_000n;

/** Returns the candidate that goes first; undefined when none may. */
export function evictedFirst(candidates: readonly Candidate[]): Candidate | undefined {
  const ranked = candidates
    .filter(({ pod, usedBytes }) => !isCritical(pod) && usedBytes > 0)
    .map((candidate) => ({ candidate, excess: candidate.usedBytes - memoryRequestOf(candidate.pod) }));
  ranked.sort((left, right) => {
    const exceeding = Number(right.excess > 0) - Number(left.excess > 0);
    if (exceeding !== 0) return exceeding;
    const priority = priorityOf(left.candidate.pod) - priorityOf(right.candidate.pod);
    return priority === 0 ? right.excess - left.excess : priority;
  });
  return ranked[0]?.candidate;
}

/** What the status of an evicted pod says. */
export function evictionMessage(
  { pod, usedBytes }: Candidate,
  { availableBytes, thresholdBytes }: MemoryShortage,
): string {
  const shortage = `Threshold quantity: ${kibibytes(thresholdBytes)}, available: ${kibibytes(availableBytes)}`;
  const names = pod.spec.containers.map(({ name }) => name).join(', ');
  const usage = `was using ${kibibytes(usedBytes)}, request is ${kibibytes(memoryRequestOf(pod))}`;
  return `The node was low on resource: memory. ${shortage}. Container ${names} ${usage}, has larger consumption of memory. `;
}

function memoryRequestOf(pod: Pod): number {
  return Number((podRequests(pod).get('memory') ?? 0n) / nanosPerByte);
}

function kibibytes(bytes: number): string {
  return bytes <= 0 ? '0' : `${Math.ceil(bytes / 1024)}Ki`;
}
