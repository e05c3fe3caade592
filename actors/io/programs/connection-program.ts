/** A connection to a port of a pod, in the guise of a program: what comes is its output, what is written goes out, its end is its exit. */
import { connect, type Socket } from 'node:net';
import { outputWindowBytes } from '../../../src/actor/programs-port.ts';
import type { Program, ProgramListener } from './program.ts';

export class ConnectionProgram implements Program {
  readonly #socket: Socket;
  #outputBytes = 0;
  #isConnected = false;

  constructor(host: string, port: number, listener: ProgramListener) {
    this.#socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    this.#socket.once('connect', () => {
      this.#isConnected = true;
      listener.started();
    });
    this.#socket.on('data', (bytes) => {
      this.#outputBytes += bytes.length;
      if (this.#outputBytes >= outputWindowBytes) this.#socket.pause();
      listener.output('stdout', bytes);
    });
    // What the other side has closed gets no more input either.
    this.#socket.once('end', () => this.#socket.end());
    let failure = '';
    this.#socket.on('error', (error) => (failure = error.message));
    this.#socket.once('close', () => {
      if (this.#isConnected) listener.exited(0, false);
      else listener.startFailed(failure === '' ? 'the connection was closed' : failure);
    });
  }

  write(bytes: Uint8Array, isEnd: boolean, taken: (isTaken: boolean) => void): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return taken(false);
    this.#socket.write(bytes, (error) => taken(error === null || error === undefined));
    if (isEnd) this.#socket.end();
    return undefined;
  }

  taken(bytes: number): void {
    this.#outputBytes -= bytes;
    if (this.#outputBytes < outputWindowBytes) this.#socket.resume();
  }

  signal(): void {
    this.#socket.destroy();
  }

  resize(): void {
    // A connection has no size.
  }

  async usage(): Promise<null> {
    return null;
  }
}
