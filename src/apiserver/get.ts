/** GET of one object. Served from the cache once it is known to be current, or at once with resourceVersion 0. */
import type { Flow } from '../actor/flow.ts';
import { notFound } from '../api/status-errors.ts';
import { getOptions } from '../http/options.ts';
import { type Answer, complete } from './answer.ts';
import type { CacheEntry } from './cache-entry.ts';
import { type Call, callForm } from './call.ts';
import type { Environment } from './environment.ts';
import { rendered } from './form.ts';
import { awaitBarrier } from './read-barrier.ts';
import { awaitRevision, parseResourceVersion } from './revision-text.ts';
import { waitForCache } from './store-client.ts';

export function* handleGet(environment: Environment, call: Call): Flow<Answer> {
  const options = getOptions(call.query);
  const entry = yield* readEntry(environment, call, options.resourceVersion);
  return complete(200, rendered(environment, callForm(call, options.includeObject), entry.bytes));
}

/** Returns the object that the path names, at least as new as `resourceVersion` says. Throws StatusError NotFound. */
export function* readEntry(environment: Environment, call: Call, resourceVersion = ''): Flow<CacheEntry> {
  const { served, request } = call;
  yield* freshen(environment, resourceVersion);
  const namespace = served.info.isNamespaced ? request.namespace : '';
  const entry = environment.cache.get(served.stored, namespace, request.name);
  if (entry === undefined) throw notFound(served.info, request.name);
  return entry;
}

/** Waits until the cache is as new as a read with `resourceVersion` demands: empty is now, 0 is anything, else not older. */
export function* freshen(environment: Environment, resourceVersion: string): Flow<void> {
  const revision = parseResourceVersion(resourceVersion);
  if (resourceVersion === '') yield* awaitBarrier(environment);
  else if (revision === 0) yield* waitForCache(environment, 0);
  else yield* awaitRevision(environment, revision);
}
