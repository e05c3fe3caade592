/** The images that simulated containers were pulled for: names with sizes, which nothing lies behind. None is ever removed. */
import { normalizeImageName } from '../kinds/pod/image-name.ts';
import type { RuntimeImage } from '../protocol/runtime.ts';

export class SimulatedImages {
  readonly #newId: () => string;
  /** By name with tag or digest. */
  readonly #byName = new Map<string, RuntimeImage>();

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** Returns the id of an image; null when it was not pulled. */
  idOf(image: string): string | null {
    return this.#byName.get(normalizeImageName(image))?.id ?? null;
  }

  /** An image was pulled. It is as big as it was last said to be, in whole bytes. */
  add(image: string, sizeBytes: number): RuntimeImage {
    const name = normalizeImageName(image);
    const id = this.#byName.get(name)?.id ?? `sha256:${this.#newId()}`;
    const added = { id, names: [name], sizeBytes: wholeBytes(sizeBytes) };
    this.#byName.set(name, added);
    return added;
  }

  all(): readonly RuntimeImage[] {
    return [...this.#byName.values()];
  }
}

function wholeBytes(bytes: number): number {
  return Math.min(Math.max(Math.floor(bytes), 0), Number.MAX_SAFE_INTEGER);
}
