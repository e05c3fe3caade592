/** A pod as the scheduler sees it: the object, and what plugins would otherwise compute again for every node. */
import { labelsOf, namespaceOf, objectKey, type StringMap, uidOf } from '../api/object-meta.ts';
import type { Pod } from '../kinds/pod/types.ts';
import { type PodTerms, podTermsOf } from './pod-term.ts';
import { type Amounts, requestsOf, scoringRequestsOf } from './resources.ts';

export interface HostPort {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

export interface PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly labels: StringMap;
  readonly priority: number;
  readonly isTerminating: boolean;
  readonly requests: Amounts;
  readonly scoringRequests: Amounts;
  readonly hostPorts: readonly HostPort[];
  readonly terms: PodTerms;
}

export function podInfoOf(pod: Pod): PodInfo {
  const namespace = namespaceOf(pod);
  return {
    pod,
    uid: uidOf(pod),
    key: objectKey(pod),
    namespace,
    labels: labelsOf(pod),
    priority: pod.spec.priority ?? 0,
    isTerminating: pod.metadata.deletionTimestamp !== undefined,
    requests: requestsOf(pod.spec),
    scoringRequests: scoringRequestsOf(pod.spec),
    hostPorts: hostPortsOf(pod),
    terms: podTermsOf(pod),
  };
}

function hostPortsOf(pod: Pod): readonly HostPort[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...sidecars, ...pod.spec.containers].flatMap((container) =>
    (container.ports ?? [])
      .filter(({ hostPort }) => (hostPort ?? 0) > 0)
      .map(({ hostPort, protocol, hostIP }) => ({
        protocol: protocol ?? 'TCP',
        address: hostIP === undefined || hostIP === '' ? '0.0.0.0' : hostIP,
        port: hostPort ?? 0,
      })),
  );
}
