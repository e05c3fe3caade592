/** Models kubernetes pkg/apis/core/validation/validation.go ValidateService and ValidateServiceUpdate. */
import { at, child, duplicate, type FieldError, forbiddenField, invalid, required } from '../../api/field-error.ts';
import { equalSemantic } from '../../api/json.ts';
import { validateLabels } from '../../api/label-selector.ts';
import { checkLabel, checkPortNumber, checkQualifiedName, checkSubdomain } from '../../api/names.ts';
import { checkedOuterAddress } from '../address-checks.ts';
import { checkedChoice, checkedName, checkedPort } from '../field-checks.ts';
import type { Service, ServicePort, ServiceSpec } from './types.ts';
import { validateAddresses } from './validate-addresses.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const policies = ['Cluster', 'Local'];
const distributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
const balancersOnly = "may only be used when `type` is 'LoadBalancer'";
const externalForbidden = 'may not be set for ExternalName services';
const affinitySecondsMax = 86_400;
const kubeletPort = 10_250;

export function validateService({ spec }: Service): FieldError[] {
  return [
    ...validatePorts(spec),
    ...validateType(spec),
    ...validateLabels(spec.selector ?? {}, 'spec.selector'),
    ...validateAffinity(spec),
    ...validateAddresses(spec),
    ...validateBalancer(spec),
    ...validatePolicies(spec),
    ...(spec.externalIPs ?? []).flatMap((address, index) =>
      checkedOuterAddress(at('spec.externalIPs', index), address),
    ),
  ];
}

/** `old` is stored, so its addresses are allocated. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors: FieldError[] = [];
  const { loadBalancerClass: former, type } = old.spec;
  if (type === 'LoadBalancer' && service.spec.type === 'LoadBalancer' && service.spec.loadBalancerClass !== former) {
    const detail = 'may not change once set';
    errors.push(invalid('spec.loadBalancerClass', service.spec.loadBalancerClass ?? null, detail));
  }
  if (service.spec.type === 'ExternalName' || type === 'ExternalName') return errors;
  for (const [name, path] of [
    ['clusterIPs', 'spec.clusterIPs[0]'],
    ['ipFamilies', 'spec.ipFamilies[0]'],
  ] as const) {
    const held = old.spec[name] ?? [];
    const next = service.spec[name] ?? [];
    if (held.length > 0 && !equalSemantic(next[0], held[0]))
      errors.push(invalid(path, next, 'may not change once set'));
  }
  return errors;
}

function validateType(spec: ServiceSpec): FieldError[] {
  const errors = checkedChoice('spec.type', spec.type, types);
  const isHeadless = spec.clusterIP === 'None';
  if (isHeadless && (spec.type === 'NodePort' || spec.type === 'LoadBalancer')) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  if (spec.type === 'LoadBalancer') {
    for (const [index, { port }] of (spec.ports ?? []).entries()) {
      if (port !== kubeletPort) continue;
      const detail = `may not expose port ${kubeletPort} externally since it is used by kubelet`;
      errors.push(invalid(at('spec.ports', index), port, detail));
    }
  }
  if (spec.type !== 'ExternalName') return errors;
  for (const name of ['clusterIPs', 'ipFamilies'] as const) {
    if ((spec[name] ?? []).length > 0) errors.push(forbiddenField(`spec.${name}`, externalForbidden));
  }
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbiddenField('spec.ipFamilyPolicy', externalForbidden));
  const name = spec.externalName ?? '';
  if (name === '') return [...errors, required('spec.externalName')];
  return errors.concat(checkedName('spec.externalName', name.replace(/\.$/, ''), checkSubdomain));
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  const errors = checkedChoice('spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None']);
  const path = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None' && sessionAffinityConfig !== undefined) {
    errors.push(forbiddenField(path, 'must not be set when session affinity is None'));
  }
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinity !== 'ClientIP' || seconds === undefined) return errors;
  if (seconds > 0 && seconds <= affinitySecondsMax) return errors;
  const detail = `must be greater than 0 and less than ${affinitySecondsMax}`;
  return [...errors, invalid(`${path}.clientIP.timeoutSeconds`, seconds, detail)];
}

/** What only services may have that somebody balances from outside. */
function validateBalancer(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const isBalanced = spec.type === 'LoadBalancer';
  if (!isBalanced && (spec.loadBalancerSourceRanges ?? []).length > 0) {
    errors.push(forbiddenField('spec.loadBalancerSourceRanges', balancersOnly));
  }
  if (!isBalanced && spec.allocateLoadBalancerNodePorts !== undefined) {
    errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', balancersOnly));
  }
  if (spec.loadBalancerClass !== undefined) {
    const path = 'spec.loadBalancerClass';
    errors.push(...checkedName(path, spec.loadBalancerClass, checkQualifiedName));
    if (!isBalanced) errors.push(forbiddenField(path, balancersOnly));
  }
  return errors;
}

