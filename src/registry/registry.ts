/**
 * A registry: repositories of blobs, manifests and tags over HTTP. Pure: what it wants of socket and folder it commands, and what came of that
 * drives it. Nothing is answered as stored before it is: a blob is sealed, then the repository's document names it, then the client hears.
 * Models opencontainers/distribution-spec.
 */
import type { BlobRequest, BlobServerCommand, BlobServerEvent } from '../actor/blob-server-port.ts';
import type { Random } from '../base/random.ts';
import { acceptManifest } from './accept-manifest.ts';
import { basicHeader } from './challenge.ts';
import { hexOf, isDigest } from './digest.ts';
import {
  blobsMax,
  layerBytesMax,
  manifestBytesMax,
  manifestsMax,
  pageNamesMax,
  repositoriesMax,
  tagsMax,
  uploadsMax,
} from './limits.ts';
import { isRepository } from './reference.ts';
import { bare, json, type RegistryReply, refusal } from './registry-answer.ts';
import { documentNameOf, Repository, readRepository } from './repository.ts';
import { parseTarget, type RegistryRoute } from './route.ts';
import { chunkStart, type Upload, Uploads } from './uploads.ts';

export interface RegistrySettings {
  /** Passwords by name; without any everybody may do everything. */
  readonly users: Readonly<Record<string, string>>;
}

type Commands = readonly BlobServerCommand[];
type Completion = Extract<BlobServerEvent, { readonly id: number }>;
type BodyEvent = Extract<BlobServerEvent, { readonly type: 'body' | 'appended' | 'tooLarge' | 'bodyFailed' }>;

type Arrival =
  | { readonly type: 'seal'; readonly upload: string; readonly digest: string }
  | { readonly type: 'putBlob'; readonly hex: string; readonly bytes: Uint8Array };

/** One request, as its handlers see it. */
interface Exchange {
  readonly exchange: number;
  readonly method: string;
  readonly target: string;
  readonly headers: BlobRequest['headers'];
  readonly query: ReadonlyMap<string, string>;
}

type RouteOf<Type extends RegistryRoute['type']> = Extract<RegistryRoute, { type: Type }>;

const apiHeader = { 'docker-distribution-api-version': 'registry/2.0' } as const;

export class Registry {
  readonly #authorizations: readonly string[];
  readonly #repositories = new Map<string, Repository>();
  readonly #uploads: Uploads;
  /** What goes on when a body has come, and when a command has completed. */
  readonly #bodies = new Map<number, (event: BodyEvent) => Commands>();
  readonly #waiting = new Map<number, (completion: Completion) => Commands>();
  /** Digests of content that is being put in its place, and how often: it is not swept away before a repository names it. */
  readonly #arriving = new Map<string, number>();
  #lastId = 0;

  constructor({ users }: RegistrySettings, random: Random) {
    this.#authorizations = Object.entries(users).map(([username, password]) => basicHeader({ username, password }));
    this.#uploads = new Uploads(random);
  }

