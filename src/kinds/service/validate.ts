/** Models kubernetes pkg/apis/core/validation/validation.go ValidateService and ValidateServiceUpdate. */
import { at, child, duplicate, type FieldError, forbiddenField, invalid, required } from '../../api/field-error.ts';
import { equalSemantic } from '../../api/json.ts';
import { validateLabels } from '../../api/label-selector.ts';
import { checkAddress, checkLabel, checkPortNumber, checkSubdomain } from '../../api/names.ts';
import { checkedChoice, checkedName, checkedPort } from '../field-checks.ts';
import type { Service, ServicePort, ServiceSpec } from './types.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

export function validateService({ spec }: Service): FieldError[] {
  const errors = checkedChoice('spec.type', spec.type, types);
  errors.push(...validateAddresses(spec));
  errors.push(...validatePorts(spec));
  errors.push(...validateLabels(spec.selector ?? {}, 'spec.selector'));
  errors.push(...checkedChoice('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']));
  const affinitySeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (affinitySeconds !== undefined && (affinitySeconds <= 0 || affinitySeconds > 86_400)) {
    const path = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
    errors.push(invalid(path, affinitySeconds, 'must be greater than 0 and less than 86400'));
  }
  errors.push(...checkedChoice('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']));
  errors.push(...checkedChoice('spec.externalTrafficPolicy', spec.externalTrafficPolicy, ['Cluster', 'Local']));
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    errors.push(...checkedName(at('spec.externalIPs', index), address, checkAddress));
  }
  if (spec.type === 'ExternalName') {
    if ((spec.externalName ?? '') === '') errors.push(required('spec.externalName'));
    else
      errors.push(
        ...checkedName('spec.externalName', (spec.externalName as string).replace(/\.$/, ''), checkSubdomain),
      );
  }
  return errors;
}

/** `old` is stored, so its addresses are allocated. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const former = old.spec.clusterIPs ?? [];
  const next = service.spec.clusterIPs ?? [];
  const isExternal = service.spec.type === 'ExternalName' || old.spec.type === 'ExternalName';
  if (isExternal || former.length === 0 || equalSemantic(next[0], former[0])) return [];
  return [invalid('spec.clusterIPs[0]', next, 'may not change once set')];
}

function validateAddresses(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.type === 'ExternalName') {
    if ((spec.clusterIPs ?? []).length > 0) {
      errors.push(forbiddenField('spec.clusterIPs', "may not be set when `type` is 'ExternalName'"));
    }
    return errors;
  }
  const isHeadless = spec.clusterIP === 'None';
  if (isHeadless && (spec.type === 'NodePort' || spec.type === 'LoadBalancer')) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  if (!isHeadless) {
    for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
      errors.push(...checkedName(at('spec.clusterIPs', index), address, checkAddress));
    }
  }
  return errors;
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const ports = spec.ports ?? [];
  if (ports.length === 0 && spec.clusterIP !== 'None' && spec.type !== 'ExternalName')
    errors.push(required('spec.ports'));
  const names = new Set<string>();
  const numbers = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = at('spec.ports', index);
    const name = port.name ?? '';
    if (name === '' && ports.length > 1) errors.push(required(child(path, 'name')));
    if (name !== '') {
      errors.push(...checkedName(child(path, 'name'), name, checkLabel));
      if (names.has(name)) errors.push(duplicate(child(path, 'name'), name));
      names.add(name);
    }
    errors.push(...validatePort(port, path, spec));
    const key = `${port.protocol ?? 'TCP'}/${port.port}`;
    if (numbers.has(key)) errors.push(duplicate(path, { protocol: port.protocol, port: port.port }));
    numbers.add(key);
  }
  return errors;
}

function validatePort(port: ServicePort, path: string, spec: ServiceSpec): FieldError[] {
  const errors = checkPortNumber(port.port).map((complaint) => invalid(child(path, 'port'), port.port, complaint));
  errors.push(...checkedChoice(child(path, 'protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']));
  if (port.targetPort !== undefined && checkPortNumber(port.port).length === 0) {
    errors.push(...checkedPort(child(path, 'targetPort'), port.targetPort));
  }
  const nodePort = port.nodePort ?? 0;
  if (nodePort === 0) return errors;
  if (spec.type === 'ClusterIP') {
    errors.push(forbiddenField(child(path, 'nodePort'), "may not be used when `type` is 'ClusterIP'"));
  }
  return errors.concat(
    checkPortNumber(nodePort).map((complaint) => invalid(child(path, 'nodePort'), nodePort, complaint)),
  );
}
