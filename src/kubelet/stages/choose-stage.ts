/**
 * Which stage an object is at, and when it comes: all stages that match compete by weight. Models kwok pkg/utils/lifecycle Match and Delay.
 */
import type { Json } from '../../api/json.ts';
import { annotationsOf, type KubeObject, labelsOf, type StringMap } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { Random } from '../../base/random.ts';
import { parseTimestamp } from '../../base/time.ts';
import { parseGoDuration } from '../go-duration.ts';
import { stageDelayMsMax, stageWeightMax } from './limits.ts';
import type { Query } from './query.ts';
import type { Stage, StageRequirement, StageSelector } from './stage.ts';

/** Returns the stage that comes next, or null when none matches. Without weights all are alike; a stage of weight 0 gives way to any other. */
export function chooseStage(stages: readonly Stage[], object: KubeObject, random: Random): Stage | null {
  const matching = stages.filter(({ selector }) => selector !== null && matches(selector, object));
  const [only] = matching;
  if (only === undefined || matching.length === 1) return only ?? null;
  const weighted = matching.map((stage) => ({ stage, weight: weightOf(stage, object) }));
  const known = weighted.filter(({ weight }) => weight !== null);
  const total = known.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  if (total === 0) return random.pick(known.length > 0 ? known : weighted).stage;
  let rest = random.integer(0, total - 1);
  for (const { stage, weight } of known) {
    rest -= weight ?? 0;
    if (rest < 0) return stage;
  }
  return only;
}

/** Returns how many milliseconds later the stage comes; 0 or more. */
export function delayOf({ delay }: Stage, object: KubeObject, nowMs: WallMs, random: Random): number {
  if (delay === null) return 0;
  const { duration, jitter } = delay;
  const durationMs = foundDuration(duration.query, duration.fallback, object, nowMs);
  if (durationMs === null) return 0;
  const jitterMs = jitter === null ? null : foundDuration(jitter.query, jitter.fallback, object, nowMs);
  if (jitterMs === null) return bounded(durationMs);
  if (jitterMs <= durationMs) return bounded(jitterMs);
  const fromMs = bounded(durationMs);
  return fromMs + random.fraction() * Math.max(0, bounded(jitterMs) - fromMs);
}

function bounded(delayMs: number): number {
  return Math.min(stageDelayMsMax, Math.max(0, delayMs));
}

function matches({ labels, annotations, requirements }: StageSelector, object: KubeObject): boolean {
  return (
    includes(labelsOf(object), labels) &&
    includes(annotationsOf(object), annotations) &&
    requirements.every((requirement) => isMet(requirement, object))
  );
}

function includes(found: StringMap, wanted: StringMap): boolean {
  return Object.entries(wanted).every(([name, value]) => found[name] === value);
}

function isMet({ query, operator, values }: StageRequirement, object: KubeObject): boolean {
  const found = query.find(object as unknown as Json) ?? [];
  switch (operator) {
    case 'In':
      return found.some((value) => isAmong(value, values));
    case 'NotIn':
      return !found.some((value) => isAmong(value, values));
    case 'Exists':
      return found.some((value) => value !== null);
    case 'DoesNotExist':
      return found.every((value) => value === null);
  }
}

function isAmong(value: Json, values: ReadonlySet<string>): boolean {
  return value !== null && typeof value !== 'object' && values.has(String(value));
}

/** Null: the object has a weight of its own that is no number, so the stage counts only when nobody else does. */
function weightOf({ weight }: Stage, object: KubeObject): number | null {
  const found = weight.query?.find(object as unknown as Json)?.[0];
  if (typeof found === 'number') return Math.min(stageWeightMax, Math.max(0, Math.trunc(found)));
  if (typeof found !== 'string') return Math.min(stageWeightMax, weight.fallback);
  return /^\d{1,15}$/.test(found) ? Math.min(stageWeightMax, Number(found)) : null;
}

/** A text is a duration, or a moment and then what is left until it; one that is neither leaves the fallback, an empty one nothing. */
function foundDuration(query: Query | null, fallback: number | null, object: KubeObject, nowMs: WallMs): number | null {
  const found = query?.find(object as unknown as Json)?.[0];
  if (typeof found !== 'string') return fallback;
  if (found === '') return null;
  const momentMs = parseTimestamp(found);
  const durationMs = momentMs === undefined ? parseGoDuration(found) : momentMs - nowMs;
  return durationMs ?? fallback;
}
