/**
 * How an API server tells a writer that the election its fence names is over: a 409 Conflict with a cause of this reason. Other conflicts say
 * that the object has changed; this one says that the writer has lost its office and must stand down.
 */
import type { Status } from '../api/status.ts';

export const fenceLostReason = 'FenceLost';

/** Tells whether a write was refused because its election is over. */
export function isFenceRefusal(status: Status): boolean {
  return status.code === 409 && (status.details?.causes ?? []).some(({ reason }) => reason === fenceLostReason);
}
