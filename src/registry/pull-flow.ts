/**
 * A pull: from a name to a configuration and layers, each checked against its digest. A flow: it yields requests, and layers to be fetched and
 * unpacked, and is resumed with what came of them. Models opencontainers/distribution-spec "Pull".
 */
import type { Credential } from './challenge.ts';
import {
  answerText,
  authorized,
  type NoResponse,
  type RegistryAnswer,
  type RegistryRequest,
  type RegistryResponse,
  type RegistrySession,
  sessionOf,
} from './exchange.ts';
import { indexDepthMax, manifestBytesMax } from './limits.ts';
import {
  type Complaint,
  chooseManifest,
  type ImageConfig,
  type ImageManifest,
  type LayerDescriptor,
  parseConfig,
  parseManifest,
} from './manifest.ts';
import { manifestTypes } from './media-types.ts';
import { type ImageReference, imageIdOf, manifestNameOf, registryUrl } from './reference.ts';

export type PullStep =
  | { readonly type: 'request'; readonly request: RegistryRequest }
  /**
   * Fetch this layer and unpack it, unless it is there. `diffId` is its digest without compression. An answer other than 200 is the flow's to
   * judge.
   */
  | {
      readonly type: 'layer';
      readonly request: RegistryRequest;
      readonly layer: LayerDescriptor;
      readonly diffId: string;
    };

export type PullAnswer = RegistryAnswer | { readonly type: 'stored' };

export interface PulledImage {
  readonly type: 'pulled';
  /** The image's name with the digest of its manifest. */
  readonly imageId: string;
  readonly config: ImageConfig;
  /** Digests, the lowest first. */
  readonly layers: readonly string[];
  /** As it is stored in the registry. */
  readonly sizeBytes: number;
}

export type PullOutcome = PulledImage | NoResponse;

type PullFlow<Result> = Generator<PullStep, Result, PullAnswer>;

interface Pull {
  readonly reference: ImageReference;
  readonly base: string;
  readonly session: RegistrySession;
}

/** Pulls an image. The outcome's message is for people. */
export function* pullImage(reference: ImageReference, credentials: readonly Credential[]): PullFlow<PullOutcome> {
  const { registry, repository } = reference;
  const base = `${registryUrl(registry)}${repository}`;
  const pull = { reference, base, session: sessionOf(credentials, `repository:${repository}:pull`, base) };
  const found = yield* findManifest(pull, manifestNameOf(reference), 0);
  if (found.type === 'failed') return found;
  const { manifest, digest } = found;
  const config = yield* fetchConfig(pull, manifest);
  if (config.type === 'failed') return config;
  const { diffIds } = config.config;
  if (diffIds.length !== manifest.layers.length) {
    return failed(`the image has ${manifest.layers.length} layers, its configuration names ${diffIds.length}`);
  }
  for (const [index, layer] of manifest.layers.entries()) {
    const outcome = yield* fetchLayer(pull, layer, diffIds[index] ?? '');
    if (outcome !== null) return outcome;
  }
  const sizes = [manifest.config, ...manifest.layers].map(({ sizeBytes }) => sizeBytes);
  return {
    type: 'pulled',
    imageId: imageIdOf(reference, digest),
    config: config.config,
    layers: manifest.layers.map((layer) => layer.digest),
    sizeBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
  };
}

type FoundManifest =
  /** `digest` of what was asked for first, which names the image. */
  { readonly type: 'found'; readonly manifest: ImageManifest; readonly digest: string } | NoResponse;

function* findManifest(pull: Pull, name: string, depth: number): PullFlow<FoundManifest> {
  const { reference, base } = pull;
  const headers = { accept: manifestTypes.join(', ') };
  const answer = yield* ask(pull, { method: 'GET', url: `${base}/manifests/${name}`, headers });
  if (answer.type === 'failed') return answer;
  if (answer.status !== 200) return failed(refusalText(reference, name, answer));
  const expected = name.includes(':') ? name : (answer.headers['docker-content-digest'] ?? answer.digest);
  if (expected !== answer.digest) {
    return failed(`the manifest of ${name} is ${answer.digest}, which is not the digest ${expected}`);
  }
  const manifest = parseManifest(answer.body, answer.headers['content-type'] ?? '');
  if (manifest.type === 'complaint') return complained(manifest);
  if (manifest.type === 'image') return { type: 'found', manifest, digest: answer.digest };
  const chosen = chooseManifest(manifest);
  if (chosen === null) return failed('the index names no image');
  if (depth >= indexDepthMax) return failed('the index leads to more and more indexes');
  const inner = yield* findManifest(pull, chosen.digest, depth + 1);
  return inner.type === 'found' ? { ...inner, digest: answer.digest } : inner;
}

function refusalText({ registry, repository }: ImageReference, name: string, answer: RegistryResponse): string {
  const text = answerText(registry, answer);
  if (answer.status === 404)
    return `${registry}/${repository}${name.includes(':') ? '@' : ':'}${name}: not found: ${text}`;
  return answer.status === 401 || answer.status === 403 ? `authorization failed: ${text}` : text;
}

function* fetchConfig(
  pull: Pull,
  { config }: ImageManifest,
): PullFlow<{ readonly type: 'config'; readonly config: ImageConfig } | NoResponse> {
  if (config.sizeBytes > manifestBytesMax) return failed(`the configuration has more than ${manifestBytesMax} bytes`);
  const answer = yield* ask(pull, { method: 'GET', url: `${pull.base}/blobs/${config.digest}`, headers: {} });
  if (answer.type === 'failed') return answer;
  if (answer.status !== 200) return failed(answerText(pull.reference.registry, answer));
  if (answer.digest !== config.digest) {
    return failed(`the configuration is ${answer.digest}, which is not the digest ${config.digest}`);
  }
  const parsed = parseConfig(answer.body);
  return 'type' in parsed ? complained(parsed) : { type: 'config', config: parsed };
}

/** Returns null once the layer is there. */
function* fetchLayer(pull: Pull, layer: LayerDescriptor, diffId: string): PullFlow<NoResponse | null> {
  const request: RegistryRequest = { method: 'GET', url: `${pull.base}/blobs/${layer.digest}`, headers: {} };
  const step: PullStep = { type: 'layer', request, layer, diffId };
  const answer = yield* authorized<PullStep, PullAnswer>(pull.session, step, asStep);
  if (answer.type === 'stored') return null;
  return answer.type === 'failed' ? answer : failed(answerText(pull.reference.registry, answer));
}

function* ask({ session }: Pull, request: RegistryRequest): PullFlow<RegistryAnswer> {
  const answer = yield* authorized<PullStep, PullAnswer>(session, asStep(request), asStep);
  return answer.type === 'stored' ? failed('no answer') : answer;
}

function asStep(request: RegistryRequest): PullStep {
  return { type: 'request', request };
}

function complained({ message }: Complaint): NoResponse {
  return failed(message);
}

function failed(message: string): NoResponse {
  return { type: 'failed', message };
}
