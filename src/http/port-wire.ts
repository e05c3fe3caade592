/** The wire of a connection that is nothing but bytes, to and from one port: what whoever is at its end makes of them is his affair. */
import type { SessionEnd, Wire, WireEvent, WireWrite } from './wire.ts';

export class PortWire implements Wire {
  #writes: WireWrite[] = [];
  #end: SessionEnd | null = null;

  get isOver(): boolean {
    return this.#end !== null;
  }

  get failure(): string {
    if (this.#end === null) return '';
    if (this.#end.type === 'failed') return this.#end.message;
    return this.#end.exitCode === 0 ? '' : 'the connection was reset';
  }

  start(): readonly WireEvent[] {
    return [{ type: 'ready' }];
  }

  receive(bytes: Uint8Array): readonly WireEvent[] {
    return [{ type: 'input', session: 0, bytes, isEnd: false }];
  }

  output(session: number, _stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#writes.push({ bytes, session });
  }

  finish(_session: number, end: SessionEnd): void {
    this.#end = end;
  }

  taken(): void {
    // The connection's reader counts what waits.
  }

  takeWrites(): readonly WireWrite[] {
    return this.#writes.splice(0);
  }
}
