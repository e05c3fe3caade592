/**
 * A connection to the port of a pod as the stream that Node's HTTP client wants to have. What the client writes is an event for each piece, as far as there is
 * credit; what comes from the port is read as fast as the client takes it.
 */
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { ListenerEvent } from '../../src/actor/listener-port.ts';

export class PortSocket extends Duplex {
  readonly #exchange: number;
  readonly #emit: (event: ListenerEvent) => void;
  #credit = 0;
  #held: (() => void) | null = null;
  /** Pieces that were taken and not read yet. */
  #untold = 0;

  constructor(exchange: number, emit: (event: ListenerEvent) => void) {
    super();
    this.#exchange = exchange;
    this.#emit = emit;
    // A stream that is destroyed with an error wants somebody to hear of it, also when no request uses it yet.
    this.on('error', () => {});
  }

  /** What HTTP is spoken on. A certificate says nothing of a pod, so none is asked for. */
  connection(isSecure: boolean): Duplex {
    return isSecure ? connect({ socket: this, rejectUnauthorized: false }) : this;
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
    if (this.push(bytes)) this.#written();
    else this.#untold += 1;
  }

  /** The port has no more to say; with a `failure` it never finished. */
  conclude(failure: string): void {
    if (failure === '') this.push(null);
    else this.destroy(new Error(failure));
  }

  override _read(): void {
    for (; this.#untold > 0; this.#untold -= 1) this.#written();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const pass = (): void => {
      if (this.#credit === 0) {
        this.#held = pass;
        return;
      }
      this.#credit -= 1;
      this.#emit({ type: 'received', exchange: this.#exchange, bytes });
      done();
    };
    pass();
  }

  #written(): void {
    this.#emit({ type: 'written', exchange: this.#exchange });
  }
}
