/** A push: blobs that the registry does not have, then the manifest that names them. Models opencontainers/distribution-spec "Push". */
import { utf8 } from '../base/bytes.ts';
import type { Credential } from './challenge.ts';
import {
  answerText,
  authorized,
  isDowngrade,
  locationOf,
  type NoResponse,
  type RegistryAnswer,
  type RegistryRequest,
  type RegistryResponse,
  type RegistrySession,
  sessionOf,
} from './exchange.ts';
import type { ImageConfig } from './manifest.ts';
import { configType, layerGzipType, manifestType } from './media-types.ts';
import { type ImageReference, imageIdOf, manifestNameOf, registryUrl } from './reference.ts';

export interface Blob {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export interface NewImage {
  readonly config: Blob;
  /** Compressed by gzip, the lowest first. */
  readonly layers: readonly Blob[];
}

interface PushStep {
  readonly request: RegistryRequest;
}

type PushFlow<Result> = Generator<PushStep, Result, RegistryAnswer>;

export type PushOutcome = { readonly type: 'pushed'; readonly imageId: string } | NoResponse;

/** Writes the configuration of an image that is made for us. */
export function configBytes({ entrypoint, command, env, workingDirectory, diffIds }: ImageConfig): Uint8Array {
  return utf8(
    JSON.stringify({
      os: 'javascript',
      architecture: 'any',
      config: {
        ...(entrypoint.length === 0 ? {} : { Entrypoint: entrypoint }),
        ...(command.length === 0 ? {} : { Cmd: command }),
        Env: env.map(({ name, value }) => `${name}=${value}`),
        WorkingDir: workingDirectory === '' ? '/' : workingDirectory,
      },
      rootfs: { type: 'layers', diff_ids: diffIds },
    }),
  );
}

/** Writes the manifest of an image. */
export function manifestBytes({ config, layers }: NewImage): Uint8Array {
  const describe = (mediaType: string, { digest, bytes }: Blob): object => ({ mediaType, digest, size: bytes.length });
  return utf8(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: describe(configType, config),
      layers: layers.map((layer) => describe(layerGzipType, layer)),
    }),
  );
}

/** Pushes an image. The outcome's message is for people. */
export function* pushImage(
  reference: ImageReference,
  image: NewImage,
  credentials: readonly Credential[],
): PushFlow<PushOutcome> {
  const { registry, repository } = reference;
  const base = `${registryUrl(registry)}${repository}`;
  const session = sessionOf(credentials, `repository:${repository}:pull,push`, base);
  const refuse = (answer: RegistryAnswer): NoResponse =>
    answer.type === 'failed' ? answer : { type: 'failed', message: answerText(registry, answer) };
  for (const blob of [...image.layers, image.config]) {
    const answer = yield* pushBlob(session, base, blob);
    if (!isDone(answer)) return refuse(answer);
  }
  const answer = yield* ask(session, {
    method: 'PUT',
    url: `${base}/manifests/${manifestNameOf(reference)}`,
    headers: { 'content-type': manifestType },
    body: manifestBytes(image),
  });
  if (!isDone(answer)) return refuse(answer);
  const digest = answer.headers['docker-content-digest'] ?? reference.digest;
  if (digest === null) return { type: 'failed', message: `${registry} did not say what it stored` };
  return { type: 'pushed', imageId: imageIdOf(reference, digest) };
}

function* pushBlob(session: RegistrySession, base: string, { digest, bytes }: Blob): PushFlow<RegistryAnswer> {
  const known = yield* ask(session, { method: 'HEAD', url: `${base}/blobs/${digest}`, headers: {} });
  if (known.type === 'failed' || known.status === 200) return known;
  const start = `${base}/blobs/uploads/`;
  const opened = yield* ask(session, { method: 'POST', url: start, headers: {} });
  if (!isDone(opened)) return opened;
  const place = locationOf(start, opened.headers['location'] ?? '');
  if (isDowngrade(start, place)) return { type: 'failed', message: `${start} sends on to ${place}, without TLS` };
  return yield* ask(session, {
    method: 'PUT',
    url: `${place}${place.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`,
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
  });
}

function ask(session: RegistrySession, request: RegistryRequest): PushFlow<RegistryAnswer> {
  return authorized<PushStep, RegistryAnswer>(session, { request }, (other) => ({ request: other }));
}

function isDone(answer: RegistryAnswer): answer is RegistryResponse {
  return answer.type === 'response' && answer.status >= 200 && answer.status < 300;
}
