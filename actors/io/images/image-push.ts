/** Makes an image and pushes it to a registry. */
import type { Credential } from '../../../src/registry/challenge.ts';
import { configBytes, pushImage } from '../../../src/registry/push-flow.ts';
import type { ImageReference } from '../../../src/registry/reference.ts';
import { digestOf, type ImageLayer, packLayer } from './image-archive.ts';
import { request } from './registry-client.ts';

/** What an image is made of. `files`, `directory` and `removed` make its highest layer. */
export interface ImageContent extends ImageLayer {
  /** Layers below, the lowest first. */
  readonly layers?: readonly ImageLayer[];
  /** What it starts, such as `['node', '/app/main.mjs']`. */
  readonly entrypoint?: readonly string[];
  /** Arguments that a pod may replace. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default `/`. */
  readonly workingDirectory?: string;
  /** For the registry. */
  readonly credentials?: Credential;
}

/** Pushes an image and resolves with its name with the digest. Rejects with what the registry says. */
export async function push(reference: ImageReference, content: ImageContent): Promise<string> {
  const { layers: below = [], entrypoint = [], command = [], env = {}, workingDirectory = '/', credentials } = content;
  const { files, directory, removed } = content;
  const isAny = files !== undefined || directory !== undefined || removed !== undefined;
  const layers = await Promise.all([...below, ...(isAny ? [content] : [])].map(packLayer));
  const config = configBytes({
    entrypoint,
    command,
    workingDirectory,
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    diffIds: layers.map(({ diffId }) => diffId),
  });
  const image = { config: { digest: digestOf(config), bytes: config }, layers };
  const flow = pushImage(reference, image, credentials === undefined ? [] : [credentials]);
  const { signal } = new AbortController();
  let next = flow.next();
  while (next.done !== true) next = flow.next(await request(next.value.request, signal));
  if (next.value.type === 'failed') throw new Error(next.value.message);
  return next.value.imageId;
}
