/** What the tables of a host (asks, streams, watches) need of it. Internal to src/actor. */
import type { CancelTimer } from '../base/timer-queue.ts';
import type { Cell } from './cell.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { Overflow } from './effect.ts';
import type { Envelope } from './envelope.ts';
import type { InputBody, Stamp } from './input.ts';
import type { InboundLink } from './mailbox.ts';
import type { Offer } from './outbound-link.ts';
import type { Protocol } from './protocol.ts';

/** Where a message came from: the link that brought it, and its weight there. */
export interface Arrival {
  readonly link: InboundLink;
  readonly bytes: number;
}

export interface Kernel {
  readonly thread: string;
  readonly stamp: Stamp;
  cellAt(path: string): Cell | undefined;
  /** The thread to send to for `path`: this one if the actor runs here; undefined when nobody holds it. */
  routeOf(path: string): string | undefined;
  deliver(cell: Cell, input: InputBody<Protocol>, arrival?: Arrival): void;
  send(peer: string, from: string, to: string, envelope: Envelope, overflow?: Overflow): Offer;
  after(delayMs: number, run: () => void): CancelTimer;
  bury(reason: DeadLetterReason, to: string, from: string, type: string): void;
}
