/** The standard streams of a container's program. */
import { outputWindowBytes } from '../../src/actor/programs-port.ts';

const chunkBytesMax = 64 * 1024;
const waitMs = 1_000;

/** Output of the program. `write` returns when the bytes are on their way; it waits, thread and all, while too many are. */
export class Output {
  readonly isTTY: boolean;
  columns = 80;
  rows = 24;
  readonly #post: (bytes: Uint8Array) => void;
  /** Bytes under way, shared with the node's thread. */
  readonly #underWay: Int32Array;

  constructor(post: (bytes: Uint8Array) => void, underWay: Int32Array, isTTY: boolean) {
    this.#post = post;
    this.#underWay = underWay;
    this.isTTY = isTTY;
  }

  write(chunk: string | Uint8Array): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let start = 0; start < bytes.length; start += chunkBytesMax) {
      const part = bytes.slice(start, start + chunkBytesMax);
      for (;;) {
        const underWay = Atomics.load(this.#underWay, 0);
        if (underWay < outputWindowBytes) break;
        Atomics.wait(this.#underWay, 0, underWay, waitMs);
      }
      Atomics.add(this.#underWay, 0, part.length);
      this.#post(part);
    }
  }
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly isEnd: boolean;
  readonly taken: () => void;
}

/** Input of the program: a chunk counts as taken when it is read. */
export class Input {
  readonly #waiting: Waiting[] = [];
  #wake: (() => void) | null = null;
  #told: (() => void) | null = null;
  #hasEnded: boolean;
  /** Keeps the thread alive while somebody waits for input. */
  readonly hold: (isWaiting: boolean) => void;

  constructor(isOpen: boolean, hold: (isWaiting: boolean) => void) {
    this.#hasEnded = !isOpen;
    this.hold = hold;
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#wake?.();
    this.#told?.();
  }

  /** `take` has something to give. */
  get hasArrived(): boolean {
    return this.#hasEnded || this.#waiting.length > 0;
  }

  /** Sets what is called whenever something has come. */
  onArrival(told: () => void): void {
    this.#told = told;
  }

  /** Returns what has come, null at the end, undefined when nothing is there yet. */
  take(): Uint8Array | null | undefined {
    while (!this.#hasEnded) {
      const next = this.#waiting.shift();
      if (next === undefined) return undefined;
      next.taken();
      this.#hasEnded = next.isEnd;
      if (next.bytes.length > 0) return next.bytes;
    }
    return null;
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const bytes = this.take();
      if (bytes !== undefined) return bytes;
      this.hold(true);
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
      this.hold(false);
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    for (let bytes = await this.read(); bytes !== null; bytes = await this.read()) yield bytes;
  }
}
