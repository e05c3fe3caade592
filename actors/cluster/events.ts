/** What a cluster tells its user as it happens. */

import type { LogEntry } from '../../src/actor/cell.ts';
import type { ActorFault } from '../../src/actor/host-world.ts';

export type ClusterEvent =
  | { readonly type: 'ready'; readonly wallMs: number; readonly startMs: number }
  | { readonly type: 'actorStarted'; readonly wallMs: number; readonly path: string; readonly incarnation: number }
  | {
      readonly type: 'actorEnded';
      readonly wallMs: number;
      readonly path: string;
      readonly incarnation: number;
      readonly reason: string;
    }
  | { readonly type: 'actorFailed'; readonly wallMs: number; readonly fault: ActorFault }
  | { readonly type: 'threadCrashed'; readonly wallMs: number; readonly thread: string; readonly reason: string }
  | { readonly type: 'killed' | 'paused' | 'resumed' | 'restarted'; readonly wallMs: number; readonly name: string }
  | { readonly type: 'partitioned'; readonly wallMs: number; readonly groups: readonly (readonly string[])[] }
  | { readonly type: 'masterAdded' | 'masterRemoved'; readonly wallMs: number; readonly name: string }
  | { readonly type: 'healed'; readonly wallMs: number }
  | { readonly type: 'stopped'; readonly wallMs: number };

/** Who leads the store, as the leader itself says. */
export interface Leadership {
  /** Member name: `master-1`. */
  readonly leader: string;
  readonly term: number;
}

/** One message between two actors, while messages are observed. */
export interface ObservedMessage {
  readonly from: string;
  readonly to: string;
  readonly operation: number;
  readonly body: string;
  readonly bytes: number;
}

export type { LogEntry };
