/** Waiting for what every cluster has from the start. */
import { type Flow, waitFor } from '../actor/flow.ts';
import type { Environment } from './environment.ts';
import { waitForCache } from './store-client.ts';

/** Given when the first objects are there. */
export const bootstrapSignal = 'bootstrap';
/** Given when the default roles are there. */
export const rightsSignal = 'rights';

/** Waits until the namespaces are there that clients take for granted. */
export function* awaitBootstrap(environment: Environment): Flow<void> {
  while (!environment.isBootstrapped) yield* waitFor(bootstrapSignal);
}

/** Waits until rights can be told from the cache: the roles that they rest on are in it. */
export function* awaitRights(environment: Environment): Flow<void> {
  while (!environment.hasRights) yield* waitFor(rightsSignal);
  yield* waitForCache(environment, environment.rightsRevision);
}
