/**
 * What travels between two hosts. Envelopes are arrays, not objects, because each travels with every message: `[operation, ...]`.
 * Asks, subscriptions and their answers are named by a number that is unique within the host that asked, so an answer needs no path.
 */
import type { ActorStatus, SendFailureCode, StreamEndReason } from './failure.ts';
import type { Body } from './protocol.ts';

/** First element of an envelope. Values are part of the wire format between threads of one version; they are never stored. */
export const operation = {
  tell: 1,
  ask: 2,
  cancel: 3,
  reply: 4,
  askFailed: 5,
  subscribe: 6,
  credit: 7,
  unsubscribe: 8,
  item: 9,
  ended: 10,
  watch: 11,
  unwatch: 12,
  watched: 13,
  ping: 14,
  pong: 15,
  consumed: 16,
} as const;

type Operation = typeof operation;

export type Envelope =
  | readonly [op: Operation['tell'], to: string, from: string, incarnation: number, body: Body]
  | readonly [
      op: Operation['ask'],
      to: string,
      from: string,
      incarnation: number,
      id: number,
      timeoutMs: number,
      body: Body,
    ]
  | readonly [op: Operation['cancel'], id: number]
  | readonly [op: Operation['reply'], id: number, body: unknown]
  | readonly [op: Operation['askFailed'], id: number, code: SendFailureCode]
  | readonly [
      op: Operation['subscribe'],
      to: string,
      from: string,
      incarnation: number,
      id: number,
      credit: number,
      body: Body,
    ]
  | readonly [op: Operation['credit'], id: number, messages: number]
  | readonly [op: Operation['unsubscribe'], id: number]
  | readonly [op: Operation['item'], id: number, sequence: number, body: unknown]
  | readonly [op: Operation['ended'], id: number, sequence: number, reason: StreamEndReason]
  | readonly [op: Operation['watch'], path: string]
  | readonly [op: Operation['unwatch'], path: string]
  | readonly [op: Operation['watched'], path: string, incarnation: number, status: ActorStatus]
  | readonly [op: Operation['ping']]
  | readonly [op: Operation['pong']]
  /** Refills the sender's window: so many messages and bytes of this link have been consumed. */
  | readonly [op: Operation['consumed'], messages: number, bytes: number];

/** Control envelopes pass a spent window: they are few, and what they say is what frees it. */
export function isControl(envelope: Envelope): boolean {
  return envelope[0] >= operation.watch || envelope[0] === operation.cancel;
}
