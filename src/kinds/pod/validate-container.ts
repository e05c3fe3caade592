/** Validation of one container. Models kubernetes pkg/apis/core/validation/validation.go validateContainerCommon. */
import { at, child, duplicate, type FieldError, forbiddenField, invalid, required } from '../../api/field-error.ts';
import { checkEnvironmentName, checkLabel, checkPortName, checkPortNumber } from '../../api/names.ts';
import { compareQuantities, parseQuantity } from '../../api/quantity.ts';
import { checkedChoice, checkedName, checkedNonNegative, checkedPort, negativeComplaint } from '../field-checks.ts';
import type { Container, ContainerPort, EnvVar, Handler, Probe, ResourceRequirements, VolumeMount } from './types.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];

export function validateContainer(container: Container, path: string, usesHostNetwork: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if ((container.name ?? '') === '') errors.push(required(child(path, 'name')));
  else errors.push(...checkedName(child(path, 'name'), container.name, checkLabel));
  const image = container.image ?? '';
  if (image === '') errors.push(required(child(path, 'image')));
  else if (image.trim() !== image) {
    errors.push(invalid(child(path, 'image'), image, 'must not have leading or trailing whitespace'));
  }
  errors.push(...validatePorts(container.ports ?? [], child(path, 'ports'), usesHostNetwork));
  errors.push(...validateEnvironment(container.env ?? [], child(path, 'env')));
  errors.push(...validateMounts(container.volumeMounts ?? [], child(path, 'volumeMounts')));
  errors.push(
    ...checkedChoice(child(path, 'imagePullPolicy'), container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
  );
  const policies = ['FallbackToLogsOnError', 'File'];
  errors.push(...checkedChoice(child(path, 'terminationMessagePolicy'), container.terminationMessagePolicy, policies));
  errors.push(...validateResources(container.resources ?? {}, child(path, 'resources')));
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name];
    if (probe !== undefined) errors.push(...validateProbe(probe, child(path, name), name !== 'readinessProbe'));
  }
  for (const name of ['postStart', 'preStop'] as const) {
    const handler = container.lifecycle?.[name];
    if (handler !== undefined) errors.push(...validateHandler(handler, child(child(path, 'lifecycle'), name)));
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
    errors.push(...checkedChoice(child(place, 'protocol'), port.protocol, protocols));
  }
  return errors;
}

function validateEnvironment(variables: readonly EnvVar[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, variable] of variables.entries()) {
    const place = at(path, index);
    if ((variable.name ?? '') === '') errors.push(required(child(place, 'name')));
    else errors.push(...checkedName(child(place, 'name'), variable.name, checkEnvironmentName));
    if (variable.valueFrom === undefined) continue;
    const source = child(place, 'valueFrom');
    const count = Object.keys(variable.valueFrom).length;
    if (count === 0) {
      const detail =
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef`, or `fileKeyRef`';
      errors.push(invalid(source, '', detail));
    } else if ((variable.value ?? '') !== '') {
      errors.push(invalid(source, '', 'may not be specified when `value` is not empty'));
    } else if (count > 1) errors.push(invalid(source, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

function validateMounts(mounts: readonly VolumeMount[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const places = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    const place = at(path, index);
    if ((mount.name ?? '') === '') errors.push(required(child(place, 'name')));
    const mountPath = mount.mountPath ?? '';
    if (mountPath === '') errors.push(required(child(place, 'mountPath')));
    else if (places.has(mountPath)) errors.push(invalid(child(place, 'mountPath'), mountPath, 'must be unique'));
    places.add(mountPath);
  }
  return errors;
}

function validateResources({ limits = {}, requests = {} }: ResourceRequirements, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [list, amounts] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, text] of Object.entries(amounts)) {
      const quantity = parseQuantity(text);
      if (quantity !== undefined && quantity.nanos < 0n) {
        errors.push(invalid(at(child(path, list), name), text, negativeComplaint));
      }
    }
  }
  for (const [name, text] of Object.entries(requests)) {
    const limit = limits[name];
    const [asked, allowed] = [parseQuantity(text), limit === undefined ? undefined : parseQuantity(limit)];
    if (asked !== undefined && allowed !== undefined && compareQuantities(asked, allowed) > 0) {
      const detail = `must be less than or equal to ${name} limit of ${limit as string}`;
      errors.push(invalid(child(path, 'requests'), text, detail));
    }
  }
  return errors;
}

function validateProbe(probe: Probe, path: string, mustSucceedOnce: boolean): FieldError[] {
  const errors = validateHandler(probe, path);
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    errors.push(...checkedNonNegative(child(path, name), probe[name]));
  }
  if (mustSucceedOnce && probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(invalid(child(path, 'successThreshold'), probe.successThreshold, 'must be 1'));
  }
  return errors;
}

function validateHandler(handler: Handler & Pick<Probe, 'grpc'>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const types = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter(
    (name) => handler[name] !== undefined,
  );
  if (types.length === 0) errors.push(required(path, 'must specify a handler type'));
  for (const extra of types.slice(1)) {
    errors.push(forbiddenField(child(path, extra), 'may not specify more than 1 handler type'));
  }
  if (handler.exec !== undefined && (handler.exec.command ?? []).length === 0) {
    errors.push(required(child(child(path, 'exec'), 'command')));
  }
  for (const name of ['httpGet', 'tcpSocket'] as const) {
    const action = handler[name];
    if (action !== undefined) errors.push(...checkedPort(child(child(path, name), 'port'), action.port ?? 0));
  }
  return errors;
}
