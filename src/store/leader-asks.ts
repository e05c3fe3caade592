/**
 * Questions to the leader that wait for an answer. They are asked again when the leader changes or stays silent; answers that come
 * twice are passed over, and asking twice does no harm.
 */
import type { MonotonicMs } from '../base/brand.ts';
import { askRetryMs } from './limits.ts';
import type { LeaderAsk, RequestHandle } from './store-request.ts';

interface Pending {
  readonly handle: RequestHandle;
  readonly ask: LeaderAsk;
  readonly deadlineMs: MonotonicMs;
  askedAtMs: number;
}

export class LeaderAsks {
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #hasNew = false;

  get length(): number {
    return this.#pending.size;
  }

  add(handle: RequestHandle, ask: LeaderAsk, deadlineMs: MonotonicMs): void {
    this.#pending.set(this.#nextId, { handle, ask, deadlineMs, askedAtMs: Number.NEGATIVE_INFINITY });
    this.#nextId += 1;
    this.#hasNew = true;
  }

  /** Makes every question due again, for a new leader. */
  askAgain(): void {
    for (const pending of this.#pending.values()) pending.askedAtMs = Number.NEGATIVE_INFINITY;
    this.#hasNew = this.#pending.size > 0;
  }

  /** Makes the questions due that stayed unanswered for too long. */
  retry(nowMs: MonotonicMs): void {
    for (const pending of this.#pending.values()) {
      if (nowMs - pending.askedAtMs < askRetryMs) continue;
      pending.askedAtMs = Number.NEGATIVE_INFINITY;
      this.#hasNew = true;
    }
  }

  /** Returns the questions to ask now, and takes them as asked. */
  takeDue(nowMs: MonotonicMs): { readonly id: number; readonly ask: LeaderAsk }[] {
    if (!this.#hasNew) return [];
    this.#hasNew = false;
    const due: { id: number; ask: LeaderAsk }[] = [];
    for (const [id, pending] of this.#pending) {
      if (pending.askedAtMs !== Number.NEGATIVE_INFINITY) continue;
      pending.askedAtMs = nowMs;
      due.push({ id, ask: pending.ask });
    }
    return due;
  }

  /** Removes the question and returns who asked it; null when it was answered or given up before. */
  answered(id: number): RequestHandle | null {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending?.handle ?? null;
  }

  /** Removes the questions whose deadline has passed, and returns who asked them. */
  expire(nowMs: MonotonicMs): RequestHandle[] {
    const expired: RequestHandle[] = [];
    for (const [id, pending] of this.#pending) {
      if (pending.deadlineMs > nowMs) continue;
      this.#pending.delete(id);
      expired.push(pending.handle);
    }
    return expired;
  }
}
