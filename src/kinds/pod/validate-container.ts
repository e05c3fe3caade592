/** Validation of one container of any sort. Models kubernetes pkg/apis/core/validation/validation.go validateContainerCommon. */
import { at, child, duplicate, type FieldError, invalid, notFoundValue, required } from '../../api/field-error.ts';
import { checkAddress, checkLabel, checkPortName, checkPortNumber } from '../../api/names.ts';
import { checkedChoice, checkedName, checkedPort } from '../field-checks.ts';
import type { Container, ContainerPort, VolumeDevice, VolumeMount } from './types.ts';
import { requiredName, validateEnvironment, validateEnvironmentSources } from './validate-environment.ts';
import { validateProbes } from './validate-probes.ts';
import { validateResources } from './validate-resources.ts';
import { validateContainerSecurity } from './validate-security.ts';
import { checkedDescent } from './validate-volumes.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const restartPolicies = ['Always', 'Never', 'OnFailure'];
const propagations = ['Bidirectional', 'HostToContainer', 'None'];

/** What a container's validation has to know of its pod. */
export interface PodFacts {
  readonly usesHostNetwork: boolean;
  readonly volumes: ReadonlySet<string>;
  readonly graceSeconds: number;
}

export function validateContainer(container: Container, path: string, facts: PodFacts): FieldError[] {
  const errors = requiredName(child(path, 'name'), container.name, checkLabel);
  const image = container.image ?? '';
  if (image === '') errors.push(required(child(path, 'image')));
  else if (image.trim() !== image) {
    errors.push(invalid(child(path, 'image'), image, 'must not have leading or trailing whitespace'));
  }
  const policies = ['FallbackToLogsOnError', 'File'];
  errors.push(
    ...checkedChoice(child(path, 'terminationMessagePolicy'), container.terminationMessagePolicy, policies),
    ...validateLists(container, path, facts),
    ...checkedChoice(child(path, 'imagePullPolicy'), container.imagePullPolicy, pullPolicies),
    ...validateResources(container.resources ?? {}, child(path, 'resources')),
    ...checkedChoice(child(path, 'restartPolicy'), container.restartPolicy, restartPolicies),
  );
  if (container.securityContext !== undefined) {
    errors.push(...validateContainerSecurity(container.securityContext, child(path, 'securityContext')));
  }
  return errors.concat(validateProbes(container, path, facts.graceSeconds));
}

/** Most containers have few of these lists; what is absent costs nothing. */
function validateLists(container: Container, path: string, { usesHostNetwork, volumes }: PodFacts): FieldError[] {
  const { ports, env, envFrom, volumeMounts, volumeDevices } = container;
  const errors: FieldError[] = [];
  if (ports !== undefined) errors.push(...validatePorts(ports, child(path, 'ports'), usesHostNetwork));
  if (env !== undefined) errors.push(...validateEnvironment(env, child(path, 'env')));
  if (envFrom !== undefined) errors.push(...validateEnvironmentSources(envFrom, child(path, 'envFrom')));
  if (volumeMounts !== undefined) errors.push(...validateMounts(volumeMounts, child(path, 'volumeMounts'), volumes));
  if (volumeDevices !== undefined) {
    errors.push(...validateDevices(volumeDevices, child(path, 'volumeDevices'), volumes));
  }
  return errors;
}

function validatePorts(ports: readonly ContainerPort[], path: string, usesHostNetwork: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const place = at(path, index);
    if (port.name !== undefined && port.name !== '') {
      errors.push(...checkedName(child(place, 'name'), port.name, checkPortName));
      if (names.has(port.name)) errors.push(duplicate(child(place, 'name'), port.name));
      names.add(port.name);
    }
    if (port.containerPort === undefined || port.containerPort === 0)
      errors.push(required(child(place, 'containerPort')));
    else errors.push(...checkedPort(child(place, 'containerPort'), port.containerPort));
    const hostPort = port.hostPort ?? 0;
    if (hostPort !== 0) {
      errors.push(
        ...checkPortNumber(hostPort).map((complaint) => invalid(child(place, 'hostPort'), hostPort, complaint)),
      );
    }
    if (usesHostNetwork && hostPort !== port.containerPort) {
      errors.push(
        invalid(child(place, 'containerPort'), port.containerPort, 'must match `hostPort` when `hostNetwork` is true'),
      );
    }
    if ((port.hostIP ?? '') !== '')
      errors.push(...checkedName(child(place, 'hostIP'), port.hostIP ?? '', checkAddress));
    errors.push(...checkedChoice(child(place, 'protocol'), port.protocol, protocols));
  }
  return errors;
}

function validateMounts(mounts: readonly VolumeMount[], path: string, volumes: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const places = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    const place = at(path, index);
    const { name = '', mountPath = '', subPath = '', subPathExpr = '' } = mount;
    if (name === '') errors.push(required(child(place, 'name')));
    if (!volumes.has(name)) errors.push(notFoundValue(child(place, 'name'), name));
    if (mountPath === '') errors.push(required(child(place, 'mountPath')));
    if (places.has(mountPath)) errors.push(invalid(child(place, 'mountPath'), mountPath, 'must be unique'));
    places.add(mountPath);
    if (subPath !== '') errors.push(...checkedDescent(child(path, 'subPath'), subPath));
    if (subPathExpr !== '') {
      if (subPath !== '') {
        const detail = 'subPathExpr and subPath are mutually exclusive';
        errors.push(invalid(child(place, 'subPathExpr'), subPathExpr, detail));
      }
      errors.push(...checkedDescent(child(path, 'subPathExpr'), subPathExpr));
    }
    errors.push(...checkedChoice(child(place, 'mountPropagation'), mount.mountPropagation, propagations));
  }
  return errors;
}

function validateDevices(devices: readonly VolumeDevice[], path: string, volumes: ReadonlySet<string>): FieldError[] {
  return devices.flatMap(({ name = '', devicePath = '' }, index) => {
    const place = at(path, index);
    return [
      ...(name === '' ? [required(child(place, 'name'))] : []),
      ...(volumes.has(name) ? [] : [notFoundValue(child(place, 'name'), name)]),
      ...(devicePath === '' ? [required(child(place, 'devicePath'))] : []),
    ];
  });
}
