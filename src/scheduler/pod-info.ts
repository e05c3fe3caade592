/** A pod as the scheduler sees it: the object, and what plugins would otherwise compute again for every node. */
import { equalJson } from '../api/json.ts';
import { labelsOf, namespaceOf, objectKey, type StringMap, uidOf } from '../api/object-meta.ts';
import type { Pod } from '../kinds/pod/types.ts';
import { imageNamesOf } from './image-name.ts';
import { type PodTerms, podTermsOf } from './pod-term.ts';
import { type Amounts, hasWhatItAsks, requestsOf, scoringRequestsOf } from './resources.ts';

const noNames: readonly string[] = [];

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
  /** Names of the PersistentVolumeClaims that its volumes refer to, without duplicates; those that are made for the pod too. */
  readonly claims: readonly string[];
  /** What its containers run, one each, as nodes name it. */
  readonly images: readonly string[];
}

/** Computes what plugins need. It is taken over from `former` when nothing has changed that it depends on. */
export function podInfoOf(pod: Pod, former?: PodInfo): PodInfo {
  if (former !== undefined && isSameToPlugins(former.pod, pod)) {
    return { ...former, pod, isTerminating: pod.metadata.deletionTimestamp !== undefined };
  }
  const namespace = namespaceOf(pod);
  return {
    pod,
    uid: uidOf(pod),
    key: objectKey(pod),
    namespace,
    labels: labelsOf(pod),
    priority: pod.spec.priority ?? 0,
    isTerminating: pod.metadata.deletionTimestamp !== undefined,
    requests: requestsOf(pod),
    scoringRequests: scoringRequestsOf(pod),
    hostPorts: hostPortsOf(pod),
    terms: podTermsOf(pod),
    claims: claimsOf(pod),
    images: imageNamesOf(pod.spec),
  };
}

/** Tells whether two pods have the very same requests, so that one was computed from the other. */
export function sharesSums(left: PodInfo, right: PodInfo): boolean {
  return left.requests === right.requests && left.labels === right.labels;
}

/** The generation grows with each change of the spec; labels may change without it. */
function isSameToPlugins(former: Pod, pod: Pod): boolean {
  const { generation } = pod.metadata;
  if (generation === undefined || generation !== former.metadata.generation) return false;
  return equalJson(labelsOf(former), labelsOf(pod)) && hasWhatItAsks(pod) && hasWhatItAsks(former);
}

function claimsOf({ metadata, spec }: Pod): readonly string[] {
  if (spec.volumes === undefined) return noNames;
  const names = new Set<string>();
  for (const { name, persistentVolumeClaim, ephemeral } of spec.volumes) {
    if (persistentVolumeClaim !== undefined) names.add(persistentVolumeClaim.claimName);
    else if (ephemeral !== undefined) names.add(`${metadata.name ?? ''}-${name}`);
  }
  return names.size === 0 ? noNames : [...names];
}

const noPorts: readonly HostPort[] = [];

function hostPortsOf(pod: Pod): readonly HostPort[] {
  if (pod.spec.initContainers === undefined && pod.spec.containers.every(({ ports }) => ports === undefined))
    return noPorts;
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
