/**
 * One look at one autoscaler: how large its target is, how large its metrics want it, how far it may change now; and what is said of all that.
 * Models kubernetes pkg/controller/podautoscaler/horizontal.go reconcileAutoscaler.
 */
import { equalSemantic } from '../../api/json.ts';
import { type LabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { parseLabelSelector } from '../../api/label-selector-parser.ts';
import { type KubeObject, labelsOf, nameOf, uidOf } from '../../api/object-meta.ts';
import { milliValueOf, parseQuantity } from '../../api/quantity.ts';
import { StatusError } from '../../api/status.ts';
import { timestampSeconds } from '../../base/time.ts';
import { type Condition, type ConditionStatus, findCondition, withCondition } from '../../kinds/condition.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
  ScalingRules,
} from '../../kinds/horizontalpodautoscaler/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ApiAnswer } from '../../protocol/api-client.ts';
import type { ReconcileContext } from '../controller.ts';
import { type EventRecord, type Plan, patch, plan, type Write } from '../plan.ts';
import { horizontalPodAutoscalerResource } from '../resources.ts';
import type { AutoscalerTiming } from './keys.ts';
import { limitChange, type Verdict } from './limit-change.ts';
import type { AutoscalerMemory, ScaleHistory } from './memory.ts';
import { judgeMetric, type MetricAnswers, type MetricSituation, type MetricVerdict } from './metrics.ts';
import type { AutoscalerObserved } from './observe.ts';

interface Scale extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

/** What a look comes to, gathered on the way. */
interface Draft {
  conditions: readonly Condition[];
  metrics: readonly MetricStatus[] | null;
  current: number;
  desired: number;
  lastScaleTime: string | undefined;
  readonly events: EventRecord[];
  readonly wallMs: ReconcileContext['wallMs'];
}

type Context = ReconcileContext<AutoscalerMemory>;

const defaultTolerance = 0.1;

export function reconcileAutoscaler(observed: AutoscalerObserved, context: Context, timing: AutoscalerTiming): Plan {
  const { autoscaler, autoscalers } = observed;
  const { memory } = context;
  memory.prune(autoscalers.values(), autoscalers.size);
  const history = memory.of(uidOf(autoscaler));
  settlePending(history, context, timing);
  const draft = draftOf(autoscaler, context);
  const scale = scaleAnswer(observed, context);
  if (scale === 'later') return plan([], { requeueAfterMs: timing.syncMs });
  const writes =
    typeof scale === 'string'
      ? noScale(autoscaler, scale, draft)
      : settleScale(observed, scale, context, timing, draft);
  noteFailedScale(autoscaler, context, draft);
  return plan([writes, statusWrites(autoscaler, draft)], { events: draft.events, requeueAfterMs: timing.syncMs });
}

/** A change that was planned the last time counts once it is known to have been made. */
function settlePending(
  history: ScaleHistory,
  { failure, monotonicMs }: Context,
  { downscaleWindowMs }: AutoscalerTiming,
): void {
  const { pending } = history;
  history.pending = null;
  if (pending === null || failure?.write.subresource === 'scale') return;
  const change = { replicas: Math.abs(pending.by), atMs: pending.atMs };
  const keptMs = Math.max(downscaleWindowMs, changesKeptMs);
  const recent = <T extends { readonly atMs: number }>(changes: T[]): T[] =>
    changes.filter(({ atMs }) => atMs > monotonicMs - keptMs);
  history.ups = recent(pending.by > 0 ? [...history.ups, change] : history.ups);
  history.downs = recent(pending.by < 0 ? [...history.downs, change] : history.downs);
}

/** The longest period that a policy may have. */
const changesKeptMs = 1_800_000;

