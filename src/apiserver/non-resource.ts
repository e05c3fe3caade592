/**
 * Everything that is not a resource: discovery, OpenAPI, version, health. Documents are made when first asked for and kept with their ETag until
 * what is served changes; hashes of what Kubernetes itself has are made once.
 */
import { apiVersionOf, type GroupVersion, parseApiVersion } from '../api/group-version.ts';
import type { JsonObject } from '../api/json.ts';
import { methodNotServed, notServed } from '../api/status-errors.ts';
import type { WallMs } from '../base/brand.ts';
import { utf8 } from '../base/bytes.ts';
import { RunningHash } from '../base/hash.ts';
import { httpDate } from '../base/time.ts';
import { negotiate } from '../http/negotiation.ts';
import { customDocument, customHash } from '../kinds/customresource/openapi.ts';
import type { CustomVersion } from '../kinds/customresource/version.ts';
import {
  aggregatedContentType,
  aggregatedDocument,
  coreVersionsDocument,
  groupDocument,
  groupListDocument,
  resourceListDocument,
} from '../kinds/discovery.ts';
import { openapiDocument, openapiHashes, openapiIndex } from '../kinds/openapi.ts';
import { rootOf } from '../kinds/openapi-operations.ts';
import { openapiV2 } from '../kinds/openapi-v2.ts';
import { openapiV2Bytes } from '../kinds/openapi-v2-protobuf.ts';
import type { ApiResponse, NonResourceRequest } from '../protocol/apiserver.ts';
import { jsonContentType } from './answer.ts';
import type { Environment } from './environment.ts';
import { healthOf, isHealthPath, plainText } from './health.ts';
import { configurationPath, issuerConfiguration, keySet, keySetContentType, keysPath } from './tokens/issuer.ts';

export const servedVersion = {
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: 'v1.36.0',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-04-22T00:00:00Z',
  goVersion: 'go1.26.0',
  compiler: 'gc',
  platform: 'linux/amd64',
};

const protobufRange = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
/** Not with the `@` of the request, which Go's parser of media types refuses. */
const protobufContentType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** The forms of documents that have more than one: JSON, the two of aggregated discovery, protobuf. */
type DocumentForm = 'json' | 'v2' | 'v2beta1' | 'protobuf';

const yearMs = 365 * 24 * 3_600_000;

interface Document {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly etag: string;
}

