/**
 * A connection to the port of a pod as the stream that Node's HTTP client wants to have. What the client writes is an event for each piece, as far as there is
 * credit; what comes from the port is read as fast as the client takes it.
 */
import { Duplex } from 'node:stream';

export interface PortListener {
  /** Bytes for the port. */
  received(bytes: Uint8Array): void;
  /** Bytes of the port, handed over by `arrived`, have gone on. */
  written(): void;
}

export class PortSocket extends Duplex {
  readonly #listener: PortListener;
  #credit = 0;
  #held: (() => void) | null = null;
  /** Pieces that were taken and not read yet. */
  #untold = 0;

  constructor(listener: PortListener) {
    super();
    this.#listener = listener;
  }

  /** So many more pieces may be written. */
  allow(pieces: number): void {
    this.#credit += pieces;
    const held = this.#held;
    this.#held = null;
    held?.();
  }

  /** Takes bytes that the port has sent. */
  arrived(bytes: Uint8Array): void {
    if (this.destroyed) return;
    if (this.push(bytes)) this.#listener.written();
    else this.#untold += 1;
  }

  /** The port has no more to say; with a `failure` it never finished. */
  conclude(failure: string): void {
    if (failure === '') this.push(null);
    else this.destroy(new Error(failure));
  }

  override _read(): void {
    for (; this.#untold > 0; this.#untold -= 1) this.#listener.written();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const pass = (): void => {
      if (this.#credit === 0) {
        this.#held = pass;
        return;
      }
      this.#credit -= 1;
      this.#listener.received(bytes);
      done();
    };
    pass();
  }
}