function draftOf({ status }: HorizontalPodAutoscaler, { wallMs }: Context): Draft {
  const {
    conditions = [],
    currentMetrics = null,
    currentReplicas = 0,
    desiredReplicas = 0,
    lastScaleTime,
  } = status ?? {};
  return {
    conditions,
    metrics: currentMetrics,
    current: currentReplicas,
    desired: desiredReplicas,
    lastScaleTime,
    events: [],
    wallMs,
  };
}

/** Returns why there is none, or `later` when nobody answered. */
function scaleAnswer({ target, questions }: AutoscalerObserved, { answers }: Context): Scale | string {
  if (typeof target === 'string') return target;
  const answer = answers[questions.findIndex(({ purpose }) => purpose.type === 'scale')];
  if (answer === undefined || answer.type === 'unanswered') return 'later';
  return answer.type === 'refused' ? (answer.status.message ?? 'refused') : (answer.object as Scale);
}

function noScale(autoscaler: HorizontalPodAutoscaler, cause: string, draft: Draft): Write[] {
  const message = `the HPA controller was unable to get the target's current scale: ${cause}`;
  warn(autoscaler, draft, 'AbleToScale', 'FailedGetScale', message, cause);
  setCondition(draft, 'AbleToScale', 'False', 'FailedGetScale', message);
  return [];
}

function settleScale(
  observed: AutoscalerObserved,
  scale: Scale,
  context: Context,
  timing: AutoscalerTiming,
  draft: Draft,
): Write[] {
  const { autoscaler } = observed;
  const { spec } = autoscaler;
  const history = context.memory.of(uidOf(autoscaler));
  const current = scale.spec?.replicas ?? 0;
  const min = spec.minReplicas ?? 1;
  setCondition(
    draft,
    'AbleToScale',
    'True',
    'SucceededGetScale',
    "the HPA controller was able to get the target's current scale",
  );
  draft.current = scale.status?.replicas ?? 0;
  if (history.recommendations.length === 0)
    history.recommendations = [{ replicas: current, atMs: context.monotonicMs }];
  if (current === 0 && min !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero';
    setCondition(draft, 'ScalingActive', 'False', 'ScalingDisabled', message);
    draft.desired = 0;
    return [];
  }
  if (current > spec.maxReplicas) {
    return rescale(
      observed,
      scale,
      spec.maxReplicas,
      'Current number of replicas above Spec.MaxReplicas',
      context,
      draft,
    );
  }
  if (current < min)
    return rescale(observed, scale, min, 'Current number of replicas below Spec.MinReplicas', context, draft);
  const wanted = wantedReplicas(observed, scale, context, timing, draft);
  if (wanted === null) return [];
  const why = wanted.replicas > current ? `${wanted.name} above target` : 'All metrics below target';
  const { behavior, maxReplicas: max } = spec;
  const downWindowMs = timing.downscaleWindowMs;
  const request = { current, desired: wanted.replicas, min, max, behavior, downWindowMs, nowMs: context.monotonicMs };
  const { replicas, stabilized, limited } = limitChange(request, history);
  setCondition(draft, 'AbleToScale', 'True', stabilized.reason, stabilized.message);
  setVerdict(draft, 'ScalingLimited', limited);
  if (replicas !== current) return rescale(observed, scale, replicas, why, context, draft);
  draft.desired = replicas;
  return [];
}

