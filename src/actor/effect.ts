/**
 * Everything an actor can ask of its host. The union is closed: whatever a behaviour does to the world is one of these, in the order
 * in which the step returned them. Effects are plain data, so a test asserts on them and a simulator carries them out.
 */

import type { StreamEndReason } from './failure.ts';
import type { RequestId, StreamId } from './input.ts';
import type { Body } from './protocol.ts';
import type { Supervision } from './supervision.ts';

/** What happens to a tell when its link's window is spent; `reject` counts it as a dead letter. */
export type Overflow = 'reject' | 'dropOldest' | { readonly coalesce: string };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type Effect =
  | { readonly type: 'send'; readonly to: string; readonly body: Body; readonly overflow?: Overflow }
  /** `id` must not be in use for another outstanding ask of this actor. */
  | { readonly type: 'ask'; readonly to: string; readonly id: number; readonly body: Body; readonly timeoutMs: number }
  | { readonly type: 'cancelAsk'; readonly id: number }
  | { readonly type: 'reply'; readonly request: RequestId; readonly body: unknown }
  /** `id` must not be in use for another open subscription of this actor. */
  | {
      readonly type: 'subscribe';
      readonly to: string;
      readonly id: number;
      readonly body: Body;
      readonly credit: number;
    }
  | { readonly type: 'credit'; readonly id: number; readonly messages: number }
  | { readonly type: 'unsubscribe'; readonly id: number }
  | { readonly type: 'emit'; readonly stream: StreamId; readonly body: unknown }
  | { readonly type: 'end'; readonly stream: StreamId; readonly reason: StreamEndReason }
  | { readonly type: 'watch'; readonly path: string }
  | { readonly type: 'unwatch'; readonly path: string }
  /** Fires once after `afterMs`; a timer of the same key is moved. */
  | { readonly type: 'timer'; readonly key: string; readonly afterMs: number }
  | { readonly type: 'cancelTimer'; readonly key: string }
  /** Carried out by the actor's port of that name (a disk, a listener, a job pool); the outcome arrives as an `io` input. */
  | { readonly type: 'io'; readonly port: string; readonly command: unknown }
  /** Starts a child on this host at `path`; it ends with its parent. */
  | {
      readonly type: 'spawn';
      readonly path: string;
      readonly role: string;
      readonly args: unknown;
      readonly supervision?: Supervision;
    }
  /** Gives a child other args than it was spawned with. */
  | { readonly type: 'reconfigure'; readonly path: string; readonly args: unknown }
  /** Ends this actor, or a child of it. */
  | { readonly type: 'stop'; readonly path?: string }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'metric'; readonly name: string; readonly value: number };
