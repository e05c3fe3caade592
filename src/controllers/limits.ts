/** Bounds of controllers. Collected into docs/limits.md. */

/** Pods that one reconcile of a replica set creates or deletes; the upstream default. */
export const burstReplicas = 500;

/** The first batch of creations; each that succeeds doubles the next. */
export const slowStartBatch = 1;

/** How often a creation is sent again of which nobody knows whether it happened, with which pauses, and how long each time is waited. */
export const repeatsMax = 10;
export const repeatPauseMs = 250;
export const repeatTimeoutMs = 1_000;

/** Endpoints in one slice; the upstream default. */
export const endpointsPerSlice = 100;

/** Addresses that the legacy Endpoints object holds before it is truncated. */
export const endpointsAddressesMax = 1_000;

/** Finished pods that are kept before the oldest are deleted; the upstream default. */
export const finishedPodsMax = 12_500;

/** Pods that one reconcile of a daemon set creates, or deletes; the upstream default. */
export const daemonBurst = 250;

/** How long a failed daemon pod is left alone when the one before it on its node failed too. */
export const failedDaemonBackoffMinMs = 1_000;
export const failedDaemonBackoffMaxMs = 900_000;

/** Ended pods of one job that wait in its status to be counted; the upstream value. */
export const uncountedPodsMax = 500;

/** Pods of a job that one reconcile creates, or deletes; the upstream value. */
export const jobBurst = 500;

/** The longest wait of a job after failures. The shortest comes with the cluster's timing. */
export const jobBackoffMaxMs = 600_000;

/** Missed start times of a cron job that are passed over in silence; the upstream value. */
export const missedTimesMax = 100;

/** A quota that was charged so recently is not lowered: what it was charged for may be about to be made. */
export const quotaSettleMs = 1_000;

/** How long a granted eviction may take to show at its pod; the upstream value. */
export const evictionPatienceMs = 120_000;
