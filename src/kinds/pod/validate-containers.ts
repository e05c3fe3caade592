/**
 * Validation of all containers of a pod together: the rules of each sort, and what no two of them may share.
 * Models kubernetes pkg/apis/core/validation validateContainers, validateInitContainers and validateEphemeralContainers.
 */
import {
  at,
  child,
  duplicate,
  type FieldError,
  forbiddenField,
  notFoundValue,
  required,
} from '../../api/field-error.ts';
import type { Container, EphemeralContainer, PodSpec } from './types.ts';
import { type PodFacts, validateContainer } from './validate-container.ts';
import { validateResizePolicy } from './validate-resize.ts';

const graceSecondsDefault = 30;
const initForbidden = 'may not be set for init containers without restartPolicy=Always';
const ephemeralForbidden = 'cannot be set for an Ephemeral Container';
/** What an init container that ends cannot have. */
const lastingFields = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const ephemeralForbiddenFields = [...lastingFields, 'ports', 'restartPolicy'] as const;

export function validateContainers(spec: PodSpec, path: string): FieldError[] {
  const facts: PodFacts = {
    usesHostNetwork: spec.hostNetwork === true,
    volumes: new Set((spec.volumes ?? []).map(({ name }) => name)),
    graceSeconds: spec.terminationGracePeriodSeconds ?? graceSecondsDefault,
  };
  const names = new Set<string>();
  const containers = spec.containers ?? [];
  const errors = containers.length === 0 ? [required(child(path, 'containers'))] : [];
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      const place = at(child(path, list), index);
      errors.push(...validateContainer(container, place, facts));
      if (container.resizePolicy !== undefined) {
        errors.push(...validateResizePolicy(container, child(place, 'resizePolicy'), spec.restartPolicy ?? 'Always'));
      }
      if (names.has(container.name) && container.name !== '') {
        errors.push(duplicate(child(place, 'name'), container.name));
      }
      names.add(container.name);
      if (list === 'initContainers') errors.push(...validateInit(container, place));
      if (list === 'ephemeralContainers') errors.push(...validateEphemeral(container, place, spec));
    }
    if (list !== 'ephemeralContainers') errors.push(...validateHostPorts(spec[list] ?? [], child(path, list)));
  }
  return errors;
}

function validateInit(container: Container, path: string): FieldError[] {
  if (container.restartPolicy === 'Always') return [];
  return lastingFields
    .filter((name) => container[name] !== undefined)
    .map((name) => forbiddenField(child(path, name), initForbidden));
}

function validateEphemeral(container: EphemeralContainer, path: string, spec: PodSpec): FieldError[] {
  const errors: FieldError[] = ephemeralForbiddenFields
    .filter((name) => container[name] !== undefined)
    .map((name) => forbiddenField(child(path, name), ephemeralForbidden));
  if (Object.keys(container.resources ?? {}).length > 0) {
    errors.push(forbiddenField(child(path, 'resources'), ephemeralForbidden));
  }
  const target = container.targetContainerName ?? '';
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  if (target !== '' && !others.some(({ name }) => name === target)) {
    errors.push(notFoundValue(child(path, 'targetContainerName'), target));
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    for (const name of ['subPath', 'subPathExpr'] as const) {
      if ((mount[name] ?? '') === '') continue;
      errors.push(forbiddenField(child(at(child(path, 'volumeMounts'), index), name), ephemeralForbidden));
    }
  }
  return errors;
}

/** No two containers of a pod take one port of its node. */
function validateHostPorts(containers: readonly Container[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  for (const [index, { ports }] of containers.entries()) {
    for (const [place, { hostPort = 0, hostIP = '', protocol = 'TCP' }] of (ports ?? []).entries()) {
      if (hostPort === 0) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.push(duplicate(child(at(child(at(path, index), 'ports'), place), 'hostPort'), key));
      taken.add(key);
    }
  }
  return errors;
}
