/**
 * Ports: the only ways from an actor to the world. A real host opens the implementations of actors/io, a simulated one those of
 * src/sim; the behaviour sees the same commands and events.
 */
import type { Address } from './address.ts';

/** One open port of one actor. */
export interface Port {
  /** Carries out a command that the actor gave with an `io` effect. May emit before it returns: the event is queued like any input. */
  handle(command: unknown): void;
  /** The actor is gone: release everything, emit nothing more. */
  close(): void;
}

/** Opens a port for an actor that starts. `emit` delivers an event to that actor; after `close` it does nothing. */
export type OpenPort = (emit: (event: unknown) => void, self: Address, args: unknown) => Port;
