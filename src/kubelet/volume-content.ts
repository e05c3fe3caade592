/**
 * What a volume of a pod holds, found out from the pod and the objects that it names. A verdict and nothing more: pod-volumes.ts waits, tells
 * and tries again. Models kubernetes pkg/volume/{configmap,secret,projected,downwardapi} and pkg/kubelet/volumemanager/populator.
 */
import { namespaceOf } from '../api/object-meta.ts';
import { parseQuantity, valueOf } from '../api/quantity.ts';
import { must } from '../base/assert.ts';
import { decodeBase64 } from '../base/base64.ts';
import { utf8 } from '../base/bytes.ts';
import type { ConfigMap } from '../kinds/configmap/types.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { DownwardVolumeFile, KeyToPath, Volume, VolumeProjection } from '../kinds/pod/volume-types.ts';
import type { Secret } from '../kinds/secret/types.ts';
import type { VolumeFile } from '../protocol/runtime.ts';
import { claimedVolume } from './claimed-volume.ts';
import { metadataField, type PodPlace, resourceField } from './downward.ts';
import { claimNameOf, containersOf } from './pod-needs.ts';
import { held, missing, type NoVolume, type VolumeSources, type VolumeVerdict, waiting } from './volume-verdict.ts';

type Files = { readonly type: 'found'; readonly files: readonly VolumeFile[] } | NoVolume;

const fileModeDefault = 0o644;
const tokenSecondsDefault = 3_600;

export function volumeContentOf(volume: Volume, sources: VolumeSources): VolumeVerdict {
  const { emptyDir, hostPath, configMap, secret, downwardAPI, projected } = volume;
  if (emptyDir !== undefined) {
    const sizeLimitBytes = valueOf(parseQuantity(emptyDir.sizeLimit ?? '0') ?? { nanos: 0n, format: 'decimal' });
    return held({ type: 'empty', isMemory: emptyDir.medium === 'Memory', sizeLimitBytes });
  }
  if (hostPath !== undefined) return held({ type: 'host', path: hostPath.path, hostPathType: hostPath.type ?? '' });
  if (configMap !== undefined) return asVolume(configMapFiles(configMap, configMap.defaultMode, sources));
  if (secret !== undefined) {
    return asVolume(secretFiles({ ...secret, name: secret.secretName }, secret.defaultMode, sources));
  }
  if (downwardAPI !== undefined) return asVolume(downwardFiles(downwardAPI.items, downwardAPI.defaultMode, sources));
  if (projected !== undefined) return asVolume(projectedFiles(projected.sources, projected.defaultMode, sources));
  if (claimNameOf(sources.pod, volume) !== undefined) return claimedVolume(volume, sources);
  const kinds = Object.keys(volume).filter((key) => key !== 'name');
  return missing(`volumes of type ${kinds.join(', ') || 'unknown'} are not supported by the kubelet of this cluster`);
}

function asVolume(files: Files): VolumeVerdict {
  return files.type === 'found' ? held({ type: 'files', files: files.files }) : files;
}

interface NamedSource {
  readonly name?: string | undefined;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

function configMapFiles(source: NamedSource, mode: number | undefined, { pod, objects }: VolumeSources): Files {
  const object = objects.find<ConfigMap>('configmaps', namespaceOf(pod), source.name ?? '');
  if (object === undefined) return waiting;
  if (object === null) return absent(source, `configmap ${JSON.stringify(source.name)} not found`);
  const data = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(object.data ?? {})) data.set(key, utf8(text));
  for (const [key, text] of Object.entries(object.binaryData ?? {})) data.set(key, decodeBase64(text));
  return filesOf(data, source, mode, 'config');
}

function secretFiles(source: NamedSource, mode: number | undefined, { pod, objects }: VolumeSources): Files {
  const object = objects.find<Secret>('secrets', namespaceOf(pod), source.name ?? '');
  if (object === undefined) return waiting;
  if (object === null) return absent(source, `secret ${JSON.stringify(source.name)} not found`);
  const data = new Map(Object.entries(object.data ?? {}).map(([key, text]) => [key, decodeBase64(text)]));
  return filesOf(data, source, mode, 'secret');
}

