/**
 * Manifests, indexes and configurations, read out of bytes that a stranger sent: what is not as it must be is a complaint, never an error.
 * Models opencontainers/image-spec manifest.md, image-index.md, config.md.
 */
import { utf8TextStrict } from '../base/bytes.ts';
import { isDigest } from './digest.ts';
import { layerBytesMax, layersMax } from './limits.ts';
import { compressionOf, dockerListType, indexType } from './media-types.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface LayerDescriptor extends Descriptor {
  readonly compression: 'none' | 'gzip';
}

export interface IndexEntry extends Descriptor {
  readonly os: string;
  readonly architecture: string;
}

export interface ImageManifest {
  readonly type: 'image';
  readonly config: Descriptor;
  /** The lowest first. */
  readonly layers: readonly LayerDescriptor[];
}

export interface ImageIndex {
  readonly type: 'index';
  readonly entries: readonly IndexEntry[];
}

export interface Complaint {
  readonly type: 'complaint';
  readonly message: string;
}

/** What a container of an image starts with. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly workingDirectory: string;
  /** Digests of the layers as they are without compression, the lowest first. */
  readonly diffIds: readonly string[];
}

/** Our own kind of machine: an image in an index that is made for this runtime says so. */
export const ownPlatform = { os: 'javascript', architecture: 'any' } as const;

type Json = Readonly<Record<string, unknown>>;

function complain(message: string): Complaint {
  return { type: 'complaint', message };
}

/** Reads an object of JSON; null for anything else. */
export function parseObject(bytes: Uint8Array): Json | null {
  try {
    const value: unknown = JSON.parse(utf8TextStrict(bytes));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads what a pull got as a manifest, which says of itself, or is said by `mediaType`, what it is. */
export function parseManifest(bytes: Uint8Array, mediaType: string): ImageManifest | ImageIndex | Complaint {
  const json = parseObject(bytes);
  if (json === null) return complain('the manifest is no JSON object');
  if (json['schemaVersion'] !== 2) return complain('the manifest is of schema version 1, which is not supported');
  const type = typeof json['mediaType'] === 'string' ? json['mediaType'] : mediaType;
  const isIndex = type === indexType || type === dockerListType || (!('config' in json) && 'manifests' in json);
  return isIndex ? parseIndex(json) : parseImage(json);
}

function parseImage(json: Json): ImageManifest | Complaint {
  const config = descriptorOf(json['config']);
  if (config === null) return complain('the manifest names no configuration');
  const layers = json['layers'];
  if (!Array.isArray(layers)) return complain('the manifest names no layers');
  if (layers.length > layersMax) return complain(`the image has ${layers.length} layers, more than ${layersMax}`);
  const read: LayerDescriptor[] = [];
  for (const layer of layers) {
    const descriptor = descriptorOf(layer);
    if (descriptor === null) return complain('the manifest has a layer without a digest or a size');
    const compression = compressionOf(descriptor.mediaType);
    if (compression === null) {
      return complain(`layer ${descriptor.digest} is ${JSON.stringify(descriptor.mediaType)}, which holds no files`);
    }
    if (compression === 'zstd') {
      return complain(`layer ${descriptor.digest} is compressed by zstd, which is not supported: use gzip`);
    }
    if (descriptor.sizeBytes > layerBytesMax) {
      return complain(`layer ${descriptor.digest} has ${descriptor.sizeBytes} bytes, more than ${layerBytesMax}`);
    }
    read.push({ ...descriptor, compression });
  }
  return { type: 'image', config, layers: read };
}

function parseIndex(json: Json): ImageIndex | Complaint {
  const manifests = json['manifests'];
  if (!Array.isArray(manifests)) return complain('the index names no manifests');
  const entries = manifests.flatMap((each: unknown): IndexEntry[] => {
    const descriptor = descriptorOf(each);
    if (descriptor === null || !isObject(each)) return [];
    const platform = isObject(each['platform']) ? each['platform'] : {};
    const { os = '', architecture = '' } = platform as { os?: unknown; architecture?: unknown };
    return [{ ...descriptor, os: String(os), architecture: String(architecture) }];
  });
  return { type: 'index', entries };
}

function descriptorOf(value: unknown): Descriptor | null {
  if (!isObject(value)) return null;
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isDigest(digest)) return null;
  return Number.isSafeInteger(size) && (size as number) >= 0 ? { mediaType, digest, sizeBytes: size as number } : null;
}

/**
 * Chooses among the images of an index: the one made for us, else one for Linux, whose files are laid out as programs expect, amd64 before
 * others, else the first. A module runs anywhere, so no platform is refused. What describes another entry is none.
 */
export function chooseManifest({ entries }: ImageIndex): IndexEntry | null {
  const images = entries.filter(({ os }) => os !== 'unknown');
  const own = images.find(({ os, architecture }) => os === ownPlatform.os && architecture === ownPlatform.architecture);
  const linux = images.filter(({ os }) => os === 'linux');
  return own ?? linux.find(({ architecture }) => architecture === 'amd64') ?? linux[0] ?? images[0] ?? null;
}

/** Reads the configuration of an image. `User` is left out: programs of ours run as whoever runs the cluster. */
export function parseConfig(bytes: Uint8Array): ImageConfig | Complaint {
  const json = parseObject(bytes);
  if (json === null) return complain('the configuration is no JSON object');
  const config = isObject(json['config']) ? json['config'] : {};
  const rootfs = isObject(json['rootfs']) ? json['rootfs'] : {};
  const entrypoint = texts(config['Entrypoint']);
  const command = texts(config['Cmd']);
  const env = texts(config['Env']);
  const diffIds = texts(rootfs['diff_ids']);
  const folder = config['WorkingDir'] ?? '';
  if (entrypoint === null || command === null || env === null || typeof folder !== 'string') {
    return complain('the configuration is malformed');
  }
  if (diffIds === null || !diffIds.every(isDigest)) return complain('the configuration names its layers wrongly');
  return { entrypoint, command, env: env.map(variableOf), workingDirectory: folder, diffIds };
}

function texts(value: unknown): readonly string[] | null {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? (value as string[]) : null;
}

function variableOf(text: string): { readonly name: string; readonly value: string } {
  const at = text.indexOf('=');
  return at < 0 ? { name: text, value: '' } : { name: text.slice(0, at), value: text.slice(at + 1) };
}
