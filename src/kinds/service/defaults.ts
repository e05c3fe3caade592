/**
 * Models kubernetes pkg/apis/core/v1/defaults.go SetDefaults_Service and the single-stack part of
 * pkg/registry/core/service/storage/alloc.go. Addresses themselves are allocated by the API server.
 */
import { type Mutable, setDefault } from '../../api/json.ts';
import type { Service, ServiceSpec } from './types.ts';
import { isReachedFromOutside } from './validate.ts';

export function setServiceDefaults(service: Service): void {
  const spec = service.spec as Mutable<ServiceSpec> | undefined;
  if (spec === undefined) return;
  setDefault(spec, 'sessionAffinity', 'None');
  if (spec.sessionAffinity === 'ClientIP') setAffinityTimeout(spec);
  setDefault(spec, 'type', 'ClusterIP');
  for (const port of spec.ports ?? []) {
    setDefault(port, 'protocol', 'TCP');
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') {
      (port as Mutable<typeof port>).targetPort = port.port;
    }
  }
  keepAddressesEqual(spec);
  if (spec.type === 'ExternalName') return;
  setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  if (isReachedFromOutside(spec)) setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec.type === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
  setDefault(spec, 'ipFamilies', ['IPv4']);
  setDefault(spec, 'ipFamilyPolicy', 'SingleStack');
}

function setAffinityTimeout(spec: ServiceSpec): void {
  setDefault(spec, 'sessionAffinityConfig', {});
  const config = spec.sessionAffinityConfig as { clientIP?: { timeoutSeconds?: number } };
  setDefault(config, 'clientIP', {});
  if (config.clientIP !== undefined) setDefault(config.clientIP, 'timeoutSeconds', 10_800);
}

/** clusterIP is the first of clusterIPs. */
function keepAddressesEqual(spec: Mutable<ServiceSpec>): void {
  const address = spec.clusterIP ?? spec.clusterIPs?.[0];
  if (address === undefined || address === '') return;
  spec.clusterIP = address;
  if (spec.clusterIPs === undefined || spec.clusterIPs.length === 0) spec.clusterIPs = [address];
}
