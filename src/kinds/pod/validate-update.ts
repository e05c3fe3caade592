/**
 * What of a pod may change: images, a deadline that gets shorter, more tolerations, a grace period that was negative, fewer
 * scheduling gates. Models kubernetes pkg/apis/core/validation ValidatePodUpdate.
 */
import { child, type FieldError, forbiddenField, invalid } from '../../api/field-error.ts';
import { equalSemantic } from '../../api/json.ts';
import type { Toleration } from './scheduling-types.ts';
import type { Container, Pod, PodSpec } from './types.ts';

const forbiddenChange =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ['containers', 'initContainers'] as const) {
    if ((pod.spec[list] ?? []).length !== (old.spec[list] ?? []).length) {
      errors.push(forbiddenField(child('spec', list), 'pod updates may not add or remove containers'));
    }
  }
  if (errors.length > 0) return errors;
  errors.push(...validateDeadline(pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds));
  errors.push(...validateTolerations(pod.spec.tolerations ?? [], old.spec.tolerations ?? []));
  const gates = new Set((old.spec.schedulingGates ?? []).map(({ name }) => name));
  for (const { name } of pod.spec.schedulingGates ?? []) {
    if (!gates.has(name))
      errors.push(
        forbiddenField('spec.schedulingGates', `only deletion is allowed, but found new scheduling gate '${name}'`),
      );
  }
  if (!equalSemantic(fixedPart(pod.spec, old.spec), fixedPart(old.spec, old.spec))) {
    errors.push(forbiddenField('spec', forbiddenChange));
  }
  return errors;
}

function validateDeadline(deadline: number | undefined, former: number | undefined): FieldError[] {
  const path = 'spec.activeDeadlineSeconds';
  if (former === undefined || deadline === former) return [];
  if (deadline === undefined) return [invalid(path, null, 'must not update from a positive integer to nil value')];
  return deadline < former ? [] : [invalid(path, deadline, 'must be less than or equal to previous value')];
}

function validateTolerations(tolerations: readonly Toleration[], former: readonly Toleration[]): FieldError[] {
  const kept = former.every((old) =>
    tolerations.some((next) => equalSemantic({ ...next, tolerationSeconds: 0 }, { ...old, tolerationSeconds: 0 })),
  );
  return kept
    ? []
    : [forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

/** The spec with what may change taken from `old`. */
function fixedPart(spec: PodSpec, old: PodSpec): unknown {
  const isRescued = (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1;
  return {
    ...spec,
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
    schedulingGates: undefined,
    containers: withoutImages(spec.containers),
    initContainers: withoutImages(spec.initContainers),
    terminationGracePeriodSeconds: isRescued ? old.terminationGracePeriodSeconds : spec.terminationGracePeriodSeconds,
  };
}

function withoutImages(containers: readonly Container[] | undefined): unknown {
  return containers?.map((container) => ({ ...container, image: '' }));
}
