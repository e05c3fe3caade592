/** Bounds of informers and work queues. Collected into docs/limits.md. */

/** Keys that one work queue may hold. */
export const workQueueKeysMax = 4 * 1024 * 1024;

/** Back-off of a key that failed, first and last: those of client-go's default controller rate limiter. */
export const backoffMinMs = 5;
export const backoffMaxMs = 1_000_000;

/** Items that an API server may send ahead of one informer, and how many are consumed before their credit is given back. */
export const watchCreditItems = 512;
export const watchCreditBatch = 128;

/** An API server that has not answered a watch by now is left for the next. */
export const watchOpenTimeoutMs = 5_000;

/** A watch that brought nothing for so long, not even a bookmark, is taken for dead. */
export const watchSilenceMs = 35_000;

/** Pause after every API server has refused, first and last. */
export const reconnectMinMs = 50;
export const reconnectMaxMs = 2_000;
