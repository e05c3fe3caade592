/**
 * Why a pod fits nowhere, in the words that people grep for:
 * `0/3 nodes are available: 1 node(s) had untolerated taint {k: v}, 2 Insufficient cpu.`
 * Models kubernetes pkg/scheduler/framework/types.go FitError.Error.
 */
import type { Rejection } from './verdict.ts';

export interface Diagnosis {
  readonly nodeCount: number;
  /** Per node name, for every node that was looked at, or that a filter excluded by name. */
  readonly rejections: ReadonlyMap<string, Rejection>;
  /** The rejection of the pod as a whole, before any node was looked at. */
  readonly rejected: Rejection | null;
  /** The plugins that rejected: only events which concern these can make the pod schedulable. */
  readonly rejectors: ReadonlySet<string>;
  /** What postFilter plugins had to say. */
  readonly postFilterMessage: string;
}

export const noNodesMessage = 'no nodes available to schedule pods';

/** Returns the message of the FailedScheduling event and of the PodScheduled condition. */
export function diagnosisMessage(diagnosis: Diagnosis): string {
  const { nodeCount, rejected, rejections, postFilterMessage } = diagnosis;
  if (nodeCount === 0) return noNodesMessage;
  const tail = postFilterMessage === '' ? '' : ` ${postFilterMessage}`;
  if (rejected !== null) return `${unavailable(nodeCount)} ${rejected.reasons.join(', ')}.${tail}`;
  return `${availabilityMessage(nodeCount, rejections.values())}${tail}`;
}

/** Says how many nodes are unavailable for which reason. */
export function availabilityMessage(nodeCount: number, rejections: Iterable<Rejection>): string {
  const counts = new Map<string, number>();
  for (const { reasons } of rejections) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return parts.length === 0 ? unavailable(nodeCount) : `${unavailable(nodeCount)} ${parts.join(', ')}.`;
}

function unavailable(nodeCount: number): string {
  return `0/${nodeCount} nodes are available:`;
}
