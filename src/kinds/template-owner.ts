/** Validation that the controllers of pods share: selector, template, replicas. Models pkg/apis/apps/validation. */
import { child, type FieldError, invalid, required } from '../api/field-error.ts';
import {
  compileLabelSelector,
  type LabelSelectorSpec,
  matchesLabels,
  validateLabelSelector,
} from '../api/label-selector.ts';
import { checkedNonNegative } from './field-checks.ts';
import type { PodTemplateOwnerSpec, PodTemplateSpec } from './pod/types.ts';
import { validatePodTemplate } from './pod/validate.ts';

/** A stateful set's: its claims are of another kind, so only their names are read. */
interface ClaimingSpec extends PodTemplateOwnerSpec {
  readonly volumeClaimTemplates?: readonly { readonly metadata?: { readonly name?: string } }[];
}

/** `kind` is named in the message about an empty selector, as in `deployment`. */
export function validateTemplateOwner(spec: Partial<PodTemplateOwnerSpec>, kind: string): FieldError[] {
  return [
    ...checkedNonNegative('spec.replicas', spec.replicas),
    ...checkedNonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateSelector(spec.selector, kind),
    ...validateMatch(spec.selector, spec.template),
    ...(spec.template === undefined ? [] : validatePodTemplate(withClaims(spec), 'spec.template', ['Always'])),
  ];
}

/** Claims that are made along with the pods are volumes of theirs. */
function withClaims(spec: Partial<ClaimingSpec>): PodTemplateSpec {
  const template = spec.template as PodTemplateSpec;
  const present = new Set((template.spec.volumes ?? []).map(({ name }) => name));
  const claimed = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? '');
  const added = claimed
    .filter((name) => name !== '' && !present.has(name))
    .map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  if (added.length === 0) return template;
  return { ...template, spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...added] } };
}

function validateSelector(selector: LabelSelectorSpec | undefined, kind: string): FieldError[] {
  if (selector === undefined) return [required('spec.selector')];
  const errors = validateLabelSelector(selector, 'spec.selector');
  if (isEmptySelector(selector))
    errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${kind}`));
  return errors;
}

function validateMatch(selector: LabelSelectorSpec | undefined, template: PodTemplateSpec | undefined): FieldError[] {
  if (selector === undefined || isEmptySelector(selector)) return [];
  if (validateLabelSelector(selector, '').length > 0) return [];
  const labels = template?.metadata?.labels ?? {};
  if (matchesLabels(compileLabelSelector(selector), labels)) return [];
  return [invalid(child('spec.template', 'metadata.labels'), labels, '`selector` does not match template `labels`')];
}

function isEmptySelector(selector: LabelSelectorSpec): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}
