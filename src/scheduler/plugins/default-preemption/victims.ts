/**
 * Whom a pod would displace on one node: as few as possible, and none as important as itself. All less important pods are lifted; then, the most
 * important first and those that a disruption budget protects before the others, each is put back if the pod still fits.
 * Models plugins/defaultpreemption/default_preemption.go SelectVictimsOnNode.
 */

import { compileLabelSelector, type LabelSelector, matchesLabels } from '../../../api/label-selector.ts';
import { nameOf } from '../../../api/object-meta.ts';
import type { NodeInfo } from '../../node-info.ts';
import type { DeadEnd } from '../../plugin.ts';
import type { PodInfo } from '../../pod-info.ts';
import type { Placement, Snapshot } from '../../snapshot.ts';
import { type Rejection, unresolvable } from '../../verdict.ts';

export interface Candidate {
  readonly nodeName: string;
  /** Most important first. */
  readonly victims: readonly PodInfo[];
  /** How many of them a disruption budget would keep. */
  readonly violations: number;
}

const noVictims = unresolvable('No preemption victims found for incoming pod');

/** Tells whether `left` is more important than `right`: by priority, then by who has run longer. */
export function isMoreImportant(left: PodInfo, right: PodInfo): boolean {
  if (left.priority !== right.priority) return left.priority > right.priority;
  return startOf(left) < startOf(right);
}

/** When a pod started, as sortable text; one that has not started comes last. */
export function startOf({ pod }: PodInfo): string {
  return pod.status?.startTime ?? '~';
}

/** Finds the victims on `node`, or says why none would help. The snapshot is in the end what it was. */
export function victimsOn(node: NodeInfo, deadEnd: DeadEnd): Candidate | Rejection {
  const { pod, snapshot } = deadEnd;
  const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (lower.length === 0) return noVictims;
  lower.sort((left, right) => (isMoreImportant(left, right) ? -1 : isMoreImportant(right, left) ? 1 : 0));
  const lifted = new Map<string, Placement>(lower.map(({ uid }) => [uid, snapshot.lift(uid)]));
  try {
    const verdict = deadEnd.judge(node);
    if (verdict.type !== 'success') return verdict;
    return spare(node, lower, lifted, deadEnd);
  } finally {
    for (const placement of lifted.values()) snapshot.putBack(placement);
  }
}

/** Puts back whom it can; what stays in `lifted` are the victims. */
function spare(
  node: NodeInfo,
  lower: readonly PodInfo[],
  lifted: Map<string, Placement>,
  deadEnd: DeadEnd,
): Candidate | Rejection {
  const { snapshot } = deadEnd;
  const { violating, others } = splitByBudgets(lower, snapshot);
  let violations = 0;
  for (const [isViolating, group] of [[true, violating] as const, [false, others] as const]) {
    for (const { uid } of group) {
      const placement = lifted.get(uid);
      if (placement === undefined) continue;
      snapshot.putBack(placement);
      lifted.delete(uid);
      if (deadEnd.judge(node).type === 'success') continue;
      lifted.set(uid, snapshot.lift(uid));
      if (isViolating) violations += 1;
    }
  }
  const victims = lower.filter(({ uid }) => lifted.has(uid));
  return victims.length === 0 ? noVictims : { nodeName: node.name, victims, violations };
}

/** Spends the budgets' allowed disruptions on the pods in their order; those for which none is left are violating. */
function splitByBudgets(
  pods: readonly PodInfo[],
  snapshot: Snapshot,
): { readonly violating: readonly PodInfo[]; readonly others: readonly PodInfo[] } {
  const budgets = new Map<string, { selector: LabelSelector; disrupted: ReadonlySet<string>; allowed: number }[]>();
  const budgetsOf = (namespace: string) => {
    const known = budgets.get(namespace);
    if (known !== undefined) return known;
    const found = snapshot.surroundings.budgets(namespace).flatMap(({ spec, status }) => {
      if (spec?.selector === undefined) return [];
      const disrupted = new Set(Object.keys(status?.disruptedPods ?? {}));
      return [{ selector: compileLabelSelector(spec.selector), disrupted, allowed: status?.disruptionsAllowed ?? 0 }];
    });
    budgets.set(namespace, found);
    return found;
  };
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let isViolating = false;
    for (const budget of Object.keys(pod.labels).length === 0 ? [] : budgetsOf(pod.namespace)) {
      // One that the budget let go already costs nothing again.
      if (budget.disrupted.has(nameOf(pod.pod)) || !matchesLabels(budget.selector, pod.labels)) continue;
      budget.allowed -= 1;
      if (budget.allowed < 0) isViolating = true;
    }
    (isViolating ? violating : others).push(pod);
  }
  return { violating, others };
}
