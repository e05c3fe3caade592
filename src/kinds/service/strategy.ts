/** How services begin and change. Models kubernetes pkg/registry/core/service/strategy.go. */
import { equalSemantic, type Mutable } from '../../api/json.ts';
import { checkServiceLabel } from '../../api/names.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { setServiceDefaults } from './defaults.ts';
import type { Service, ServicePort, ServiceSpec } from './types.ts';
import { isReachedFromOutside, needsHealthPort, validateService, validateServiceUpdate } from './validate.ts';

export const serviceBehaviour: KindBehaviour<Service> = {
  allowsCreateOnUpdate: true,
  checkName: checkServiceLabel,
  fieldLabels: ['spec.clusterIP', 'spec.type'],
  selectableFields: ({ spec }) => ({ 'spec.clusterIP': spec.clusterIP ?? '', 'spec.type': spec.type ?? '' }),
  setDefaults: setServiceDefaults,
  prepareForCreate(service) {
    (service as Mutable<Service>).status = { loadBalancer: {} };
  },
  prepareForUpdate(service, old) {
    keepAllocations(service, old);
    dropWhatTypeForbids(service, old);
  },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
};

/** An update that does not name the allocated addresses keeps them, so that a plain `replace` works. */
function keepAllocations(service: Service, old: Service): void {
  const spec = service.spec as Mutable<ServiceSpec>;
  if (spec.type === 'ExternalName' || old.spec.type === 'ExternalName') return;
  if ((spec.clusterIP ?? '') === '' && old.spec.clusterIP !== undefined) {
    spec.clusterIP = old.spec.clusterIP;
    if (old.spec.clusterIPs !== undefined) spec.clusterIPs = old.spec.clusterIPs;
  }
  if (needsHealthPort(spec) && (spec.healthCheckNodePort ?? 0) === 0 && old.spec.healthCheckNodePort !== undefined) {
    spec.healthCheckNodePort = old.spec.healthCheckNodePort;
  }
  if (spec.type === 'ClusterIP') return;
  for (const port of spec.ports ?? []) {
    const former = old.spec.ports?.find((each) => each.port === port.port && each.protocol === port.protocol);
    if ((port.nodePort ?? 0) === 0 && former?.nodePort !== undefined) {
      (port as Mutable<typeof port>).nodePort = former.nodePort;
    }
  }
}

/** Fields that not all services may have, and which may. */
const conditionalFields: readonly (readonly [keyof ServiceSpec, (spec: ServiceSpec) => boolean])[] = [
  ['clusterIP', hasAddress],
  ['clusterIPs', hasAddress],
  ['ipFamilies', hasAddress],
  ['ipFamilyPolicy', hasAddress],
  ['externalTrafficPolicy', isReachedFromOutside],
  ['healthCheckNodePort', needsHealthPort],
  ['allocateLoadBalancerNodePorts', isBalanced],
  ['loadBalancerClass', isBalanced],
];

/**
 * A client that changes the type and nothing else means the rest to follow: what was filled in for the former type goes, unless it was changed along
 * with the type. Models pkg/registry/core/service/strategy.go dropTypeDependentFields.
 */
function dropWhatTypeForbids({ spec }: Service, { spec: former }: Service): void {
  for (const [name, mayHave] of conditionalFields) {
    if (mayHave(former) && !mayHave(spec) && equalSemantic(spec[name], former[name])) {
      delete (spec as Mutable<ServiceSpec>)[name];
    }
  }
  if (spec.type === former.type || (spec.type !== 'ClusterIP' && spec.type !== 'ExternalName')) return;
  const isFormer = new Set((former.ports ?? []).map(({ nodePort }) => nodePort));
  const ports = (spec.ports ?? []) as Mutable<ServicePort>[];
  if (ports.every(({ nodePort }) => nodePort === undefined || isFormer.has(nodePort))) {
    for (const port of ports) delete port.nodePort;
  }
}

function hasAddress({ type }: ServiceSpec): boolean {
  return type !== 'ExternalName';
}

function isBalanced({ type }: ServiceSpec): boolean {
  return type === 'LoadBalancer';
}