  /** Takes an event of the port; those about the listener itself are not for here. Returns what is to be done. */
  handle(event: BlobServerEvent): Commands {
    switch (event.type) {
      case 'loaded':
        return this.#load(event);
      case 'request':
        return this.#request(event.exchange, event.request);
      case 'body':
      case 'appended':
      case 'tooLarge':
      case 'bodyFailed': {
        const next = this.#bodies.get(event.exchange);
        this.#bodies.delete(event.exchange);
        return next?.(event) ?? [];
      }
      case 'closed':
        // A body that goes to a file is ended by the port, also without its client; another one is not.
        if (!this.#uploads.isWriting(event.exchange)) this.#bodies.delete(event.exchange);
        return [];
      case 'sealed':
      case 'done':
      case 'failed': {
        const next = this.#waiting.get(event.id);
        this.#waiting.delete(event.id);
        return next?.(event) ?? [];
      }
      default:
        return [];
    }
  }

  /** Blobs that no repository names were left by a registry that ended before it could say so. */
  #load({ documents, blobs }: Extract<BlobServerEvent, { type: 'loaded' }>): Commands {
    const there = new Set(blobs);
    for (const { bytes } of documents) {
      const repository = readRepository(bytes, (digest) => isDigest(digest) && there.has(hexOf(digest)));
      if (repository !== null) this.#repositories.set(repository.name, repository);
    }
    return blobs.flatMap((hex) => this.#sweep(`sha256:${hex}`));
  }

  #request(exchange: number, { method, target, headers }: BlobRequest): Commands {
    const { route, query } = parseTarget(target);
    const context: Exchange = { exchange, method, target, headers, query };
    if (!this.#mayEnter(headers['authorization'] ?? '')) {
      return answer(context, refusal('UNAUTHORIZED', '', { 'www-authenticate': 'Basic realm="threemaster"' }));
    }
    if (route === null) return answer(context, { ...refusal('NAME_UNKNOWN'), status: 404 });
    if ('repository' in route && !isRepository(route.repository)) return answer(context, refusal('NAME_INVALID'));
    return this.#route(context, route) ?? answer(context, refusal('UNSUPPORTED'));
  }

  /** Compares all of it, so that the time that it takes tells nothing. */
  #mayEnter(shown: string): boolean {
    if (this.#authorizations.length === 0) return true;
    let isKnown = false;
    for (const expected of this.#authorizations) {
      let difference = expected.length ^ shown.length;
      for (let at = 0; at < expected.length; at += 1)
        difference |= expected.charCodeAt(at) ^ (shown.charCodeAt(at) | 0);
      isKnown = difference === 0 || isKnown;
    }
    return isKnown;
  }

