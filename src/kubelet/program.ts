/** A program of a simulated container, as a session sees it: something that is read and written, and that goes on when time has passed. */
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import type { SessionItem } from '../protocol/runtime.ts';

export interface Moment {
  readonly monotonicMs: MonotonicMs;
  readonly wallMs: WallMs;
}

export interface Program {
  /** Returns what it says next; null when that needs input or time. After `exited` or `failed` it is not read again. */
  read(moment: Moment): SessionItem | null;
  /** Whether `write` may be called: it holds no more than it can. */
  readonly wantsInput: boolean;
  /** `isEnd`: nothing follows these bytes. They are copied when they are kept. */
  write(bytes: Uint8Array, isEnd: boolean): void;
  /** When it has something to say without any input; infinite when it has not. */
  readonly dueAtMs: number;
}
