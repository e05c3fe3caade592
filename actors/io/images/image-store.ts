/**
 * The images of one node: pulled from registries, kept as layers by digest, which images share, and laid out into the folders of containers.
 * Everything ends with the node's folder.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Piscina } from 'piscina';
import type { Credential } from '../../../src/registry/challenge.ts';
import { hexOf } from '../../../src/registry/digest.ts';
import type { ImageConfig } from '../../../src/registry/manifest.ts';
import {
  type PullAnswer,
  type PulledImage,
  type PullOutcome,
  type PullStep,
  pullImage,
} from '../../../src/registry/pull-flow.ts';
import type { ImageReference } from '../../../src/registry/reference.ts';
import { loadModule } from '../load-module.ts';
import type { LayOutTask, MergeTask, UnpackTask } from './image-work.ts';
import { download, request } from './registry-client.ts';

type LayerStep = Extract<PullStep, { type: 'layer' }>;

/** An image that is on the node. */
export interface StoredImage {
  readonly config: ImageConfig;
  readonly tree: string;
}

const entry = '#workers/image';
/** A thread that has nothing to do ends after so long. */
const idleMs = 2_000;
const threadsMax = 2;

export class ImageStore {
  /** The node's folder, made when it is first asked for. */
  readonly #base: () => string;
  readonly #images = new Map<string, StoredImage>();
  /** Images whose layers are being put together: two pulls of one image do it once. */
  readonly #merging = new Map<string, Promise<void>>();
  /** Layers that are being fetched, by digest: two images that share one fetch it once. */
  readonly #fetching = new Map<string, Promise<PullAnswer>>();
  readonly #end = new AbortController();
  #pool: Promise<Piscina> | undefined;
  #lastFile = 0;

  constructor(base: () => string) {
    this.#base = base;
  }

  /** Returns an image that was pulled, by its id. */
  find(imageId: string): StoredImage | undefined {
    return this.#images.get(imageId);
  }

  /** Pulls an image; layers that are there already are not fetched again. Never rejects. */
  async pull(reference: ImageReference, credentials: readonly Credential[]): Promise<PullOutcome> {
    const flow = pullImage(reference, credentials);
    try {
      let next = flow.next();
      while (next.done !== true) next = flow.next(await this.#perform(next.value));
      const outcome = next.value;
      if (outcome.type === 'pulled') await this.#merge(outcome);
      return outcome;
    } catch (error) {
      return { type: 'failed', message: (error as Error).message };
    }
  }

  /** Fills the folder of a container with an image. Rejects when it cannot. */
  async layOut({ tree }: StoredImage, root: string): Promise<void> {
    await this.#run<LayOutTask>('layOut', { tree, root });
  }

  close(): void {
    this.#end.abort();
    void this.#pool?.then((pool) => pool.destroy()).catch(() => {});
  }

  #perform(step: PullStep): Promise<PullAnswer> {
    if (step.type === 'request') return request(step.request, this.#end.signal);
    const { digest } = step.layer;
    if (existsSync(this.#layer(digest))) return Promise.resolve({ type: 'stored' });
    const known = this.#fetching.get(digest);
    if (known !== undefined) return this.#share(known, step);
    const fetching = this.#fetch(step).finally(() => this.#fetching.delete(digest));
    this.#fetching.set(digest, fetching);
    return fetching;
  }

  /** What another registry said, or to others, is nothing to us: only the layer itself is shared. */
  async #share(known: Promise<PullAnswer>, step: LayerStep): Promise<PullAnswer> {
    const answer = await known;
    return answer.type === 'stored' ? answer : this.#perform(step);
  }

  async #fetch({ request: asked, layer, diffId }: LayerStep): Promise<PullAnswer> {
    const { digest, sizeBytes, compression } = layer;
    this.#lastFile += 1;
    const file = join(this.#folder('fetched'), String(this.#lastFile));
    try {
      const answer = await download(asked, file, sizeBytes, this.#end.signal);
      if (answer !== null) return answer;
      await this.#run<UnpackTask>('unpack', { file, folder: this.#layer(digest), digest, diffId, compression });
      return { type: 'stored' };
    } catch (error) {
      return { type: 'failed', message: `layer ${digest}: ${(error as Error).message}` };
    } finally {
      await rm(file, { force: true });
    }
  }

  #merge(image: PulledImage): Promise<void> {
    const { imageId } = image;
    if (this.#images.has(imageId)) return Promise.resolve();
    const merging = this.#merging.get(imageId) ?? this.#putTogether(image).finally(() => this.#merging.delete(imageId));
    this.#merging.set(imageId, merging);
    return merging;
  }

  async #putTogether({ imageId, config, layers }: PulledImage): Promise<void> {
    const file = join(this.#folder('trees'), `${createHash('sha256').update(imageId).digest('hex')}.json`);
    await this.#run<MergeTask>('merge', { layers: layers.map((digest) => this.#layer(digest)), file });
    this.#images.set(imageId, { config, tree: file });
  }

  #layer(digest: string): string {
    return join(this.#folder('layers'), hexOf(digest));
  }

  #folder(name: 'fetched' | 'layers' | 'trees'): string {
    const folder = join(this.#base(), 'images', name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  async #run<Task>(name: 'unpack' | 'merge' | 'layOut', task: Task): Promise<void> {
    this.#pool ??= openPool();
    const pool = await this.#pool;
    await pool.run(task, { name, signal: this.#end.signal });
  }
}

/** Most nodes never unpack anything: nothing is loaded before one does. */
async function openPool(): Promise<Piscina> {
  const { Piscina } = (await loadModule('piscina')) as typeof import('piscina');
  const { resolve } = createRequire(import.meta.url);
  return new Piscina({ filename: resolve(entry), minThreads: 0, maxThreads: threadsMax, idleTimeout: idleMs });
}
