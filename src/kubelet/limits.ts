/**
 * Durations and bounds of a kubelet. The defaults are Kubernetes'; a fast profile passes shorter ones.
 * Models kubernetes pkg/kubelet: kubelet.go, images/image_manager.go, prober/worker.go @ v1.36.
 */

export interface KubeletLimits {
  /** Wait before the second restart in a row; doubles with each. The first restart does not wait. */
  readonly crashBackoffMinMs: number;
  readonly crashBackoffMaxMs: number;
  /** A container that ran this long since the last back-off starts again from the minimum. */
  readonly crashBackoffResetMs: number;
  readonly pullBackoffMinMs: number;
  readonly pullBackoffMaxMs: number;
  /** A runtime call that failed for no fault of the pod is tried again after this. */
  readonly runtimeRetryMs: number;
  /** A container gets at least this long to end, whatever its hooks took. */
  readonly stopGraceMinMs: number;
  /** How often the Lease is renewed, and for how long it is good. */
  readonly leaseRenewMs: number;
  readonly leaseDurationSeconds: number;
  /** How often the Node's conditions are refreshed though nothing changed. */
  readonly nodeStatusMs: number;
  /** So long behind a pull the node's images are looked at and, if they are others, written: many pulls make one write. As nodeStatusUpdateFrequency. */
  readonly nodeImagesMs: number;
  /** A write to the API that failed is tried again after this. */
  readonly apiRetryMs: number;
  /** A volume that cannot be mounted is told after the first of these, and again after waits that double. */
  readonly mountRetryMinMs: number;
  readonly mountRetryMaxMs: number;
  /** So long a volume may take to be attached before people hear of it. */
  readonly attachPatienceMs: number;
  /** A container whose settings are missing is tried again after this, or when they come. */
  readonly configRetryMs: number;
  /** Memory below which pods are evicted; as evictionHard `memory.available`. */
  readonly evictionMemoryBytes: number;
  /** How often what pods use is measured. */
  readonly memoryIntervalMs: number;
  /** So long a node tells of a shortage after its end. */
  readonly pressureTransitionMs: number;
}

export const kubeletLimits: KubeletLimits = {
  crashBackoffMinMs: 10_000,
  crashBackoffMaxMs: 300_000,
  crashBackoffResetMs: 600_000,
  pullBackoffMinMs: 10_000,
  pullBackoffMaxMs: 300_000,
  runtimeRetryMs: 1_000,
  stopGraceMinMs: 2_000,
  leaseRenewMs: 10_000,
  leaseDurationSeconds: 40,
  nodeStatusMs: 300_000,
  nodeImagesMs: 10_000,
  apiRetryMs: 200,
  mountRetryMinMs: 500,
  mountRetryMaxMs: 122_000,
  attachPatienceMs: 123_000,
  configRetryMs: 10_000,
  evictionMemoryBytes: 104_857_600,
  memoryIntervalMs: 10_000,
  pressureTransitionMs: 300_000,
};

/** The timing of Kubernetes, but what detects failures and heals them is quicker. */
export const fastKubeletLimits: KubeletLimits = {
  ...kubeletLimits,
  crashBackoffMinMs: 1_000,
  crashBackoffMaxMs: 30_000,
  crashBackoffResetMs: 60_000,
  pullBackoffMinMs: 1_000,
  pullBackoffMaxMs: 30_000,
  runtimeRetryMs: 100,
  leaseRenewMs: 1_000,
  leaseDurationSeconds: 4,
  nodeStatusMs: 10_000,
  nodeImagesMs: 2_000,
  mountRetryMaxMs: 30_000,
  attachPatienceMs: 5_000,
  configRetryMs: 2_000,
  pressureTransitionMs: 10_000,
  memoryIntervalMs: 2_000,
};

export const podsPerNodeMax = 110;

/** Images that a node's status tells of, the biggest first, and names of each; as nodeStatusMaxImages and MaxNamesPerImageInNodeStatus. */
export const reportedImagesMax = 50;
export const reportedImageNamesMax = 5;
/** A longer name is not told: a node's status has to stay small enough to be written. */
export const reportedImageNameLengthMax = 1_024;

/** Steps of a simulated container's command, and bytes that it says, that are looked at beforehand to see how it lives. */
export const lifeStepsMax = 200;
export const lifeBytesMax = 64 * 1024;
/** Steps that commands in a simulated container do at once before they pause. */
export const shellStepsPerTurn = 1_000;

/** Rates of real programs are means over at least this long, where they have run as long. */
export const usageWindowMinMs = 1_000;
/** Of readings that are taken in quick succession only some are kept to compare later ones with. */
export const usageRoundsApartMs = 250;
/** A real program is measured once it has run for this long. */
export const measurableAfterMs = 250;

/** Events that wait to be recorded; the oldest is dropped beyond it. */
export const pendingEventsMax = 1_024;

/** A longer line of a program's log is cut into several, as containerd does it. */
export const logLineBytesMax = 16 * 1024;

/** Output of a command that a probe or a hook runs; what is beyond it is dropped. */
export const execOutputBytesMax = 64 * 1024;
