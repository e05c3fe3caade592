/** Validation of pods and of pod templates. Models kubernetes pkg/apis/core/validation/validation.go ValidatePodSpec. */
import { at, child, type FieldError, forbiddenField, invalid, required } from '../../api/field-error.ts';
import { validateLabels } from '../../api/label-selector.ts';
import { checkAddress, checkLabel, checkQualifiedName, checkSubdomain } from '../../api/names.ts';
import { checkedChoice, checkedName, checkedNonNegative } from '../field-checks.ts';
import { validateAnnotations } from '../object-meta-rules.ts';
import type { Pod, PodSpec, PodTemplateSpec } from './types.ts';
import { validateContainers } from './validate-containers.ts';
import { validateResources } from './validate-resources.ts';
import { validateScheduling } from './validate-scheduling.ts';
import { validatePodSecurity } from './validate-security.ts';
import { validateVolumes } from './validate-volumes.ts';

const deadlineSecondsMax = 2 ** 31 - 1;

const nameserversMax = 3;
const searchesMax = 32;

export function validatePod(pod: Pod): FieldError[] {
  return validatePodSpec(pod.spec, 'spec');
}

/** Of new pods alone. Models ValidatePodCreate. */
export function validatePodCreate({ spec }: Pod): FieldError[] {
  const errors: FieldError[] = [];
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if ((spec.nodeName ?? '') !== '' && (spec.schedulingGates ?? []).length > 0) {
    errors.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return errors;
}

/** Validates the template of a controller. Pods that must run for ever have no deadline: `foreverKind` names who wants them so. */
export function validatePodTemplate(
  template: PodTemplateSpec,
  path: string,
  restartPolicies: readonly string[],
  foreverKind?: string,
): FieldError[] {
  const metadata = child(path, 'metadata');
  const errors = validateLabels(template.metadata?.labels ?? {}, child(metadata, 'labels'));
  errors.push(...validateAnnotations(template.metadata?.annotations ?? {}, child(metadata, 'annotations')));
  const spec = child(path, 'spec');
  if ((template.spec.ephemeralContainers ?? []).length > 0) {
    const detail = 'ephemeral containers not allowed in pod template';
    errors.push(forbiddenField(child(spec, 'ephemeralContainers'), detail));
  }
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
  return errors.concat(
    validateScheduling(spec, path),
    validatePodSecurity(spec, path),
    validateDns(spec, path),
    spec.hostAliases === undefined ? [] : validateHostAliases(spec.hostAliases, child(path, 'hostAliases')),
    validateRest(spec, path),
  );
}

function validateDns({ dnsConfig, dnsPolicy }: PodSpec, path: string): FieldError[] {
  if (dnsConfig === undefined && dnsPolicy !== 'None') return [];
  const place = child(path, 'dnsConfig');
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  const errors: FieldError[] = [];
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
    errors.push(required(child(place, 'nameservers'), detail));
  }
  if (nameservers.length > nameserversMax) {
    const detail = `must not have more than ${nameserversMax} nameservers`;
    errors.push(invalid(child(place, 'nameservers'), nameservers, detail));
  }
  for (const [index, address] of nameservers.entries()) {
    errors.push(...checkedName(at(child(place, 'nameservers'), index), address, checkAddress));
  }
  if (searches.length > searchesMax) {
    errors.push(invalid(child(place, 'searches'), searches, `must not have more than ${searchesMax} search paths`));
  }
  for (const [index, { name = '' }] of options.entries()) {
    if (name === '') errors.push(required(at(child(place, 'options'), index), 'must not be empty'));
  }
  return errors;
}

function validateHostAliases(aliases: NonNullable<PodSpec['hostAliases']>, path: string): FieldError[] {
  return aliases.flatMap(({ ip, hostnames = [] }, index) => [
    ...checkedName(child(at(path, index), 'ip'), ip, checkAddress),
    ...hostnames.flatMap((name, place) =>
      checkedName(at(child(at(path, index), 'hostnames'), place), name, checkSubdomain),
    ),
  ]);
}

function validateRest(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { conditionType = '' }] of (spec.readinessGates ?? []).entries()) {
    const place = child(at(child(path, 'readinessGates'), index), 'conditionType');
    errors.push(...checkedName(place, conditionType, checkQualifiedName));
  }
  if (spec.runtimeClassName !== undefined) {
    errors.push(...checkedName(child(path, 'runtimeClassName'), spec.runtimeClassName, checkSubdomain));
  }
  if (spec.overhead !== undefined) {
    errors.push(...validateResources({ limits: spec.overhead }, child(path, 'overhead')));
  }
  if (spec.preemptionPolicy !== undefined) {
    const policies = ['Never', 'PreemptLowerPriority'];
    errors.push(...checkedChoice(child(path, 'preemptionPolicy'), spec.preemptionPolicy, policies));
  }
  if (spec.os !== undefined) {
    const place = child(child(path, 'os'), 'name');
    const { name } = spec.os;
    errors.push(
      ...(name === '' ? [required(place, 'cannot be empty')] : checkedChoice(place, name, ['linux', 'windows'])),
    );
  }
  return errors;
}
