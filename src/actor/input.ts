/** Everything that can happen to an actor. Inputs are handled one at a time, each stamped with the time of its turn. */
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import type { Address } from './address.ts';
import type { ActorStatus, SendFailure, StreamEndReason } from './failure.ts';
import type { Ask, Protocol, Subscribe, Tell } from './protocol.ts';

/** When a turn began: one reading of the clocks serves all inputs of the turn. */
export interface Stamp {
  readonly monotonicMs: MonotonicMs;
  readonly wallMs: WallMs;
}

/** Names one request that this actor was asked; valid until it is answered. Local to the host: it never travels. */
export type RequestId = number;
/** Names one stream that this actor publishes to one subscriber. Local to the host. */
export type StreamId = number;

export type InputBody<P extends Protocol> =
  | { readonly type: 'started' }
  | { readonly type: 'tell'; readonly from: Address; readonly body: Tell<P> }
  /** Answer with a `reply` effect within `timeoutMs`; afterwards nobody listens. */
  | {
      readonly type: 'ask';
      readonly from: Address;
      readonly request: RequestId;
      readonly timeoutMs: number;
      readonly body: Ask<P>;
    }
  /** The asker gave up, died or ran out of time: an answer would be dropped. */
  | { readonly type: 'cancelled'; readonly request: RequestId }
  /** `id` is the one that this actor chose in its `ask` effect. */
  | { readonly type: 'reply'; readonly id: number; readonly body: unknown }
  | { readonly type: 'askFailed'; readonly id: number; readonly failure: SendFailure }
  /** Somebody subscribes; `credit` items may be emitted before more is granted. */
  | {
      readonly type: 'subscribed';
      readonly from: Address;
      readonly stream: StreamId;
      readonly credit: number;
      readonly body: Subscribe<P>;
    }
  | { readonly type: 'credit'; readonly stream: StreamId; readonly messages: number }
  | { readonly type: 'unsubscribed'; readonly stream: StreamId }
  /** An item of a stream that this actor subscribed to under `id`. */
  | { readonly type: 'item'; readonly id: number; readonly body: unknown }
  | { readonly type: 'ended'; readonly id: number; readonly reason: StreamEndReason }
  | { readonly type: 'watched'; readonly path: string; readonly incarnation: number; readonly status: ActorStatus }
  | { readonly type: 'timer'; readonly key: string }
  /** What a port of this actor reports: a completed write, an HTTP request. */
  | { readonly type: 'io'; readonly port: string; readonly event: unknown }
  /** What this actor was started with is something else now; a life after this one begins with it. */
  | { readonly type: 'reconfigured'; readonly args: unknown }
  /** Finish up and end with a `stop` effect; the host ends the actor at its grace otherwise. */
  | { readonly type: 'stop' };

export type Input<P extends Protocol = Protocol> = InputBody<P> & Stamp;