function rescale(
  { autoscaler, target }: AutoscalerObserved,
  scale: Scale,
  replicas: number,
  why: string,
  context: Context,
  draft: Draft,
): Write[] {
  const message = `the HPA controller was able to update the target scale to ${replicas}`;
  setCondition(draft, 'AbleToScale', 'True', 'SucceededRescale', message);
  draft.events.push(event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${why}`));
  draft.desired = replicas;
  draft.lastScaleTime = timestampSeconds(context.wallMs);
  context.memory.of(uidOf(autoscaler)).pending = {
    by: replicas - (scale.spec?.replicas ?? 0),
    atMs: context.monotonicMs,
  };
  const body = {
    metadata: { name: nameOf(scale), resourceVersion: scale.metadata.resourceVersion },
    spec: { replicas },
  };
  return [patch(target as Exclude<typeof target, string>, scale, body, { subresource: 'scale' })];
}

interface Wanted {
  readonly replicas: number;
  /** The metric that wants the most. */
  readonly name: string;
}

/** Null when it cannot be told, which the conditions then say. */
function wantedReplicas(
  observed: AutoscalerObserved,
  scale: Scale,
  context: Context,
  timing: AutoscalerTiming,
  draft: Draft,
): Wanted | null {
  const { autoscaler } = observed;
  const pods = selectedPods(observed, scale, context, draft);
  if (pods === null) return null;
  const situation = situationOf(autoscaler, scale, pods, context, timing);
  const answers = answersOf(observed, context.answers);
  const verdicts = (autoscaler.spec.metrics ?? []).map((metric, index) =>
    judgeMetric(metric, index, answers, situation),
  );
  draft.metrics = verdicts.flatMap((verdict) => (verdict.type === 'proposal' ? verdict.status : []));
  return combine(autoscaler, verdicts, scale.spec?.replicas ?? 0, draft);
}

/** The largest proposal counts; one that is missing might have been larger, so then nothing shrinks. */
function combine(
  autoscaler: HorizontalPodAutoscaler,
  verdicts: readonly MetricVerdict[],
  current: number,
  draft: Draft,
): Wanted | null {
  let best: Wanted | null = null;
  for (const verdict of verdicts) {
    if (verdict.type === 'proposal' && (best === null || verdict.replicas > best.replicas)) best = verdict;
  }
  const failed = verdicts.filter((verdict) => verdict.type === 'failed');
  const [first] = failed;
  for (const { reason, message } of failed) warn(autoscaler, draft, 'ScalingActive', reason, unable(message), message);
  if (first !== undefined && (best === null || best.replicas < current)) {
    const count = `${failed.length} invalid out of ${verdicts.length}`;
    const cause = `invalid metrics (${count}), first error is: ${first.outer}`;
    warn(
      autoscaler,
      draft,
      'ScalingActive',
      first.reason,
      unable(first.message),
      cause,
      'FailedComputeMetricsReplicas',
    );
    setCondition(draft, 'ScalingActive', 'False', first.reason, unable(first.message));
    return null;
  }
  if (best === null) return null;
  const message = `the HPA was able to successfully calculate a replica count from ${best.name}`;
  setCondition(draft, 'ScalingActive', 'True', 'ValidMetricFound', message);
  return best;
}

function unable(cause: string): string {
  return `the HPA was unable to compute the replica count: ${cause}`;
}

function selectedPods(
  { autoscaler, pods, others }: AutoscalerObserved,
  scale: Scale,
  { memory }: Context,
  draft: Draft,
): readonly Pod[] | null {
  const text = scale.status?.selector ?? '';
  const fail = (reason: string, message: string, eventReason: string): null => {
    warn(autoscaler, draft, 'ScalingActive', reason, message, message, eventReason);
    setCondition(draft, 'ScalingActive', 'False', reason, message);
    return null;
  };
  if (text === '') return fail('InvalidSelector', "the HPA target's scale is missing a selector", 'SelectorRequired');
  const selector = parsed(text);
  if (typeof selector === 'string') {
    const message = `couldn't convert selector into a corresponding internal selector object: ${selector}`;
    return fail('InvalidSelector', message, 'InvalidSelector');
  }
  memory.of(uidOf(autoscaler)).selector = selector;
  const selected = pods.filter((pod) => matchesLabels(selector, labelsOf(pod)));
  const rivals = memory.selectorsOf(others);
  const isShared = selected.some((pod) => rivals.some((rival) => matchesLabels(rival, labelsOf(pod))));
  if (!isShared) return selected;
  const message = `pods by selector ${text} are controlled by multiple HPAs`;
  return fail('AmbiguousSelector', message, 'AmbiguousSelector');
}

