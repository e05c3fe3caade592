/** What the runtime is told about a pod as a whole. Models kubernetes pkg/kubelet/kuberuntime generatePodSandboxConfig and kubelet_pods.go. */
import { annotationsOf, nameOf, namespaceOf, uidOf } from '../api/object-meta.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { SandboxConfig } from '../protocol/runtime.ts';

const clusterDomain = 'cluster.local';
/** A host name of Linux, and a label of DNS. */
const hostnameLengthMax = 64;
const labelLengthMax = 63;

export type SandboxVerdict =
  | { readonly type: 'made'; readonly config: SandboxConfig }
  | { readonly type: 'impossible'; readonly message: string };

/** What is decided about a sandbox beside its pod's spec; as in SandboxConfig. */
export type SandboxPlace = Pick<SandboxConfig, 'nodeName' | 'podIp' | 'runtimeHandler'>;

export function sandboxConfigOf(pod: Pod, place: SandboxPlace, attempt: number): SandboxVerdict {
  const { podIp } = place;
  const { hostname, domain } = hostnameOf(pod);
  const qualified = domain === '' ? hostname : `${hostname}.${domain}`;
  const isQualified = pod.spec.setHostnameAsFQDN === true;
  if (isQualified && qualified.length > hostnameLengthMax) {
    const what = `FQDN ${qualified} is too long (${hostnameLengthMax} characters is the max, ${qualified.length} characters requested)`;
    return { type: 'impossible', message: `failed to construct FQDN from Pod hostname and cluster domain, ${what}` };
  }
  const own = podIp === null || domain === '' ? [] : [{ ip: podIp, hostnames: [qualified, hostname] }];
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => ({ ip, hostnames }));
  const config: SandboxConfig = {
    namespace: namespaceOf(pod),
    name: nameOf(pod),
    uid: uidOf(pod),
    attempt,
    hostname: isQualified ? qualified : hostname,
    annotations: annotationsOf(pod),
    hostAliases: [...own, ...aliases],
    ...place,
  };
  return { type: 'made', config };
}

function hostnameOf(pod: Pod): { readonly hostname: string; readonly domain: string } {
  const { hostname, hostnameOverride, subdomain = '' } = pod.spec;
  if (hostnameOverride !== undefined && hostnameOverride !== '') return { hostname: hostnameOverride, domain: '' };
  const chosen = hostname === undefined || hostname === '' ? nameOf(pod) : hostname;
  const domain = subdomain === '' ? '' : `${subdomain}.${namespaceOf(pod)}.svc.${clusterDomain}`;
  return { hostname: chosen.slice(0, labelLengthMax).replace(/[-.]+$/, ''), domain };
}
