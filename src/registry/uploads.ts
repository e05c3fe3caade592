/** Blobs on their way in: how far each has come, and that one request at a time adds to it. */
import type { Random } from '../base/random.ts';
import { uploadIdCharacters, uploadsMax } from './limits.ts';

export interface Upload {
  readonly id: string;
  readonly repository: string;
  sizeBytes: number;
  /** The request that is writing; null: none. */
  exchange: number | null;
}

export class Uploads {
  /** The one that was opened first comes first. */
  readonly #open = new Map<string, Upload>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Opens an upload; `dropped` are those that had to make room for it. Null: all that could are being written. */
  open(repository: string): { readonly upload: Upload; readonly dropped: readonly string[] } | null {
    const idle = [...this.#open.values()].filter(({ exchange }) => exchange === null);
    const excess = Math.max(0, this.#open.size + 1 - uploadsMax);
    if (excess > idle.length) return null;
    const dropped = idle.slice(0, excess).map(({ id }) => id);
    for (const id of dropped) this.#open.delete(id);
    const id = this.#random.text(uploadIdCharacters, '0123456789abcdef');
    const upload: Upload = { id, repository, sizeBytes: 0, exchange: null };
    this.#open.set(id, upload);
    return { upload, dropped };
  }

  find(repository: string, id: string): Upload | undefined {
    const upload = this.#open.get(id);
    return upload?.repository === repository ? upload : undefined;
  }

  close({ id }: Upload): void {
    this.#open.delete(id);
  }

  isWriting(exchange: number): boolean {
    return [...this.#open.values()].some((upload) => upload.exchange === exchange);
  }
}

/** Reads where a chunk begins; null when it does not say, and goes on where the last one ended. */
export function chunkStart(range: string | undefined, length: string | undefined): number | 'malformed' | null {
  if (range === undefined) return null;
  const match = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(range);
  if (match === null) return 'malformed';
  const [start, end] = [Number(match[1]), Number(match[2])];
  if (end < start) return 'malformed';
  return length !== undefined && Number(length) !== end - start + 1 ? 'malformed' : start;
}
