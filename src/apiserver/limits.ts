/** Bounds of an API server. docs/limits.md is collected from files of this name. */

/** A request that is not a watch ends after this time, as kube-apiserver's 34 s; a client may ask for less. */
export const requestTimeoutMs = 34_000;

/** A write; above the store's own limit, so that the store's answer says what happened. */
export const storeWriteTimeoutMs = 6_000;

/** A read, which may be asked again elsewhere at no risk. */
export const storeReadTimeoutMs = 2_000;

/** A read waits so long for the store to confirm what is current; without a majority it never will. */
export const barrierTimeoutMs = 6_000;

/** Pause before a request that certainly had no effect is sent to the store again. */
export const storeRetryMs = 20;

/** A watch of the store that ended while no replica is trusted is opened again after this time. */
export const followRetryMs = 50;

/** A replica that failed to answer is asked last for this time. */
export const replicaSuspicionMs = 1_000;

/** An idle API server asks its replica for the current revision this often, so that a replica that is cut off is found out. */
export const storeProbeMs = 1_000;

/** Keys that one page of the initial read of the store holds. */
export const syncPageKeys = 500;

/** Items that the store may send ahead of the cache, and how many are consumed before their credit is given back. */
export const storeWatchCredit = 64;
export const storeWatchCreditBatch = 32;

/** A cache that starts reads the store as it was so many revisions ago and replays them, so that watches may go on from there. */
export const historyRevisions = 1_000;

/** Events that are kept per resource, so that a watch may start in the past. */
export const historyEventsMax = 2_048;

/** What one watcher may have waiting; beyond either its stream is ended. */
export const watchQueueEventsMax = 1_000;
export const watchQueueBytesMax = 4 * 1024 * 1024;

/** One item of a stream carries at most so much, so that a heartbeat waits for one item at most. */
export const chunkBytesMax = 64 * 1024;

/** A client that follows logs learns after this time that it is connected, even if the container is silent. */
export const relayHeadMs = 500;

/** Time between bookmarks to a watcher that asked for them. */
export const bookmarkMs = 10_000;

/** A read at a revision that the cache has not reached waits so long; then the client is told that it asks too much. */
export const futureRevisionWaitMs = 3_000;

/** How often a generated name that is taken is replaced by another. */
export const generateNameAttemptsMax = 8;

/** How often a change is tried again on a newer version of the object. */
export const changeAttemptsMax = 32;

/** Addresses that are tried for one Service while other API servers allocate at the same time. */
export const allocationAttemptsMax = 16;

/** Kubernetes Events go away after this time; kube-apiserver's default. */
export const eventTtlSeconds = 3_600;

/** One lease of the store serves the Events of this time, up to so many; as in kube-apiserver. */
export const eventLeaseReuseMs = 60_000;
export const eventLeaseObjectsMax = 1_000;

/** What is due for a CustomResourceDefinition is done at once by an API server that handled a write of one so recently, by others after a pause. */
export const definitionAttentionMs = 2_000;
export const definitionPatienceMs = 250;

/** A request body; kube-apiserver's default. */
export const bodyBytesMax = 3 * 1024 * 1024;

/** Objects that one page read from the store's history holds. */
export const historyPageKeys = 500;

/** Tokens of service accounts whose signature is remembered as right. */
export const tokensVerifiedMax = 1_000;

/** The account that every namespace gets is waited for so long when a pod comes before it; kube-apiserver's ten tries. */
export const defaultAccountWaitMs = 1_500;

/** Evictions that a budget's controller has not confirmed yet; kube-apiserver's limit. */
export const disruptedPodsMax = 2_000;

/** How often an eviction judges a pod anew that changes meanwhile. */
export const evictionAttemptsMax = 5;

/** How long a kubelet may take for what its own port would serve, and the number of that port as its Node tells it. */
export const nodeProxyTimeoutMs = 10_000;
export const kubeletPort = 10_250;

/** What a kubelet has not said of its usage by then is left out of the answer. */
export const usageGatherMs = 2_000;

/** One round of the kubelets serves everybody who asks for metrics within this time; others look so often whether a round is done. */
export const usageFreshMs = 1_000;
export const usagePollMs = 10;
