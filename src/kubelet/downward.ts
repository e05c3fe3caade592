/** What the downward API tells of a pod: its fields and the resources of its containers. Models kubernetes pkg/fieldpath and pkg/api/v1/resource. */
import { annotationsOf, labelsOf, nameOf, namespaceOf, type StringMap, uidOf } from '../api/object-meta.ts';
import { parseQuantity } from '../api/quantity.ts';
import type { Container, Pod, ResourceList, ResourceReference } from '../kinds/pod/types.ts';

/** What of the pod's place the downward API tells. */
export interface PodPlace {
  readonly nodeName: string;
  readonly hostIp: string;
  /** What pods of the node may use: the limit of a container that has none. */
  readonly allocatable: ResourceList;
}

/** Returns a field that the pod has wherever it runs; undefined for what only an environment can have, or nobody. */
export function metadataField(path: string, pod: Pod): string | undefined {
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? labelsOf(pod) : annotationsOf(pod);
    return map[subscript[2] ?? ''] ?? '';
  }
  const fields: Readonly<Record<string, () => string>> = {
    'metadata.name': () => nameOf(pod),
    'metadata.namespace': () => namespaceOf(pod),
    'metadata.uid': () => uidOf(pod),
    'metadata.labels': () => quotedLines(labelsOf(pod)),
    'metadata.annotations': () => quotedLines(annotationsOf(pod)),
  };
  return fields[path]?.();
}

/** Returns what a container is told in its environment. `address` is the pod's own; undefined for what the downward API does not know. */
export function environmentField(path: string, pod: Pod, address: string, place: PodPlace): string | undefined {
  const fields: Readonly<Record<string, string>> = {
    'spec.nodeName': place.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? '',
    'status.hostIP': place.hostIp,
    'status.hostIPs': place.hostIp,
    'status.podIP': address,
    'status.podIPs': address,
  };
  return fields[path] ?? metadataField(path, pod);
}

/**
 * Returns `limits.NAME` or `requests.NAME` of a container as a whole number of `divisor`s, rounded up. Without a limit it is what the node
 * can give; without a request it is 0.
 */
export function resourceField({ resource, divisor }: ResourceReference, container: Container, place: PodPlace): string {
  const [list, name] = cut(resource);
  const requested = container.resources?.requests?.[name];
  const limit = container.resources?.limits?.[name];
  const text = list === 'limits' ? (limit ?? place.allocatable[name]) : (requested ?? '0');
  const nanos = parseQuantity(text ?? '0')?.nanos ?? 0n;
  const unit = parseQuantity(divisor ?? '1')?.nanos ?? 0n;
  const step = unit === 0n ? 1_000_000_000n : unit;
  return String((nanos + step - 1n) / step);
}

function cut(resource: string): readonly [string, string] {
  const dot = resource.indexOf('.');
  return [resource.slice(0, dot), resource.slice(dot + 1)];
}

/** One `key="value"` a line, by key, as files of the downward API have them. */
function quotedLines(map: StringMap): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}
