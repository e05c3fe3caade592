/** What an autoscaler may ask for. Models kubernetes pkg/apis/autoscaling/validation/validation.go. */
import { at, child, type FieldError, forbiddenField, invalid, required } from '../../api/field-error.ts';
import { parseQuantity } from '../../api/quantity.ts';
import { checkedChoice } from '../field-checks.ts';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscalerSpec,
  MetricSpec,
  MetricTarget,
  ScalingPolicy,
  ScalingRules,
} from './types.ts';

const windowSecondsMax = 3_600;
const periodSecondsMax = 1_800;
const positive = 'must be greater than 0';
/** Types of metrics, and the field that each has. */
const sources = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
  External: 'external',
} as const;

export function validateAutoscaler(spec: Partial<HorizontalPodAutoscalerSpec> = {}): FieldError[] {
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [], behavior = {} } = spec;
  const errors: FieldError[] = [];
  const atLeast =
    (minReplicas ?? 1) === 0 && metrics.some(({ type }) => type === 'Object' || type === 'External') ? 0 : 1;
  if (minReplicas !== undefined && minReplicas < atLeast) {
    errors.push(invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${atLeast}`));
  }
  if (maxReplicas < 1) errors.push(invalid('spec.maxReplicas', maxReplicas, positive));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  errors.push(...validateReference(scaleTargetRef, 'spec.scaleTargetRef'));
  for (const [index, metric] of metrics.entries()) errors.push(...validateMetric(metric, at('spec.metrics', index)));
  return errors.concat(
    validateRules(behavior.scaleUp, 'spec.behavior.scaleUp'),
    validateRules(behavior.scaleDown, 'spec.behavior.scaleDown'),
  );
}

function validateReference(reference: Partial<CrossVersionObjectReference> = {}, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if ((reference.kind ?? '') === '') errors.push(required(child(path, 'kind')));
  if ((reference.name ?? '') === '') errors.push(required(child(path, 'name')));
  return errors;
}

function validateMetric(metric: MetricSpec, path: string): FieldError[] {
  if (metric.type === undefined || metric.type === '')
    return [required(child(path, 'type'), 'must specify a metric source type')];
  const errors = checkedChoice(child(path, 'type'), metric.type, Object.keys(sources).sort());
  if (errors.length > 0) return errors;
  const own = sources[metric.type as keyof typeof sources];
  for (const field of Object.values(sources)) {
    if (field === own || metric[field] === undefined) continue;
    const detail = 'must not populate information for other than the given metric source type';
    errors.push(forbiddenField(child(path, field), detail));
  }
  if (metric[own] === undefined) {
    return [...errors, required(child(path, own), 'must populate information for the given metric source')];
  }
  return errors.concat(validateSource(metric, own, child(path, own)));
}

function validateSource(metric: MetricSpec, own: (typeof sources)[keyof typeof sources], path: string): FieldError[] {
  const { target } = metric[own] ?? {};
  const errors: FieldError[] = [];
  if (own === 'resource' || own === 'containerResource') {
    if ((metric[own]?.name ?? '') === '') errors.push(required(child(path, 'name'), 'must specify a resource name'));
    if (own === 'containerResource' && (metric.containerResource?.container ?? '') === '') {
      errors.push(required(child(path, 'container'), 'must specify a container'));
    }
    return errors.concat(validateTarget(target, child(path, 'target'), ['averageUtilization', 'averageValue']));
  }
  if ((metric[own]?.metric?.name ?? '') === '') {
    errors.push(required(child(path, 'metric.name'), 'must specify a metric name'));
  }
  if (own === 'object')
    errors.push(...validateReference(metric.object?.describedObject, child(path, 'describedObject')));
  const allowed = own === 'pods' ? (['averageValue'] as const) : (['value', 'averageValue'] as const);
  return errors.concat(validateTarget(target, child(path, 'target'), allowed));
}

/** Exactly one of the `allowed` fields says what is wanted. */
function validateTarget(
  target: MetricTarget | undefined,
  path: string,
  allowed: readonly ('value' | 'averageValue' | 'averageUtilization')[],
): FieldError[] {
  if (target === undefined) return [required(path, 'must specify a metric target')];
  const errors = checkedChoice(child(path, 'type'), target.type, ['AverageValue', 'Utilization', 'Value']);
  const { averageUtilization } = target;
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(child(path, 'averageUtilization'), averageUtilization, positive));
  }
  for (const field of ['value', 'averageValue'] as const) {
    const text = target[field];
    if (text !== undefined && (parseQuantity(text)?.nanos ?? 0n) <= 0n) {
      errors.push(invalid(child(path, field), text, 'must be positive'));
    }
  }
  const given = allowed.filter((field) => target[field] !== undefined);
  if (given.length === 0) {
    const detail =
      allowed.length === 1
        ? 'must specify a positive target averageValue'
        : `must set either a target ${allowed[0]} or ${allowed[1]}`;
    errors.push(required(child(path, allowed[0] ?? ''), detail));
  }
  if (given.length > 1) {
    errors.push(
      forbiddenField(child(path, given[1] ?? ''), `may not set both a target ${allowed[0]} and a target ${allowed[1]}`),
    );
  }
  return errors;
}

function validateRules(rules: ScalingRules | undefined, path: string): FieldError[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies, tolerance } = rules;
  const errors = checkedChoice(child(path, 'selectPolicy'), selectPolicy, ['Disabled', 'Max', 'Min']);
  if (window !== undefined && (window < 0 || window > windowSecondsMax)) {
    const detail =
      window < 0 ? 'must be greater than or equal to zero' : `must be less than or equal to ${windowSecondsMax}`;
    errors.push(invalid(child(path, 'stabilizationWindowSeconds'), window, detail));
  }
  if (tolerance !== undefined && (parseQuantity(tolerance)?.nanos ?? -1n) < 0n) {
    errors.push(invalid(child(path, 'tolerance'), tolerance, 'must be greater or equal to zero'));
  }
  if (policies !== undefined && policies.length === 0) {
    errors.push(required(child(path, 'policies'), 'must specify at least one Policy'));
  }
  for (const [index, policy] of (policies ?? []).entries()) {
    errors.push(...validatePolicy(policy, at(child(path, 'policies'), index)));
  }
  return errors;
}

function validatePolicy({ type, value, periodSeconds }: ScalingPolicy, path: string): FieldError[] {
  const errors = checkedChoice(child(path, 'type'), type, ['Percent', 'Pods']);
  if (value <= 0) errors.push(invalid(child(path, 'value'), value, 'must be greater than zero'));
  if (periodSeconds <= 0)
    errors.push(invalid(child(path, 'periodSeconds'), periodSeconds, 'must be greater than zero'));
  else if (periodSeconds > periodSecondsMax) {
    const detail = `must be less than or equal to ${periodSecondsMax}`;
    errors.push(invalid(child(path, 'periodSeconds'), periodSeconds, detail));
  }
  return errors;
}