function parsed(text: string): LabelSelector | string {
  try {
    return parseLabelSelector(text);
  } catch (error: unknown) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

function situationOf(
  { spec }: HorizontalPodAutoscaler,
  scale: Scale,
  pods: readonly Pod[],
  { wallMs }: Context,
  { cpuInitializationMs, readinessDelayMs }: AutoscalerTiming,
): MetricSituation {
  return {
    currentReplicas: scale.spec?.replicas ?? 0,
    statusReplicas: scale.status?.replicas ?? 0,
    pods,
    names: new Set(pods.map(nameOf)),
    tolerances: { up: toleranceOf(spec.behavior?.scaleUp), down: toleranceOf(spec.behavior?.scaleDown) },
    nowMs: wallMs,
    cpuInitializationMs,
    readinessDelayMs,
  };
}

function toleranceOf(rules: ScalingRules | undefined): number {
  const quantity = parseQuantity(rules?.tolerance ?? '');
  return quantity === undefined ? defaultTolerance : milliValueOf(quantity) / 1000;
}

function answersOf({ questions }: AutoscalerObserved, answers: readonly ApiAnswer[]): MetricAnswers {
  let podMetrics: ApiAnswer | null = null;
  const values = new Map<number, ApiAnswer>();
  for (const [position, { purpose }] of questions.entries()) {
    const answer = answers[position];
    if (answer === undefined) continue;
    if (purpose.type === 'podMetrics') podMetrics = answer;
    if (purpose.type === 'metric') values.set(purpose.index, answer);
  }
  return { podMetrics, values };
}

/** Tells of a scale that the API server refused the last time. */
function noteFailedScale(autoscaler: HorizontalPodAutoscaler, { failure }: Context, draft: Draft): void {
  if (failure?.write.subresource !== 'scale') return;
  const cause = failure.status.message ?? 'refused';
  const message = `New size: ${draft.desired}; error: ${cause}`;
  draft.events.push({ ...event(autoscaler, 'Warning', 'FailedRescale', message), isOfFailure: true });
  const told = `the HPA controller was unable to update the target scale: ${cause}`;
  setCondition(draft, 'AbleToScale', 'False', 'FailedUpdateScale', told);
}

/** An event for what a condition does not say yet: what stays wrong is told once. */
function warn(
  autoscaler: HorizontalPodAutoscaler,
  draft: Draft,
  type: string,
  reason: string,
  conditionMessage: string,
  message: string,
  eventReason = reason,
): void {
  const told = findCondition(autoscaler.status?.conditions, type);
  if (told?.status === 'False' && told.reason === reason && told.message === conditionMessage) return;
  draft.events.push(event(autoscaler, 'Warning', eventReason, message));
}

function event(
  object: HorizontalPodAutoscaler,
  type: EventRecord['type'],
  reason: string,
  message: string,
): EventRecord {
  return { object, type, reason, message };
}

function setVerdict(draft: Draft, type: string, { isLimited, reason, message }: Verdict): void {
  setCondition(draft, type, isLimited ? 'True' : 'False', reason, message);
}

function setCondition(draft: Draft, type: string, status: ConditionStatus, reason: string, message: string): void {
  const lastTransitionTime = timestampSeconds(draft.wallMs);
  draft.conditions = withCondition(draft.conditions, { type, status, lastTransitionTime, reason, message });
}

function statusWrites(autoscaler: HorizontalPodAutoscaler, draft: Draft): Write[] {
  const { conditions, metrics, current, desired, lastScaleTime } = draft;
  const status: HorizontalPodAutoscalerStatus = {
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    currentReplicas: current,
    desiredReplicas: desired,
    currentMetrics: metrics !== null && metrics.length === 0 ? null : metrics,
    conditions,
  };
  if (equalSemantic(autoscaler.status, status)) return [];
  return [patch(horizontalPodAutoscalerResource, autoscaler, { status }, { subresource: 'status', accepts: [404] })];
}
