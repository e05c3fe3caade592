/** Bounds of a store replica. docs/limits.md is collected from files of this name. */

/** Bytes of keys and values in one request; etcd's default. */
export const requestBytesMax = 1536 * 1024;

/** Operations in one branch of a transaction, and compares in it; etcd's default. */
export const operationsPerTransactionMax = 128;

/** How deep transactions may nest. */
export const transactionDepthMax = 8;

/** Requests of one replica that wait for an answer. */
export const pendingRequestsMax = 10_000;

/** Writes of one turn share a log entry until it reaches this size. */
export const entryBytesTarget = 512 * 1024;

/** A request that nobody answered fails after this time. */
export const requestTimeoutMs = 5_000;

/** Questions to the leader (reads, keep-alives) are asked again after this time; they change nothing when asked twice. */
export const askRetryMs = 250;

/** A new segment of the log begins when the current one is larger. */
export const segmentBytesMax = 64 * 1024 * 1024;

/** A snapshot is made after so many applied entries or bytes, whichever comes first. */
export const snapshotEveryEntries = 10_000;
export const snapshotEveryBytes = 64 * 1024 * 1024;

/** Entries behind a snapshot that stay in memory, so that a slow follower needs no snapshot. */
export const catchUpEntries = 5_000;

/** Chunks of a snapshot that travel unacknowledged. */
export const snapshotWindowChunks = 16;

/** A snapshot transfer without any acknowledgement for this time is given up. */
export const snapshotStallMs = 2_000;

/** Leases live at least and at most so long; etcd's bounds (the minimum there follows from the election timeout). */
export const leaseTtlSecondsMin = 1;
export const leaseTtlSecondsMax = 9_000_000_000;

/** Leases that the leader revokes in one log entry. */
export const leaseRevocationsPerTurn = 1_000;

/** What is left of leases longer than this is written to the log this often, so that a new leader does not start them afresh. */
export const leaseCheckpointMs = 5 * 60 * 1000;
