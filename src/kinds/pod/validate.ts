/** Validation of pods and of pod templates. Models kubernetes pkg/apis/core/validation/validation.go ValidatePodSpec. */
import {
  at,
  child,
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notFoundValue,
  required,
} from '../../api/field-error.ts';
import { validateLabels } from '../../api/label-selector.ts';
import { checkLabel, checkSubdomain } from '../../api/names.ts';
import { checkedChoice, checkedName, checkedNonNegative } from '../field-checks.ts';
import type { Toleration } from './scheduling-types.ts';
import type { Pod, PodSpec, PodTemplateSpec } from './types.ts';
import { validateContainer } from './validate-container.ts';
import type { Volume } from './volume-types.ts';

const deadlineSecondsMax = 2 ** 31 - 1;

export function validatePod(pod: Pod): FieldError[] {
  return validatePodSpec(pod.spec, 'spec');
}

/** Validates the template of a controller. Pods that must run for ever have no deadline: `foreverKind` names who wants them so. */
export function validatePodTemplate(
  template: PodTemplateSpec,
  path: string,
  restartPolicies: readonly string[],
  foreverKind?: string,
): FieldError[] {
  const errors = validateLabels(template.metadata?.labels ?? {}, child(child(path, 'metadata'), 'labels'));
  const spec = child(path, 'spec');
  errors.push(...validatePodSpec(template.spec, spec));
  errors.push(...checkedChoice(child(spec, 'restartPolicy'), template.spec.restartPolicy, restartPolicies));
  if (template.spec.activeDeadlineSeconds !== undefined && foreverKind !== undefined) {
    const detail = `activeDeadlineSeconds in ${foreverKind} is not Supported`;
    errors.push(forbiddenField(child(spec, 'activeDeadlineSeconds'), detail));
  }
  return errors;
}

export function validatePodSpec(spec: PodSpec, path: string): FieldError[] {
  const errors = validateVolumes(spec.volumes ?? [], child(path, 'volumes'));
  errors.push(...validateContainers(spec, path));
  errors.push(...checkedChoice(child(path, 'restartPolicy'), spec.restartPolicy, ['Always', 'OnFailure', 'Never']));
  errors.push(
    ...checkedChoice(child(path, 'dnsPolicy'), spec.dnsPolicy, [
      'ClusterFirstWithHostNet',
      'ClusterFirst',
      'Default',
      'None',
    ]),
  );
  errors.push(...checkedNonNegative(child(path, 'terminationGracePeriodSeconds'), spec.terminationGracePeriodSeconds));
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > deadlineSecondsMax)) {
    const detail = `must be between 1 and ${deadlineSecondsMax}, inclusive`;
    errors.push(invalid(child(path, 'activeDeadlineSeconds'), deadline, detail));
  }
  errors.push(...validateLabels(spec.nodeSelector ?? {}, child(path, 'nodeSelector')));
  for (const [name, value] of [
    ['serviceAccountName', spec.serviceAccountName],
    ['nodeName', spec.nodeName],
    ['priorityClassName', spec.priorityClassName],
  ] as const) {
    if (value !== undefined) errors.push(...checkedName(child(path, name), value, checkSubdomain));
  }
  for (const name of ['hostname', 'subdomain'] as const) {
    const value = spec[name];
    if (value !== undefined) errors.push(...checkedName(child(path, name), value, checkLabel));
  }
  for (const [index, toleration] of (spec.tolerations ?? []).entries()) {
    errors.push(...validateToleration(toleration, at(child(path, 'tolerations'), index)));
  }
  return errors;
}

function validateContainers(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const containers = spec.containers ?? [];
  if (containers.length === 0) errors.push(required(child(path, 'containers')));
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
  const names = new Set<string>();
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      const place = at(child(path, list), index);
      errors.push(...validateContainer(container, place, spec.hostNetwork === true));
      if (names.has(container.name)) errors.push(duplicate(child(place, 'name'), container.name));
      names.add(container.name);
      for (const [mount, { name }] of (container.volumeMounts ?? []).entries()) {
        if (!volumes.has(name))
          errors.push(notFoundValue(child(at(child(place, 'volumeMounts'), mount), 'name'), name));
      }
    }
  }
  return errors;
}

function validateVolumes(volumes: readonly Volume[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const place = at(path, index);
    const name = volume.name ?? '';
    if (name === '') errors.push(required(child(place, 'name')));
    else errors.push(...checkedName(child(place, 'name'), name, checkLabel));
    if (name !== '' && names.has(name)) errors.push(duplicate(child(place, 'name'), name));
    names.add(name);
    const sources = Object.keys(volume).filter((key) => key !== 'name');
    if (sources.length === 0) errors.push(required(place, 'must specify a volume type'));
    for (const source of sources.slice(1)) {
      errors.push(forbiddenField(child(place, source), 'may not specify more than 1 volume type'));
    }
    if (volume.persistentVolumeClaim?.claimName === '') {
      errors.push(required(child(child(place, 'persistentVolumeClaim'), 'claimName')));
    }
    if (volume.hostPath?.path === '') errors.push(required(child(child(place, 'hostPath'), 'path')));
  }
  return errors;
}

function validateToleration(toleration: Toleration, path: string): FieldError[] {
  const { key = '', operator, value = '', effect, tolerationSeconds } = toleration;
  const errors: FieldError[] = [];
  if (key === '' && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(child(path, 'operator'), operator ?? '', detail));
  }
  if (operator === 'Exists' && value !== '') {
    errors.push(invalid(child(path, 'operator'), toleration, "value must be empty when `operator` is 'Exists'"));
  }
  errors.push(...checkedChoice(child(path, 'operator'), operator, ['Equal', 'Exists']));
  errors.push(...checkedChoice(child(path, 'effect'), effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']));
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(child(path, 'effect'), effect ?? '', detail));
  }
  return errors;
}
