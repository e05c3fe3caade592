/**
 * Makes reads from the cache linearizable. All reads of one turn share one question to the store for its current revision; they go
 * on once the cache has that revision. A read that comes after the question was asked joins the next one, since the answer to the
 * first might be older than a write that it must see.
 */
import { type Flow, waitFor } from '../actor/flow.ts';
import type { StatusError } from '../api/status.ts';
import type { Environment } from './environment.ts';
import { readRevision, waitForCache } from './store-client.ts';

export interface Batch {
  readonly signal: string;
  /** Set before the signal is given. */
  outcome: { readonly type: 'passed' } | { readonly type: 'failed'; readonly error: StatusError } | null;
}

export class ReadBarrier {
  #open: Batch | null = null;
  #lastBatch = 0;

  /** Joins the batch of this turn. */
  join(): Batch {
    if (this.#open === null) {
      this.#lastBatch += 1;
      this.#open = { signal: `barrier-${this.#lastBatch}`, outcome: null };
    }
    return this.#open;
  }

  /** Takes the batch of the turn that ends; the caller runs `passBarrier` and then gives the batch's signal. */
  takeBatch(): Batch | null {
    const batch = this.#open;
    this.#open = null;
    return batch;
  }
}

/** Returns once the cache shows every write that was acknowledged before the call. */
export function* awaitBarrier(environment: Environment): Flow<void> {
  const batch = environment.barrier.join();
  while (batch.outcome === null) yield* waitFor(batch.signal);
  if (batch.outcome.type === 'failed') throw batch.outcome.error;
}

/** The question of a whole batch. */
export function* passBarrier(environment: Environment): Flow<void> {
  const revision = yield* readRevision(environment);
  yield* waitForCache(environment, revision);
}
