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

/** Whose pods must run for ever, as messages name them. */
const foreverKinds = {
  deployment: 'ReplicaSet',
  replicaset: 'ReplicaSet',
  daemonset: 'DaemonSet',
  statefulset: 'StatefulSet',
} as const;

/** `kind` is named in the message about an empty selector. */
export function validateTemplateOwner(
  spec: Partial<PodTemplateOwnerSpec>,
  kind: keyof typeof foreverKinds,
): FieldError[] {
  return [
    ...checkedNonNegative('spec.replicas', spec.replicas),
    ...checkedNonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateSelector(spec.selector, kind),
    ...validateMatch(spec.selector, spec.template),
    ...(spec.template === undefined
      ? []
      : validatePodTemplate(spec.template, 'spec.template', ['Always'], foreverKinds[kind])),
  ];
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
