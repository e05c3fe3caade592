/** What a replica is made of: who it is, what it starts from, and the sizes that tests and simulations turn down. */
import type { MonotonicMs } from '../base/brand.ts';
import type { Random } from '../base/random.ts';
import { quotaBytesDefault } from '../mvcc/limits.ts';
import type { RaftLimits } from '../raft/limits.ts';
import type { ReplicaId } from '../raft/message.ts';
import type { RaftTiming } from '../raft/state.ts';
import {
  catchUpEntries,
  requestTimeoutMs,
  segmentBytesMax,
  snapshotEveryBytes,
  snapshotEveryEntries,
} from './limits.ts';
import type { ReplicaStart } from './replica-start.ts';

/** `quotaBytes` must be the same on all replicas of a cluster, since each decides by itself that the space is used up. */
export interface ReplicaSettings {
  readonly quotaBytes: number;
  readonly segmentBytesMax: number;
  readonly snapshotEveryEntries: number;
  readonly snapshotEveryBytes: number;
  readonly catchUpEntries: number;
  readonly requestTimeoutMs: number;
}

export interface ReplicaOptions {
  readonly id: ReplicaId;
  readonly clusterId: string;
  readonly start: ReplicaStart;
  readonly random: Random;
  readonly timing: RaftTiming;
  /** Milliseconds from one tick to the next, as the host means to deliver them. */
  readonly tickMs: number;
  readonly nowMs: MonotonicMs;
  readonly settings?: Partial<ReplicaSettings>;
  readonly raftLimits?: RaftLimits;
}

export const defaultReplicaSettings: ReplicaSettings = {
  quotaBytes: quotaBytesDefault,
  segmentBytesMax,
  snapshotEveryEntries,
  snapshotEveryBytes,
  catchUpEntries,
  requestTimeoutMs,
};