function validatePolicies(spec: ServiceSpec): FieldError[] {
  const { externalTrafficPolicy: external = '', internalTrafficPolicy: internal } = spec;
  const errors = checkedChoice('spec.internalTrafficPolicy', internal, policies);
  if (spec.trafficDistribution !== undefined) {
    errors.push(...checkedChoice('spec.trafficDistribution', spec.trafficDistribution, distributions));
  }
  const port = spec.healthCheckNodePort ?? 0;
  if (port !== 0 && !needsHealthPort(spec)) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid('spec.healthCheckNodePort', port, detail));
  }
  if (external === '') return errors;
  const path = 'spec.externalTrafficPolicy';
  if (isReachedFromOutside(spec)) return errors.concat(checkedChoice(path, external, policies));
  return [...errors, invalid(path, external, 'may only be set for externally-accessible services')];
}

/** Tells whether the external traffic policy means anything for the service. */
export function isReachedFromOutside({ type, externalIPs = [] }: ServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0);
}

/** Tells whether a load balancer asks each node if it has pods of the service. */
export function needsHealthPort({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const ports = spec.ports ?? [];
  if (ports.length === 0 && spec.clusterIP !== 'None' && spec.type !== 'ExternalName')
    errors.push(required('spec.ports'));
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = at('spec.ports', index);
    const { name = '', protocol = 'TCP', nodePort = 0 } = port;
    if (name === '' && ports.length > 1) errors.push(required(child(path, 'name')));
    if (name !== '') {
      errors.push(...checkedName(child(path, 'name'), name, checkLabel));
      if (names.has(name)) errors.push(duplicate(child(path, 'name'), name));
      names.add(name);
    }
    errors.push(...validatePort(port, path, spec));
    const key = `${protocol}/${port.port}`;
    if (numbers.has(key)) errors.push(duplicate(path, { protocol, port: port.port }));
    numbers.add(key);
    const outer = `${protocol}/${nodePort}`;
    if (nodePort !== 0 && nodePorts.has(outer)) errors.push(duplicate(child(path, 'nodePort'), nodePort));
    nodePorts.add(outer);
  }
  return errors;
}

function validatePort(port: ServicePort, path: string, spec: ServiceSpec): FieldError[] {
  const errors = checkPortNumber(port.port).map((complaint) => invalid(child(path, 'port'), port.port, complaint));
  errors.push(...checkedChoice(child(path, 'protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']));
  if (port.targetPort !== undefined && checkPortNumber(port.port).length === 0) {
    errors.push(...checkedPort(child(path, 'targetPort'), port.targetPort));
  }
  if (port.appProtocol !== undefined) {
    errors.push(...checkedName(child(path, 'appProtocol'), port.appProtocol, checkQualifiedName));
  }
  const nodePort = port.nodePort ?? 0;
  if (nodePort === 0) return errors;
  if (spec.type === 'ClusterIP') {
    errors.push(forbiddenField(child(path, 'nodePort'), "may not be used when `type` is 'ClusterIP'"));
  }
  return errors;
}
