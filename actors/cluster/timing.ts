/** Timing profiles. `fast` suits tests and laptops; `kubernetes` has the real defaults (Kubernetes 1.36, etcd 3.6). */
import type { NodeGroupTiming } from '../../src/controllers/nodeautoscaler/plan-nodes.ts';
import type { AutoscalerTiming } from '../../src/controllers/podautoscaler/keys.ts';
import type { RaftTiming } from '../../src/raft/state.ts';

export type ProfileName = 'fast' | 'kubernetes';

export interface TimingProfile {
  readonly tickMs: number;
  readonly raft: RaftTiming;
  /** How long an elected role is held without renewal. */
  readonly roleLeaseSeconds: number;
  /** Silence after which a node counts as not ready. */
  readonly nodeGraceMs: number;
  /** The same for a node that has never been heard of. */
  readonly nodeStartupGraceMs: number;
  readonly nodeMonitorMs: number;
  /** Default tolerations of not-ready and unreachable. */
  readonly evictionSeconds: number;
  /** How long a job waits after a first failed pod. */
  readonly jobBackoffMs: number;
  /** How long a disk of the cloud takes to a node, and back. */
  readonly diskAttachMs: number;
  readonly diskDetachMs: number;
  /** How long a silent node keeps a disk that no pod there wants any more. */
  readonly maxWaitForUnmountMs: number;
  readonly autoscaler: AutoscalerTiming;
  readonly nodeGroups: NodeGroupTiming;
}

export const timingProfiles: Readonly<Record<ProfileName, TimingProfile>> = {
  fast: {
    tickMs: 10,
    raft: { heartbeatTicks: 5, electionTicks: 30 },
    roleLeaseSeconds: 2,
    nodeGraceMs: 4_000,
    nodeStartupGraceMs: 8_000,
    nodeMonitorMs: 500,
    evictionSeconds: 2,
    jobBackoffMs: 1_000,
    diskAttachMs: 50,
    diskDetachMs: 50,
    maxWaitForUnmountMs: 6_000,
    autoscaler: {
      syncMs: 1_000,
      downscaleWindowMs: 20_000,
      cpuInitializationMs: 20_000,
      readinessDelayMs: 2_000,
    },
    nodeGroups: { intervalMs: 500, idleMs: 5_000, drainMs: 60_000, provisionMs: 15_000 },
  },
  kubernetes: {
    tickMs: 100,
    raft: { heartbeatTicks: 1, electionTicks: 10 },
    roleLeaseSeconds: 15,
    nodeGraceMs: 50_000,
    nodeStartupGraceMs: 60_000,
    nodeMonitorMs: 5_000,
    evictionSeconds: 300,
    jobBackoffMs: 10_000,
    diskAttachMs: 2_000,
    diskDetachMs: 2_000,
    maxWaitForUnmountMs: 360_000,
    autoscaler: {
      syncMs: 15_000,
      downscaleWindowMs: 300_000,
      cpuInitializationMs: 300_000,
      readinessDelayMs: 30_000,
    },
    nodeGroups: { intervalMs: 10_000, idleMs: 600_000, drainMs: 600_000, provisionMs: 900_000 },
  },
};
