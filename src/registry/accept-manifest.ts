/** Judges a manifest that somebody pushes: it must be what it says, and what it names must be in its repository. */
import { isDigest } from './digest.ts';
import { parseObject } from './manifest.ts';
import { isMediaType } from './media-types.ts';
import { isTag } from './reference.ts';
import { type RegistryReply, refusal } from './registry-answer.ts';
import type { Repository } from './repository.ts';

export interface PushedManifest {
  /** A tag or a digest, as the URL names it. */
  readonly reference: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** Returns the media type under which it is kept, or what is answered instead. */
export function acceptManifest(
  { reference, contentType, bytes, digest }: PushedManifest,
  repository: Repository,
): { readonly mediaType: string } | RegistryReply {
  const isByDigest = reference.includes(':');
  if (isByDigest && !isDigest(reference)) return refusal('DIGEST_INVALID', `${reference} is no digest of SHA-256`);
  if (isByDigest && reference !== digest) return refusal('DIGEST_INVALID', `the manifest is ${digest}`);
  if (!isByDigest && !isTag(reference)) return refusal('MANIFEST_INVALID', `${reference} is no tag`);
  const json = parseObject(bytes);
  if (json === null) return refusal('MANIFEST_INVALID', 'it is no JSON object');
  if (json['schemaVersion'] !== 2) return refusal('MANIFEST_INVALID', 'schemaVersion must be 2');
  const told = contentType.split(';')[0]?.trim() ?? '';
  const own = json['mediaType'];
  const mediaType = told === '' ? own : told;
  // It comes back as a header: what none can hold is not kept.
  if (!isMediaType(mediaType)) return refusal('MANIFEST_INVALID', 'it has no media type');
  if (own !== undefined && own !== mediaType) {
    return refusal('MANIFEST_INVALID', `it says that it is ${JSON.stringify(own)}, not ${JSON.stringify(mediaType)}`);
  }
  const missing = missingOf(json, repository);
  if (missing === 'malformed') return refusal('MANIFEST_INVALID', 'it names something without a digest');
  if (missing !== null) return refusal('MANIFEST_BLOB_UNKNOWN', { digest: missing });
  return { mediaType };
}

/** The first blob or manifest that it names and the repository lacks. */
function missingOf(json: Readonly<Record<string, unknown>>, repository: Repository): string | 'malformed' | null {
  const { config, layers = [], manifests = [] } = json;
  if (!Array.isArray(layers) || !Array.isArray(manifests)) return 'malformed';
  const blobs: unknown[] = config === undefined ? layers : [config, ...layers];
  for (const [named, known] of [
    [blobs, repository.blobs],
    [manifests as unknown[], repository.manifests],
  ] as const) {
    for (const each of named) {
      const { digest } = (each ?? {}) as { readonly digest?: unknown };
      if (typeof digest !== 'string' || !isDigest(digest)) return 'malformed';
      if (!known.has(digest)) return digest;
    }
  }
  return null;
}
