/** What a store replica is started with. */
import type { ReplicaId } from '../../src/raft/message.ts';
import type { RaftTiming } from '../../src/raft/state.ts';
import type { ReplicaSettings } from '../../src/store/replica-options.ts';
import type { StartIntent } from '../../src/store/replica-start.ts';

export interface StoreArgs {
  readonly clusterId: string;
  readonly id: ReplicaId;
  /** The actors of all replicas that this one may have to speak to, itself included. */
  readonly peers: readonly { readonly id: ReplicaId; readonly path: string }[];
  readonly intent: StartIntent;
  readonly timing: RaftTiming;
  readonly tickMs: number;
  /** Of the disk port: the replica's own folder, and whether it is synced. */
  readonly folder: string;
  readonly isDurable: boolean;
  /** History is kept for at least so long. */
  readonly retentionMs: number;
  readonly settings?: Partial<ReplicaSettings>;
}
