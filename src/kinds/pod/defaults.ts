/**
 * Defaults of pods and of pod templates. A pod gets a few more than a template: requests from limits, service links, host
 * ports. Models kubernetes pkg/apis/core/v1/defaults.go.
 */
import { type Mutable, setDefault } from '../../api/json.ts';
import type {
  Container,
  Handler,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceList,
  ResourceRequirements,
} from './types.ts';
import type { Volume } from './volume-types.ts';

const fileMode = 0o644;

export function setPodDefaults(pod: Pod): void {
  const spec = pod.spec as PodSpec | undefined;
  if (spec === undefined) return;
  setPodSpecDefaults(spec);
  setDefault(spec, 'enableServiceLinks', true);
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.resources !== undefined) requestWhatIsLimited(container.resources);
    if (spec.hostNetwork === true) {
      for (const port of container.ports ?? []) setDefault(port, 'hostPort', port.containerPort);
    }
  }
  if (spec.resources !== undefined) requestWhatIsLimited(spec.resources);
}

export function setPodTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template?.spec !== undefined) setPodSpecDefaults(template.spec);
}

function setPodSpecDefaults(spec: PodSpec): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'securityContext', {});
  setDefault(spec, 'schedulerName', 'default-scheduler');
  keepAccountNamesEqual(spec);
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  const lists = [spec.initContainers, spec.containers, spec.ephemeralContainers];
  for (const list of lists) for (const container of list ?? []) setContainerDefaults(container);
}

function keepAccountNamesEqual(spec: Mutable<PodSpec>): void {
  const name = spec.serviceAccountName ?? spec.serviceAccount;
  if (name === undefined || name === '') return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function setContainerDefaults(container: Container): void {
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'imagePullPolicy', isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent');
  for (const port of container.ports ?? []) setDefault(port, 'protocol', 'TCP');
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) setDefault(valueFrom.fieldRef, 'apiVersion', 'v1');
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe !== undefined) setProbeDefaults(probe);
  }
  setHandlerDefaults(container.lifecycle?.postStart);
  setHandlerDefaults(container.lifecycle?.preStop);
}

function setProbeDefaults(probe: Probe): void {
  setDefault(probe, 'timeoutSeconds', 1);
  setDefault(probe, 'periodSeconds', 10);
  setDefault(probe, 'successThreshold', 1);
  setDefault(probe, 'failureThreshold', 3);
  if (probe.grpc !== undefined) setDefault(probe.grpc, 'service', '');
  setHandlerDefaults(probe);
}

function setHandlerDefaults(handler: Handler | undefined): void {
  if (handler?.httpGet === undefined) return;
  setDefault(handler.httpGet, 'path', '/');
  setDefault(handler.httpGet, 'scheme', 'HTTP');
}

function setVolumeDefaults(volume: Volume): void {
  if (Object.keys(volume).every((name) => name === 'name')) setDefault(volume, 'emptyDir', {});
  if (volume.hostPath !== undefined) setDefault(volume.hostPath, 'type', '');
  if (volume.secret !== undefined) setDefault(volume.secret, 'defaultMode', fileMode);
  if (volume.configMap !== undefined) setDefault(volume.configMap, 'defaultMode', fileMode);
  const files = [...(volume.downwardAPI?.items ?? [])];
  if (volume.downwardAPI !== undefined) setDefault(volume.downwardAPI, 'defaultMode', fileMode);
  if (volume.projected !== undefined) setDefault(volume.projected, 'defaultMode', fileMode);
  for (const source of volume.projected?.sources ?? []) {
    if (source.serviceAccountToken !== undefined) setDefault(source.serviceAccountToken, 'expirationSeconds', 3600);
    files.push(...(source.downwardAPI?.items ?? []));
  }
  for (const { fieldRef } of files) if (fieldRef !== undefined) setDefault(fieldRef, 'apiVersion', 'v1');
}

function requestWhatIsLimited(resources: ResourceRequirements): void {
  if (resources.limits === undefined) return;
  const requests: Record<string, string> = { ...resources.requests };
  for (const [name, limit] of Object.entries(resources.limits)) requests[name] ??= limit;
  (resources as { requests: ResourceList }).requests = requests;
}

/** Tells whether an image reference means the tag `latest`, by name or by silence. A digest pins it. */
function isLatest(image: string): boolean {
  if (image.includes('@')) return false;
  const last = image.slice(image.lastIndexOf('/') + 1);
  const colon = last.indexOf(':');
  return colon === -1 || last.slice(colon + 1) === 'latest';
}