  /** Null: there is no such method. */
  #route(context: Exchange, route: RegistryRoute): Commands | null {
    const { method } = context;
    const isRead = method === 'GET' || method === 'HEAD';
    switch (route.type) {
      case 'base':
        return isRead ? answer(context, json({})) : null;
      case 'catalog':
        return isRead ? this.#page(context, 'repositories', {}, [...this.#repositories.keys()]) : null;
      case 'tags':
        return isRead ? this.#tags(context, route.repository) : null;
      case 'manifest':
        if (isRead) return this.#readManifest(context, route);
        if (method === 'PUT') return this.#putManifest(context, route);
        return method === 'DELETE' ? this.#deleteManifest(context, route) : null;
      case 'blob':
        if (isRead) return this.#readBlob(context, route);
        return method === 'DELETE' ? this.#deleteBlob(context, route) : null;
      case 'uploads':
        return method === 'POST' ? this.#openUpload(context, route.repository) : null;
      case 'upload':
        return this.#useUpload(context, route);
    }
  }

  // --- Lists ------------------------------------------------------------------------------------------------------------

  #tags(context: Exchange, name: string): Commands {
    const repository = this.#repositories.get(name);
    if (repository === undefined) return answer(context, refusal('NAME_UNKNOWN'));
    return this.#page(context, 'tags', { name }, [...repository.tags.keys()]);
  }

  #page(context: Exchange, field: string, rest: object, names: string[]): Commands {
    const { query } = context;
    const asked = Number(query.get('n') ?? pageNamesMax);
    if (!Number.isSafeInteger(asked) || asked < 0) return answer(context, { ...refusal('UNSUPPORTED'), status: 400 });
    const count = Math.min(asked, pageNamesMax);
    const last = query.get('last') ?? '';
    const left = names.sort().filter((name) => name > last);
    const page = left.slice(0, count);
    const end = page.at(-1);
    const path = context.target.split('?')[0];
    const more =
      left.length > count && end !== undefined
        ? { link: `<${path}?n=${count}&last=${encodeURIComponent(end)}>; rel="next"` }
        : undefined;
    return answer(context, json({ ...rest, [field]: page }, more));
  }

  // --- Manifests --------------------------------------------------------------------------------------------------------

  #readManifest(context: Exchange, { repository: name, reference }: RouteOf<'manifest'>): Commands {
    const repository = this.#repositories.get(name);
    const digest = repository?.find(reference) ?? null;
    const manifest = digest === null ? undefined : repository?.manifests.get(digest);
    if (digest === null || manifest === undefined) return answer(context, refusal('MANIFEST_UNKNOWN', { reference }));
    return this.#send(context, digest, manifest.sizeBytes, manifest.mediaType);
  }

  #putManifest(context: Exchange, { repository: name, reference }: RouteOf<'manifest'>): Commands {
    return this.#takeBody(context, { type: 'takeBody', bytesMax: manifestBytesMax }, (event) => {
      if (event.type !== 'body') return answer(context, refusal('SIZE_INVALID', `more than ${manifestBytesMax} bytes`));
      const { bytes, digest } = event;
      const repository = this.#repositories.get(name) ?? new Repository(name);
      const contentType = context.headers['content-type'] ?? '';
      const verdict = acceptManifest({ reference, contentType, bytes, digest }, repository);
      if ('status' in verdict) return answer(context, verdict);
      const { manifests, tags } = repository;
      const isNewTag = reference !== digest && !tags.has(reference);
      if ((manifests.size >= manifestsMax && !manifests.has(digest)) || (isNewTag && tags.size >= tagsMax)) {
        return answer(context, refusal('DENIED', `the repository is full: ${manifestsMax} manifests, ${tagsMax} tags`));
      }
      return this.#bring(digest, { type: 'putBlob', hex: hexOf(digest), bytes }, (completion) => {
        if (completion.type === 'failed') return answer(context, refusal('UNKNOWN', completion.message));
        // Another request may have made the repository meanwhile.
        const kept = this.#repositories.get(name) ?? repository;
        kept.manifests.set(digest, { mediaType: verdict.mediaType, sizeBytes: bytes.length });
        if (reference !== digest) kept.tags.set(reference, digest);
        const location = `/v2/${name}/manifests/${reference}`;
        return this.#keep(context, kept, digest, bare(201, { location, 'docker-content-digest': digest }));
      });
    });
  }

  #deleteManifest(context: Exchange, { repository: name, reference }: RouteOf<'manifest'>): Commands {
    const repository = this.#repositories.get(name);
    if (repository === undefined || !repository.remove(reference)) {
      return answer(context, refusal('MANIFEST_UNKNOWN', { reference }));
    }
    return [...this.#keep(context, repository, reference, bare(202)), ...this.#sweep(reference)];
  }

  // --- Blobs ------------------------------------------------------------------------------------------------------------

  #readBlob(context: Exchange, { repository: name, digest }: RouteOf<'blob'>): Commands {
    if (!isDigest(digest)) return answer(context, refusal('DIGEST_INVALID', `${digest} is no digest of SHA-256`));
    const sizeBytes = this.#repositories.get(name)?.blobs.get(digest);
    if (sizeBytes === undefined) return answer(context, refusal('BLOB_UNKNOWN', { digest }));
    return this.#send(context, digest, sizeBytes, 'application/octet-stream');
  }

  #deleteBlob(context: Exchange, { repository: name, digest }: RouteOf<'blob'>): Commands {
    const repository = this.#repositories.get(name);
    if (repository === undefined || !repository.blobs.delete(digest)) {
      return answer(context, refusal('BLOB_UNKNOWN', { digest }));
    }
    return [...this.#keep(context, repository, digest, bare(202)), ...this.#sweep(digest)];
  }

  #send(context: Exchange, digest: string, sizeBytes: number, mediaType: string): Commands {
    const { exchange, method } = context;
    const headers = { ...apiHeader, 'content-type': mediaType, 'docker-content-digest': digest, etag: `"${digest}"` };
    const whole = { start: 0, length: sizeBytes };
    if (method === 'HEAD') {
      return answer(context, bare(200, { ...headers, 'content-length': String(sizeBytes), 'accept-ranges': 'bytes' }));
    }
    const range = rangeOf(context.headers['range'], sizeBytes);
    if (range === 'unsatisfiable') return answer(context, bare(416, { 'content-range': `bytes */${sizeBytes}` }));
    const { start, length } = range ?? whole;
    const part: Record<string, string> =
      range === null ? {} : { 'content-range': `bytes ${start}-${start + length - 1}/${sizeBytes}` };
    const status = range === null ? 200 : 206;
    return [
      { type: 'sendBlob', exchange, status, headers: { ...headers, ...part }, hex: hexOf(digest), start, length },
    ];
  }

  /** Removes content that nobody names any more. */
  #sweep(digest: string): Commands {
    if (!isDigest(digest) || this.#arriving.has(digest)) return [];
    const isHeld = [...this.#repositories.values()].some((repository) => repository.holds(digest));
    return isHeld ? [] : [{ type: 'removeBlob', hex: hexOf(digest) }];
  }

  // --- Uploads ----------------------------------------------------------------------------------------------------------

  #openUpload(context: Exchange, name: string): Commands {
    if ((this.#repositories.get(name)?.blobs.size ?? 0) >= blobsMax) {
      return answer(context, refusal('DENIED', `the repository is full: ${blobsMax} blobs`));
    }
    const { query } = context;
    const mount = query.get('mount');
    if (mount !== undefined) {
      const sizeBytes = this.#repositories.get(query.get('from') ?? '')?.blobs.get(mount);
      if (sizeBytes !== undefined) return this.#store(context, name, mount, sizeBytes);
    }
    const opened = this.#uploads.open(name);
    if (opened === null) return answer(context, refusal('TOOMANYREQUESTS', `${uploadsMax} uploads are being written`));
    const { upload, dropped } = opened;
    const removed = dropped.map((each): BlobServerCommand => ({ type: 'removeUpload', upload: each }));
    const digest = query.get('digest');
    if (digest === undefined || mount !== undefined) return [...removed, ...answer(context, progress(202, upload))];
    return [...removed, ...this.#append(context, upload, () => this.#seal(context, upload, digest))];
  }

  #useUpload(context: Exchange, { repository, upload: id }: RouteOf<'upload'>): Commands | null {
    const { method, query } = context;
    if (!['GET', 'PATCH', 'PUT', 'DELETE'].includes(method)) return null;
    const upload = this.#uploads.find(repository, id);
    if (upload === undefined) return answer(context, refusal('BLOB_UPLOAD_UNKNOWN'));
    if (method === 'GET') return answer(context, progress(204, upload));
    if (upload.exchange !== null) return answer(context, outOfTurn(upload, 'another request writes to it'));
    if (method === 'DELETE') {
      this.#uploads.close(upload);
      return [{ type: 'removeUpload', upload: upload.id }, ...answer(context, bare(204))];
    }
    const start = chunkStart(context.headers['content-range'], context.headers['content-length']);
    if (start === 'malformed') return answer(context, outOfTurn(upload, 'Content-Range is malformed'));
    if (start !== null && start !== upload.sizeBytes) {
      return answer(context, outOfTurn(upload, `the next byte is ${upload.sizeBytes}`));
    }
    if (method === 'PATCH') return this.#append(context, upload, () => answer(context, progress(202, upload)));
    const digest = query.get('digest') ?? '';
    if (!isDigest(digest)) return answer(context, refusal('DIGEST_INVALID', `${digest} is no digest of SHA-256`));
    return this.#append(context, upload, () => this.#seal(context, upload, digest));
  }

  #append(context: Exchange, upload: Upload, then: () => Commands): Commands {
    upload.exchange = context.exchange;
    const bytesMax = layerBytesMax - upload.sizeBytes;
    return this.#takeBody(context, { type: 'appendBody', upload: upload.id, bytesMax }, (event) => {
      upload.exchange = null;
      if (event.type === 'tooLarge') {
        return answer(context, refusal('SIZE_INVALID', `a blob has at most ${layerBytesMax} bytes`));
      }
      if (event.type !== 'appended') {
        return answer(context, refusal('UNKNOWN', event.type === 'bodyFailed' ? event.message : ''));
      }
      upload.sizeBytes = event.sizeBytes;
      return then();
    });
  }

  #seal(context: Exchange, upload: Upload, digest: string): Commands {
    this.#uploads.close(upload);
    if (!isDigest(digest)) {
      const removed: BlobServerCommand = { type: 'removeUpload', upload: upload.id };
      return [removed, ...answer(context, refusal('DIGEST_INVALID', `${digest} is no digest of SHA-256`))];
    }
    return this.#bring(digest, { type: 'seal', upload: upload.id, digest }, (completion) => {
      if (completion.type === 'failed') return answer(context, refusal('UNKNOWN', completion.message));
      if (completion.type === 'sealed' && !completion.isMatch) {
        return answer(context, refusal('DIGEST_INVALID', { digest }));
      }
      return this.#store(context, upload.repository, digest, upload.sizeBytes);
    });
  }

  /** A blob is there: it belongs to the repository from now on. */
  #store(context: Exchange, name: string, digest: string, sizeBytes: number): Commands {
    const repository = this.#repositories.get(name) ?? new Repository(name);
    repository.blobs.set(digest, sizeBytes);
    const location = `/v2/${name}/blobs/${digest}`;
    return this.#keep(context, repository, digest, bare(201, { location, 'docker-content-digest': digest }));
  }

  // --- What completes later ---------------------------------------------------------------------------------------------

  /** Writes a repository's document, then answers. Without room for the repository, `digest` goes unless another one holds it. */
  #keep(context: Exchange, repository: Repository, digest: string, reply: RegistryReply): Commands {
    if (!this.#repositories.has(repository.name) && this.#repositories.size >= repositoriesMax) {
      const refused = answer(context, refusal('DENIED', `there are ${repositoriesMax} repositories already`));
      return [...refused, ...this.#sweep(digest)];
    }
    this.#repositories.set(repository.name, repository);
    const name = documentNameOf(repository.name);
    return this.#complete({ type: 'putDocument', name, bytes: repository.document() }, (completion) =>
      answer(context, completion.type === 'failed' ? refusal('UNKNOWN', completion.message) : reply),
    );
  }

  #takeBody(
    { exchange }: Exchange,
    command:
      | { readonly type: 'takeBody'; readonly bytesMax: number }
      | { readonly type: 'appendBody'; readonly upload: string; readonly bytesMax: number },
    then: (event: BodyEvent) => Commands,
  ): Commands {
    this.#bodies.set(exchange, then);
    return [{ ...command, exchange }];
  }

  /** Puts content in its place. */
  #bring(digest: string, command: Arrival, then: (completion: Completion) => Commands): Commands {
    this.#arriving.set(digest, (this.#arriving.get(digest) ?? 0) + 1);
    return this.#complete(command, (completion) => {
      const left = (this.#arriving.get(digest) ?? 1) - 1;
      if (left === 0) this.#arriving.delete(digest);
      else this.#arriving.set(digest, left);
      return then(completion);
    });
  }

  #complete(
    command: Arrival | { readonly type: 'putDocument'; readonly name: string; readonly bytes: Uint8Array },
    then: (completion: Completion) => Commands,
  ): Commands {
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, then);
    return [{ ...command, id: this.#lastId }];
  }
}

function answer({ exchange }: Exchange, { status, headers, body }: RegistryReply): Commands {
  return [{ type: 'respond', exchange, status, headers: { ...apiHeader, ...headers }, body }];
}

function placeOf({ repository, id, sizeBytes }: Upload): Record<string, string> {
  const location = `/v2/${repository}/blobs/uploads/${id}`;
  return { location, range: `0-${Math.max(0, sizeBytes - 1)}`, 'docker-upload-uuid': id };
}

function progress(status: number, upload: Upload): RegistryReply {
  return bare(status, placeOf(upload));
}

function outOfTurn(upload: Upload, detail: string): RegistryReply {
  return refusal('BLOB_UPLOAD_INVALID', detail, placeOf(upload));
}

/** Reads the header `Range`, one range of it; null: all, as for a header that is not understood. */
function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly length: number } | 'unsatisfiable' | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return start > end ? 'unsatisfiable' : { start, length: end - start + 1 };
}
