/**
 * From the number of replicas that the metrics ask for to the one that is set: recommendations are steadied over a window, changes are slowed
 * by policies, and the bounds hold. Models kubernetes pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicas and
 * normalizeDesiredReplicasWithBehaviors.
 */
import type { MonotonicMs } from '../../base/brand.ts';
import type { ScalingBehavior, ScalingPolicy, ScalingRules } from '../../kinds/horizontalpodautoscaler/types.ts';
import type { ScaleChange, ScaleHistory } from './memory.ts';

export interface ChangeRequest {
  readonly current: number;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly behavior: ScalingBehavior | undefined;
  /** The window for shrinking where the autoscaler names none. */
  readonly downWindowMs: number;
  readonly nowMs: MonotonicMs;
}

/** Why a number is what it is, as conditions say it. */
export interface Verdict {
  readonly isLimited: boolean;
  readonly reason: string;
  readonly message: string;
}

export interface LimitedChange {
  readonly replicas: number;
  readonly stabilized: Verdict;
  readonly limited: Verdict;
}

const upTexts = ['ScaleUpLimit', 'the desired replica count is increasing faster than the maximum scale rate'] as const;
const downTexts = [
  'ScaleDownLimit',
  'the desired replica count is decreasing faster than the maximum scale rate',
] as const;
const tooMany = ['TooManyReplicas', 'the desired replica count is more than the maximum replica count'] as const;
const tooFew = ['TooFewReplicas', 'the desired replica count is less than the minimum replica count'] as const;
const within = ['DesiredWithinRange', 'the desired count is within the acceptable range'] as const;
/** Without a behaviour a target may double in one go, or grow to this. */
const plainUpFactor = 2;
const plainUpMin = 4;

/** Notes the recommendation in `history`. */
export function limitChange(request: ChangeRequest, history: ScaleHistory): LimitedChange {
  const { current, desired } = request;
  const steadied = steady(request, history);
  const stabilized: Verdict =
    steadied === desired
      ? verdict(false, ['ReadyForNewScale', 'recommended size matches current size'])
      : verdict(true, desired >= current ? upWindowTexts : downWindowTexts);
  const [replicas, texts] = bounded({ ...request, desired: steadied }, history);
  return { replicas, stabilized, limited: verdict(replicas !== steadied, texts) };
}

const upWindowTexts = [
  'ScaleUpStabilized',
  'recent recommendations were lower than current one, applying the lowest recent recommendation',
] as const;
const downWindowTexts = [
  'ScaleDownStabilized',
  'recent recommendations were higher than current one, applying the highest recent recommendation',
] as const;

function verdict(isLimited: boolean, [reason, message]: readonly [string, string]): Verdict {
  return { isLimited, reason, message };
}

/** Grows to no more than was wanted all through the window for growing, shrinks to no less than was wanted at any time in the other. */
function steady({ current, desired, behavior, downWindowMs, nowMs }: ChangeRequest, history: ScaleHistory): number {
  const upMs = (behavior?.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000;
  const downSeconds = behavior?.scaleDown?.stabilizationWindowSeconds;
  const downMs = downSeconds === undefined ? downWindowMs : downSeconds * 1000;
  const inside = (windowMs: number) => history.recommendations.filter(({ atMs }) => atMs > nowMs - windowMs);
  const lowest = Math.min(desired, ...inside(upMs).map(({ replicas }) => replicas));
  const highest = Math.max(desired, ...inside(downMs).map(({ replicas }) => replicas));
  history.recommendations = [...inside(Math.max(upMs, downMs)), { replicas: desired, atMs: nowMs }];
  return Math.min(Math.max(current, lowest), highest);
}

function bounded(request: ChangeRequest, history: ScaleHistory): readonly [number, readonly [string, string]] {
  const { current, desired, min, max, behavior } = request;
  if (desired > current) {
    const limit =
      behavior === undefined
        ? Math.max(plainUpFactor * current, plainUpMin)
        : Math.max(current, upLimit(request, behavior.scaleUp ?? {}, history));
    const allowed = Math.min(limit, max);
    if (desired > allowed) return [allowed, limit < max ? upTexts : tooMany];
  }
  if (desired < current && behavior !== undefined) {
    const limit = Math.min(current, downLimit(request, behavior.scaleDown ?? {}, history));
    const allowed = Math.max(limit, min);
    if (desired < allowed) return [allowed, limit > min ? downTexts : tooFew];
  }
  if (desired < min) return [min, tooFew];
  return desired > max ? [max, tooMany] : [desired, within];
}

function upLimit({ current, nowMs }: ChangeRequest, rules: ScalingRules, history: ScaleHistory): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const proposals = (rules.policies ?? []).map((policy) => {
    const before = atPeriodStart(current, policy, history, nowMs);
    return policy.type === 'Pods' ? before + policy.value : Math.ceil(before * (1 + policy.value / 100));
  });
  if (proposals.length === 0) return current;
  return rules.selectPolicy === 'Min' ? Math.min(...proposals) : Math.max(...proposals);
}

function downLimit({ current, nowMs }: ChangeRequest, rules: ScalingRules, history: ScaleHistory): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const proposals = (rules.policies ?? []).map((policy) => {
    const before = atPeriodStart(current, policy, history, nowMs);
    return policy.type === 'Pods' ? before - policy.value : Math.trunc(before * (1 - policy.value / 100));
  });
  if (proposals.length === 0) return current;
  // The policy that allows the most is the one that leaves the fewest.
  return rules.selectPolicy === 'Min' ? Math.max(...proposals) : Math.min(...proposals);
}

/** How many replicas there were when the policy's period began. */
function atPeriodStart(
  current: number,
  { periodSeconds }: ScalingPolicy,
  history: ScaleHistory,
  nowMs: number,
): number {
  const sum = (changes: readonly ScaleChange[]): number =>
    changes
      .filter(({ atMs }) => atMs > nowMs - periodSeconds * 1000)
      .reduce((total, { replicas }) => total + replicas, 0);
  return current - sum(history.ups) + sum(history.downs);
}
