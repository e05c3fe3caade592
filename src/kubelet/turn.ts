/**
 * One turn of a pod's machine: what time it is, and what the machine wants done. Questions to the runtime carry what to do with the answer,
 * so a machine holds no table of what it asked.
 */
import type { ReplyOf, RequestOf } from '../actor/protocol.ts';
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import { type RuntimeProtocol, runtimeCallTimeoutMs } from '../protocol/runtime.ts';
import type { TokenDemand } from './volume-verdict.ts';

type RuntimeAsks = RuntimeProtocol['asks'];

/** The runtime did not answer: it is gone, or too slow. Nobody knows what it did. */
export interface Unreachable {
  readonly type: 'unreachable';
}

/** A question to the runtime, and what its answer means. */
export interface RuntimeCall {
  readonly type: keyof RuntimeAsks;
  readonly request: unknown;
  readonly timeoutMs: number;
  readonly settle: (answer: unknown, turn: Turn) => void;
}

/** `lifetimeMs` counts from its issue. */
export type TokenAnswer =
  | { readonly type: 'issued'; readonly token: string; readonly lifetimeMs: number }
  | { readonly type: 'refused'; readonly message: string }
  | Unreachable;

/** A question to the API server for a token, and what its answer means. */
export interface TokenCall {
  readonly demand: TokenDemand;
  readonly settle: (answer: TokenAnswer, turn: Turn) => void;
}

/** Something to tell people about a pod or one of its containers, as `kubectl describe` shows it. */
export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** `spec.containers{web}`; empty when it concerns the pod. */
  readonly fieldPath: string;
}

export class Turn {
  readonly nowMs: MonotonicMs;
  readonly wallMs: WallMs;
  readonly calls: RuntimeCall[] = [];
  readonly tokens: TokenCall[] = [];
  readonly events: PodEvent[] = [];
  /** The earliest moment at which something is due; infinite when nothing is. */
  wakeAtMs = Number.POSITIVE_INFINITY;
  /** What the machine believes of its containers may be wrong: list them. */
  wantsList = false;
  /** An image was pulled: the node may have one more. */
  hasPulled = false;

  constructor(nowMs: MonotonicMs, wallMs: WallMs) {
    this.nowMs = nowMs;
    this.wallMs = wallMs;
  }

  /** Asks the runtime. `settle` runs in a later turn. */
  call<Type extends keyof RuntimeAsks>(
    type: Type,
    request: RequestOf<RuntimeAsks[Type]>,
    settle: (answer: ReplyOf<RuntimeAsks[Type]> | Unreachable, turn: Turn) => void,
    timeoutMs: number = runtimeCallTimeoutMs,
  ): void {
    this.calls.push({ type, request, timeoutMs, settle: settle as RuntimeCall['settle'] });
  }

  /** Asks the API server for a token. `settle` runs in a later turn. */
  askToken(demand: TokenDemand, settle: TokenCall['settle']): void {
    this.tokens.push({ demand, settle });
  }

  event(type: PodEvent['type'], reason: string, message: string, fieldPath = ''): void {
    this.events.push({ type, reason, message, fieldPath });
  }

  /** Asks for another turn at `atMs` at the latest. */
  wakeAt(atMs: number): void {
    this.wakeAtMs = Math.min(this.wakeAtMs, atMs);
  }
}
