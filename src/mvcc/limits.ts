/** Bounds of the keyspace. docs/limits.md is collected from files of this name. */

/** Bytes of keys, values and their overhead, history included; etcd's default quota. */
export const quotaBytesDefault = 2 * 1024 * 1024 * 1024;

/** A snapshot travels in pieces of at most this size, so that a heartbeat waits for one piece at most. */
export const snapshotChunkBytesMax = 64 * 1024;

/** Revisions that one pull of a watcher may look at before it returns, matching or not. */
export const pullRevisionsMax = 10_000;
