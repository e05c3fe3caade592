/** One repository: its tags, manifests and blobs, and the document in which they outlive the registry. */
import { utf8 } from '../base/bytes.ts';
import { isDigest } from './digest.ts';
import { parseObject } from './manifest.ts';
import { isMediaType } from './media-types.ts';
import { isRepository, isTag } from './reference.ts';

export interface StoredManifest {
  readonly mediaType: string;
  readonly sizeBytes: number;
}

export class Repository {
  readonly name: string;
  /** Sizes in bytes by digest. */
  readonly blobs = new Map<string, number>();
  /** By digest. */
  readonly manifests = new Map<string, StoredManifest>();
  /** Digests of manifests by tag. */
  readonly tags = new Map<string, string>();

  constructor(name: string) {
    this.name = name;
  }

  /** Finds the digest that a tag or a digest stands for; null when there is no such manifest. */
  find(reference: string): string | null {
    const digest = this.tags.get(reference) ?? reference;
    return this.manifests.has(digest) ? digest : null;
  }

  /** Strikes a manifest with its tags, or one tag off; false when it was not there. */
  remove(reference: string): boolean {
    if (this.tags.delete(reference)) return true;
    for (const [tag, digest] of this.tags) if (digest === reference) this.tags.delete(tag);
    return this.manifests.delete(reference);
  }

  /** All that it holds, by digest. */
  holds(digest: string): boolean {
    return this.blobs.has(digest) || this.manifests.has(digest);
  }

  document(): Uint8Array {
    const { name, blobs, manifests, tags } = this;
    return utf8(JSON.stringify({ name, blobs: [...blobs], manifests: [...manifests], tags: [...tags] }));
  }
}

/** Reads a document. Null for what is none; what names a blob that is not there any more is left out. */
export function readRepository(bytes: Uint8Array, hasBlob: (digest: string) => boolean): Repository | null {
  const { name, blobs, manifests, tags } = parseObject(bytes) ?? {};
  if (typeof name !== 'string' || !isRepository(name)) return null;
  const repository = new Repository(name);
  for (const [digest, sizeBytes] of pairs<number>(blobs)) {
    if (hasBlob(digest)) repository.blobs.set(digest, sizeBytes);
  }
  for (const [digest, manifest] of pairs<StoredManifest | null>(manifests)) {
    if (hasBlob(digest) && manifest !== null && isMediaType(manifest.mediaType))
      repository.manifests.set(digest, manifest);
  }
  for (const [tag, digest] of pairs<string>(tags)) {
    if (isTag(tag) && isDigest(digest) && repository.manifests.has(digest)) repository.tags.set(tag, digest);
  }
  return repository;
}

function pairs<Value>(value: unknown): readonly (readonly [string, Value])[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (pair): pair is [string, Value] => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string',
  );
}

/** The name of a repository's document: letters, digits and what a file may be called everywhere. */
export function documentNameOf(repository: string): string {
  return `${repository.replaceAll('_', '_u').replaceAll('/', '_s')}.json`;
}
