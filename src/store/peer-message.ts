/**
 * What replicas of one store tell each other. They may be lost, delayed, duplicated and reordered. Entry data in Raft messages
 * must own their memory when they are handed to `Replica.receive`, which keeps them.
 */
import type { Message, ReplicaId } from '../raft/message.ts';
import type { LeaderAsk, StoreReply } from './store-request.ts';

interface Envelope {
  readonly from: ReplicaId;
  readonly to: ReplicaId;
}

export type PeerMessage = Envelope &
  (
    | { readonly type: 'raft'; readonly message: Message }
    /** Piece `sequence` (0, 1, 2) of a state; the last one carries the Raft message to step once everything is there. */
    | {
        readonly type: 'snapshotChunk';
        readonly transfer: number;
        readonly sequence: number;
        readonly bytes: Uint8Array;
        readonly last: (Message & { readonly type: 'snapshot' }) | null;
      }
    /** All pieces below `received` have arrived. */
    | { readonly type: 'snapshotProgress'; readonly transfer: number; readonly received: number }
    | { readonly type: 'leaderAsk'; readonly id: number; readonly ask: LeaderAsk }
    | { readonly type: 'leaderAnswer'; readonly id: number; readonly reply: StoreReply }
  );
