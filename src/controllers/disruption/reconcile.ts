/**
 * Says how many pods of an application may be evicted now. Evictions that were granted count as done before the pod is seen going, for two
 * minutes at most. Models kubernetes pkg/controller/disruption/disruption.go.
 */
import { scaledValue } from '../../api/int-or-string.ts';
import { equalSemantic } from '../../api/json.ts';
import { compileLabelSelector, formatLabelSelector } from '../../api/label-selector.ts';
import { generationOf, isBeingDeleted, nameOf, namespaceOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { parseTimestamp, timestampSeconds } from '../../base/time.ts';
import { type Condition, withCondition } from '../../kinds/condition.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../kinds/poddisruptionbudget/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { evictionPatienceMs } from '../limits.ts';
import { type EventRecord, type Plan, plan, update } from '../plan.ts';
import { isReady } from '../pod-state.ts';
import { podDisruptionBudgetResource } from '../resources.ts';
import type { DisruptionObserved, ExpectedScale } from './observe.ts';

interface Expectation {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

export function reconcileDisruption({ budget, pods, scale }: DisruptionObserved, context: ReconcileContext): Plan {
  const { wallMs } = context;
  const expectation = expectationOf(budget, pods, scale);
  if (typeof expectation === 'string') return failSafe(budget, expectation, wallMs);
  const events: EventRecord[] = [];
  if (pods.length === 0) events.push(event(budget, 'Normal', 'NoPods', 'No matching pods found'));
  if (needsScale(budget) && scale.type === 'known' && scale.unmanaged.length > 0) {
    events.push(event(budget, 'Warning', 'UnmanagedPods', unmanagedMessage(budget)));
  }
  const disruptions = pendingDisruptions(budget, pods, wallMs, events);
  const currentHealthy = pods.filter(
    (pod) => !isBeingDeleted(pod) && !disruptions.has(nameOf(pod)) && isReady(pod),
  ).length;
  const { expectedPods, desiredHealthy } = expectation;
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const isAllowed = disruptionsAllowed > 0;
  const condition = allowedCondition(budget, isAllowed, isAllowed ? 'SufficientPods' : 'InsufficientPods', '', wallMs);
  const status: PodDisruptionBudgetStatus = {
    observedGeneration: generationOf(budget),
    ...(disruptions.size === 0 ? {} : { disruptedPods: Object.fromEntries(disruptions) }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: withCondition(budget.status?.conditions, condition),
  };
  const waits = [...disruptions.values()].map((time) => dueMs(time) - wallMs).filter((waitMs) => waitMs > 0);
  return statusPlan(budget, status, events, waits.length === 0 ? undefined : Math.min(...waits));
}

/** How many pods there ought to be, and how many of them must stay healthy; a text when that can't be told. */
function expectationOf(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  scale: ExpectedScale,
): Expectation | string {
  const { minAvailable, maxUnavailable } = spec;
  if (typeof minAvailable === 'number') return { expectedPods: pods.length, desiredHealthy: minAvailable };
  if (minAvailable === undefined && maxUnavailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  if (scale.type === 'unknown') return `found no scale of the pods' owner, a ${scale.kind}`;
  const expectedPods = scale.pods;
  if (maxUnavailable !== undefined) {
    const unavailable = scaledValue(maxUnavailable, expectedPods, 'up') ?? 0;
    return { expectedPods, desiredHealthy: Math.max(0, expectedPods - unavailable) };
  }
  return { expectedPods, desiredHealthy: scaledValue(minAvailable ?? 0, expectedPods, 'up') ?? 0 };
}

function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string';
}

function unmanagedMessage({ spec }: PodDisruptionBudget): string {
  const selector = formatLabelSelector(compileLabelSelector(spec.selector));
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB ` +
    'cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ' +
    '".spec.minAvailable" field of the PDB to an integer value.'
  );
}

/** Granted evictions of pods that are there and not going yet, by name; those that did not come about in time are told. */
function pendingDisruptions(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  nowMs: WallMs,
  events: EventRecord[],
): ReadonlyMap<string, string> {
  const pending = new Map<string, string>();
  const granted = budget.status?.disruptedPods ?? {};
  for (const pod of pods) {
    const time = granted[nameOf(pod)];
    if (time === undefined || isBeingDeleted(pod)) continue;
    if (dueMs(time) >= nowMs) pending.set(nameOf(pod), time);
    else {
      const place = `${namespaceOf(budget)}/${nameOf(budget)}`;
      const message = `Pod was expected by PDB ${place} to be deleted but it wasn't`;
      events.push({ object: pod, type: 'Warning', reason: 'NotDeleted', message });
    }
  }
  return pending;
}

function dueMs(time: string): number {
  return (parseTimestamp(time) ?? 0) + evictionPatienceMs;
}

/** What is not known allows nothing. */
function failSafe(budget: PodDisruptionBudget, message: string, wallMs: WallMs): Plan {
  const known = budget.status ?? { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  const condition = allowedCondition(budget, false, 'SyncFailed', message, wallMs);
  const conditions = withCondition(known.conditions, condition);
  const told = event(
    budget,
    'Warning',
    'CalculateExpectedPodCountFailed',
    `Failed to calculate the number of expected pods: ${message}`,
  );
  return statusPlan(budget, { ...known, disruptionsAllowed: 0, conditions }, [told], undefined);
}

function allowedCondition(
  budget: PodDisruptionBudget,
  isAllowed: boolean,
  reason: string,
  message: string,
  wallMs: WallMs,
): Condition {
  return {
    type: 'DisruptionAllowed',
    status: isAllowed ? 'True' : 'False',
    reason,
    message,
    observedGeneration: generationOf(budget),
    lastTransitionTime: timestampSeconds(wallMs),
  };
}

function event(object: PodDisruptionBudget, type: EventRecord['type'], reason: string, message: string): EventRecord {
  return { object, type, reason, message };
}

/** Events are told only with a status that changes: a budget that nothing matches is no news twice. */
function statusPlan(
  budget: PodDisruptionBudget,
  status: PodDisruptionBudgetStatus,
  events: readonly EventRecord[],
  waitMs: number | undefined,
): Plan {
  const requeue = waitMs === undefined ? {} : { requeueAfterMs: waitMs + 1 };
  if (equalSemantic(budget.status, status)) return plan([], requeue);
  const next = { ...budget, status } as PodDisruptionBudget;
  return plan([[update(podDisruptionBudgetResource, next, 'status')]], { events, ...requeue });
}
