/** A pipe between two commands: bounded, so that the writer waits for the reader; a writer whose reader is gone gets BrokenPipe. */
import type { Reader, Writer } from '../container-streams.ts';
import { BrokenPipe } from '../tool.ts';

const pipeBytesMax = 64 * 1024;

export class Pipe implements Reader, Writer {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isWriteEnded = false;
  #isReadEnded = false;
  #wakes: (() => void)[] = [];

  async write(chunk: string | Uint8Array): Promise<void> {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    while (this.#bytes >= pipeBytesMax && !this.#isReadEnded) await this.#change();
    if (this.#isReadEnded) throw new BrokenPipe();
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    this.#wake();
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const next = this.#chunks.shift();
      if (next !== undefined) {
        this.#bytes -= next.length;
        this.#wake();
        return next;
      }
      if (this.#isWriteEnded) return null;
      await this.#change();
    }
  }

  endWriting(): void {
    this.#isWriteEnded = true;
    this.#wake();
  }

  endReading(): void {
    this.#isReadEnded = true;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }
}
