/** Timing profiles. `fast` suits tests and laptops; `kubernetes` has the real defaults (Kubernetes 1.36, etcd 3.6). */
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
  },
};
