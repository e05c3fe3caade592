/** Bounds of controllers. Collected into docs/limits.md. */

/** Pods that one reconcile of a replica set creates or deletes; the upstream default. */
export const burstReplicas = 500;

/** The first batch of creations; each that succeeds doubles the next. */
export const slowStartBatch = 1;

/** Endpoints in one slice; the upstream default. */
export const endpointsPerSlice = 100;

/** Addresses that the legacy Endpoints object holds before it is truncated. */
export const endpointsAddressesMax = 1_000;

/** Finished pods that are kept before the oldest are deleted; the upstream default. */
export const finishedPodsMax = 12_500;
