/** Waiting for what every cluster has from the start. */
import { type Flow, waitFor } from '../actor/flow.ts';
import type { Environment } from './environment.ts';

/** Given when the first objects are there. */
export const bootstrapSignal = 'bootstrap';

/** Waits until the namespaces are there that clients take for granted, and the roles that rights rest on. */
export function* awaitBootstrap(environment: Environment): Flow<void> {
  while (!environment.isBootstrapped) yield* waitFor(bootstrapSignal);
}