export class NonResourcePaths {
  readonly #environment: Environment;
  readonly #documents = new Map<string, Document>();
  #builtInHashes: ReadonlyMap<string, string> | undefined;
  #openapiHashes: ReadonlyMap<string, string> | undefined;
  /** What the documents were made from. */
  #epoch = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Throws StatusError NotFound for a path that is not served, NotAcceptable for a form that does not exist. */
  answer(request: NonResourceRequest): ApiResponse {
    const path = request.path === '/' ? '/' : request.path.replace(/\/+$/, '');
    const { verb = 'get' } = request;
    if (verb !== 'get' && verb !== 'head') this.#refuseVerb(path);
    if (isHealthPath(path)) return healthOf(this.#environment, path, request.parameters);
    if (path === '/metrics') return plainText(200, this.#metrics());
    this.#forgetOld();
    const form = formOf(path, request.accept);
    const key = `${path} ${form}`;
    const document = this.#documents.get(key) ?? this.#make(path, form);
    this.#documents.set(key, document);
    const headers = { ETag: document.etag, Vary: 'Accept', ...this.#lifetime(path, request.parameters['hash']) };
    const isKnown = request.ifNoneMatch === document.etag;
    return {
      status: isKnown ? 304 : 200,
      contentType: document.contentType,
      bytes: isKnown ? new Uint8Array(0) : document.bytes,
      warnings: [],
      headers,
    };
  }

  /** What is asked for by its hash will never change. One of another hash may be asked for by a client of an older server. */
  #lifetime(path: string, hash: string | undefined): Readonly<Record<string, string>> {
    if (hash === undefined || this.#hashes().get(path.replace(/^\/openapi\/v3\//, '')) !== hash) return {};
    const expires = httpDate((this.#environment.stamp.wallMs + yearMs) as WallMs);
    return { 'Cache-Control': 'public, immutable', Expires: expires };
  }

  #forgetOld(): void {
    const { epoch } = this.#environment.catalog;
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#documents.clear();
    this.#openapiHashes = undefined;
  }

  #hashes(): ReadonlyMap<string, string> {
    const { catalog, schemas, shelf } = this.#environment;
    this.#builtInHashes ??= openapiHashes(catalog.builtInRegistry, schemas, shelf.descriptions);
    this.#openapiHashes ??= new Map([...this.#builtInHashes, ...this.#customHashes()]);
    return this.#openapiHashes;
  }

  #customHashes(): readonly (readonly [string, string])[] {
    const groupVersions = new Map(this.#customVersions().map(({ info }) => [apiVersionOf(info), info]));
    return [...groupVersions.values()].map((groupVersion) => [
      rootOf(groupVersion).slice(1),
      customHash(this.#customVersions(groupVersion)),
    ]);
  }

  /** Versions of custom kinds that are served: all, or those of one group and version. */
  #customVersions(of?: GroupVersion): readonly CustomVersion[] {
    const { catalog } = this.#environment;
    const versions = [...catalog.customs()].flatMap(({ served }) =>
      served.flatMap(({ custom }) => (custom === null ? [] : [custom.version])),
    );
    // All API servers have to come to the same hash.
    versions.sort((left, right) => (left.info.resource < right.info.resource ? -1 : 1));
    return of === undefined ? versions : versions.filter(({ info }) => apiVersionOf(info) === apiVersionOf(of));
  }

  #make(path: string, form: DocumentForm): Document {
    const isAggregated = form === 'v2' || form === 'v2beta1';
    const tree = isAggregated ? aggregatedDocument(this.#registry, path as '/api', form) : this.#tree(path);
    if (tree === undefined) throw notServed();
    const bytes = form === 'protobuf' ? openapiV2Bytes(tree as JsonObject) : utf8(JSON.stringify(tree));
    const hash = new RunningHash();
    hash.addBytes(bytes);
    return { bytes, contentType: contentTypeOf(path, form), etag: `"${hash.digest()}"` };
  }

  get #registry(): Environment['catalog']['registry'] {
    return this.#environment.catalog.registry;
  }

  #tree(path: string): object | undefined {
    const registry = this.#registry;
    if (path === '/version') return servedVersion;
    if (path === configurationPath) return issuerConfiguration(this.#environment.settings.address);
    if (path === keysPath) return keySet(this.#environment.settings.tokenKey);
    if (path === '/')
      return {
        paths: [
          configurationPath,
          '/api',
          '/api/v1',
          '/apis',
          '/healthz',
          '/livez',
          '/metrics',
          keysPath,
          '/openapi/v2',
          '/openapi/v3',
          '/readyz',
          '/version',
        ],
      };
    if (path === '/openapi/v2') return this.#openapiV2();
    if (path === '/openapi/v3') return openapiIndex(this.#hashes());
    if (path.startsWith('/openapi/v3/')) return this.#openapi(path.split('/').slice(3));
    if (path === '/api') return coreVersionsDocument(registry, this.#environment.settings.address);
    if (path === '/apis') return groupListDocument(registry);
    const [, root, first = '', second = '', ...rest] = path.split('/');
    if (rest.length > 0) return undefined;
    if (root === 'api' && second === '') return resourceListDocument(registry, { group: '', version: first });
    if (root !== 'apis') return undefined;
    if (second === '') return groupDocument(registry, first);
    const groupVersion = parseApiVersion(`${first}/${second}`);
    return groupVersion === undefined ? undefined : resourceListDocument(registry, groupVersion);
  }

  #openapiV2(): object {
    const documents = [...this.#hashes().keys()].map((path) => this.#openapi(path.split('/')));
    return openapiV2(documents as JsonObject[]);
  }

  #openapi([root, first = '', second = '', ...rest]: readonly string[]): object | undefined {
    if (rest.length > 0) return undefined;
    const { schemas, shelf } = this.#environment;
    const builtIn = (groupVersion: GroupVersion): object | undefined =>
      openapiDocument(this.#registry, schemas, groupVersion, shelf.descriptions);
    if (root === 'api' && second === '') return builtIn({ group: '', version: first });
    if (root !== 'apis' || second === '') return undefined;
    const groupVersion = { group: first, version: second };
    const custom = this.#customVersions(groupVersion);
    if (custom.length > 0) return customDocument(groupVersion, custom, schemas);
    return builtIn(groupVersion);
  }

  /** Everything here is only read. Throws StatusError MethodNotAllowed, or NotFound for a path that is not served. */
  #refuseVerb(path: string): never {
    if (isHealthPath(path) || path === '/metrics' || this.#tree(path) !== undefined) throw methodNotServed();
    throw notServed();
  }

  #metrics(): string {
    const { cache, catalog } = this.#environment;
    const lines = [
      '# HELP apiserver_cache_revision Store revision up to which the cache is complete.',
      '# TYPE apiserver_cache_revision gauge',
      `apiserver_cache_revision ${cache.revision}`,
      '# HELP apiserver_storage_objects Number of stored objects by resource.',
      '# TYPE apiserver_storage_objects gauge',
    ];
    for (const stored of catalog.stored()) {
      const { group, resource } = stored.info;
      const count = cache.count(stored);
      if (count > 0) lines.push(`apiserver_storage_objects{group="${group}",resource="${resource}"} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

/** Throws StatusError NotAcceptable for a form that does not exist. */
function formOf(path: string, accept: string): DocumentForm {
  if (path === '/openapi/v2' && accept.includes(protobufRange)) return 'protobuf';
  const { shape } = negotiate(accept, 'discovery');
  return shape.type === 'aggregatedDiscovery' && (path === '/api' || path === '/apis') ? shape.version : 'json';
}

function contentTypeOf(path: string, form: DocumentForm): string {
  if (form === 'protobuf') return protobufContentType;
  if (form !== 'json') return aggregatedContentType(form);
  return path === keysPath ? keySetContentType : jsonContentType;
}
