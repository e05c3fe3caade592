/** What a host needs of whatever runs it: a real thread (actors/runtime) or a simulated one (src/sim). */
import type { MonotonicMs } from '../base/brand.ts';
import type { LogEntry } from './cell.ts';
import type { Stamp } from './input.ts';

/** A fault as it is reported: where, in which phase, on which input, and the error as data. */
export interface ActorFault {
  readonly path: string;
  readonly incarnation: number;
  readonly phase: 'init' | 'step' | 'flush' | 'port';
  readonly inputType: string;
  readonly error: { readonly name: string; readonly message: string; readonly stack: string };
  /** Faults of this actor within its supervision's window. */
  readonly recent: number;
  readonly decision: 'restart' | 'stop' | 'escalate';
}

export type HostEvent =
  | { readonly type: 'started'; readonly path: string; readonly incarnation: number }
  | { readonly type: 'ended'; readonly path: string; readonly incarnation: number; readonly reason: EndReason }
  | { readonly type: 'fault'; readonly fault: ActorFault }
  /** Nobody on this thread supervises the actor any further: the cluster decides about the thread. */
  | { readonly type: 'escalated'; readonly path: string }
  | { readonly type: 'log'; readonly entry: LogEntry };

export type EndReason = 'stopped' | 'killed' | 'failed' | 'parentEnded';

export interface HostWorld {
  /** Reads the clocks. Monotonic time never goes back. */
  now(): Stamp;
  /** Asks for a turn as soon as the event loop has done its I/O. Many calls before that turn are one. */
  wake(): void;
  /** Asks for a turn at `atMs` or soon after; a later call replaces an earlier one. */
  wakeAt(atMs: MonotonicMs): void;
  /** Sends a batch to the host of another thread; the array is handed over. */
  post(peer: string, batch: Uint8Array): void;
  report(event: HostEvent): void;
}