function absent({ optional }: NamedSource, message: string): Files {
  return optional === true ? { type: 'found', files: [] } : missing(message);
}

function filesOf(
  data: ReadonlyMap<string, Uint8Array>,
  { items, optional }: NamedSource,
  defaultMode: number | undefined,
  what: 'config' | 'secret',
): Files {
  const mode = defaultMode ?? fileModeDefault;
  if (items === undefined) {
    return { type: 'found', files: [...data].map(([path, bytes]) => ({ path, bytes, mode })) };
  }
  const files: VolumeFile[] = [];
  for (const item of items) {
    const bytes = data.get(item.key);
    if (bytes !== undefined) files.push({ path: item.path, bytes, mode: item.mode ?? mode });
    else if (optional !== true) return missing(`references non-existent ${what} key: ${item.key}`);
  }
  return { type: 'found', files };
}

function downwardFiles(
  items: readonly DownwardVolumeFile[] | undefined,
  defaultMode: number | undefined,
  { pod, place }: VolumeSources,
): Files {
  const files: VolumeFile[] = [];
  for (const { path, fieldRef, resourceFieldRef, mode = defaultMode ?? fileModeDefault } of items ?? []) {
    const text =
      resourceFieldRef === undefined
        ? metadataField(fieldRef?.fieldPath ?? '', pod)
        : resourceOf(resourceFieldRef, pod, place);
    if (text === undefined) return missing(`unsupported fieldPath: ${fieldRef?.fieldPath ?? ''}`);
    files.push({ path, bytes: utf8(text), mode });
  }
  return { type: 'found', files };
}

function resourceOf(
  reference: NonNullable<DownwardVolumeFile['resourceFieldRef']>,
  pod: Pod,
  place: PodPlace,
): string | undefined {
  const container = containersOf(pod).find(({ name }) => name === reference.containerName);
  return container === undefined ? undefined : resourceField(reference, container, place);
}

function projectedFiles(
  projections: readonly VolumeProjection[] | undefined,
  mode: number | undefined,
  sources: VolumeSources,
): Files {
  const parts = (projections ?? []).map((projection) => projectedPart(projection, mode, sources));
  if (parts.some(({ type }) => type === 'waiting')) return waiting;
  const complaints = parts.flatMap((part) => (part.type === 'missing' ? [part.message] : []));
  if (complaints.length > 0)
    return missing(complaints.length === 1 ? must(complaints[0], 'one') : `[${complaints.join(', ')}]`);
  const files = new Map<string, VolumeFile>();
  for (const part of parts) {
    // Of two sources with one path the later wins.
    if (part.type === 'found') for (const file of part.files) files.set(file.path, file);
  }
  return { type: 'found', files: [...files.values()] };
}

function projectedPart(projection: VolumeProjection, mode: number | undefined, sources: VolumeSources): Files {
  const { configMap, secret, downwardAPI, serviceAccountToken } = projection;
  if (configMap !== undefined) return configMapFiles(configMap, mode, sources);
  if (secret !== undefined) return secretFiles(secret, mode, sources);
  if (downwardAPI !== undefined) return downwardFiles(downwardAPI.items, mode, sources);
  if (serviceAccountToken !== undefined) {
    const { audience = '', expirationSeconds = tokenSecondsDefault, path } = serviceAccountToken;
    const verdict = sources.token(audience, expirationSeconds);
    if (verdict.type === 'missing') return missing(verdict.message);
    if (verdict.type === 'waiting') return waiting;
    const file = { path, bytes: utf8(verdict.token), mode: mode ?? fileModeDefault };
    return { type: 'found', files: [file] };
  }
  const kinds = Object.keys(projection).join(', ');
  return missing(`projections of type ${kinds || 'unknown'} are not supported by the kubelet of this cluster`);
}
