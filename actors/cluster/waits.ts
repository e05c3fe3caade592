/** Waiting for the state of objects, as `kubectl wait` does: over the death of API servers, until a deadline. */
import { filter, firstValueFrom, map, Observable, race } from 'rxjs';
import type { AnyObject } from '../../src/api/object-meta.ts';
import type { ApiClient, Reference } from './api-client.ts';
import type { Fabric } from './fabric.ts';

export interface WaitOptions extends Reference {
  readonly timeoutMs?: number;
}

/** The name of a condition that must be True, or a predicate on the object. */
export type WaitCondition = string | ((object: AnyObject) => boolean);

/** What was waited for did not happen in time. */
export class WaitTimeoutError extends Error {
  /** The object as it was seen last, or undefined when it was never seen. */
  readonly last: AnyObject | undefined;

  constructor(what: string, timeoutMs: number, last: AnyObject | undefined) {
    super(
      `${what} did not come true within ${timeoutMs} ms; last status: ${JSON.stringify((last as { status?: unknown } | undefined)?.status ?? null)}`,
    );
    this.name = 'WaitTimeoutError';
    this.last = last;
  }
}

const waitTimeoutMs = 60_000;

/** Resolves with the object once the condition holds. Rejects with WaitTimeoutError. */
export async function waitForObject(
  api: ApiClient,
  fabric: Fabric,
  reference: string,
  condition: WaitCondition,
  options: WaitOptions = {},
): Promise<AnyObject> {
  const { timeoutMs = waitTimeoutMs } = options;
  const slash = reference.indexOf('/');
  const holds = typeof condition === 'string' ? (object: AnyObject) => hasCondition(object, condition) : condition;
  let last: AnyObject | undefined;
  const matches = api.watch(reference.slice(0, slash), { ...options, name: reference.slice(slash + 1) }).pipe(
    filter(({ type }) => type === 'ADDED' || type === 'MODIFIED'),
    map(({ object }) => (last = object)),
    filter(holds),
  );
  const found = await fabric.drive(firstValueFrom(race(matches, expiry(fabric, timeoutMs))));
  if (found !== null) return found;
  throw new WaitTimeoutError(
    `${reference} ${typeof condition === 'string' ? condition : 'condition'}`,
    timeoutMs,
    last,
  );
}

/**
 * Tells whether the condition is True and, where the status says so, speaks of the newest generation: a Deployment that was just changed still
 * carries the conditions of before.
 */
export function hasCondition(object: AnyObject, type: string): boolean {
  const status = (
    object as { status?: { conditions?: { type: string; status: string }[]; observedGeneration?: number } }
  ).status;
  const generation = object.metadata.generation ?? 0;
  if (status?.observedGeneration !== undefined && status.observedGeneration < generation) return false;
  return status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** Emits null after `timeoutMs` of the fabric's time. */
function expiry(fabric: Fabric, timeoutMs: number): Observable<null> {
  return new Observable((subscriber) => fabric.after(timeoutMs, () => subscriber.next(null)));
}
