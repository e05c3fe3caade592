/** resourceVersion as clients write it: opaque to them, a revision of the store to us. */

import { type Flow, sleep } from '../actor/flow.ts';
import { StatusError } from '../api/status.ts';
import { badRequest } from '../api/status-errors.ts';
import type { Environment } from './environment.ts';
import { futureRevisionWaitMs } from './limits.ts';

const pollMs = 25;

/** Parses a resourceVersion; empty means 0. Throws StatusError BadRequest. */
export function parseResourceVersion(text: string): number {
  if (text === '') return 0;
  if (!/^\d{1,19}$/.test(text)) {
    const detail = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: ${detail}`);
  }
  return Number(text);
}

/**
 * Waits for a cache that is behind the revision that a client has seen at another API server. Throws StatusError Timeout, as
 * Kubernetes does for a resourceVersion that is too large.
 */
export function* awaitRevision(environment: Environment, revision: number): Flow<void> {
  const { cache } = environment;
  for (let waitedMs = 0; !cache.isSynced || cache.revision < revision; waitedMs += pollMs) {
    if (waitedMs >= futureRevisionWaitMs) {
      const message = `Too large resource version: ${revision}, current: ${cache.revision}`;
      throw new StatusError(504, 'Timeout', `Timeout: ${message}`, {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      });
    }
    yield* sleep(pollMs);
  }
}
