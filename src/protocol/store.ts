/**
 * What a store replica understands: the requests of src/store, watches as streams, and what replicas tell each other. Any replica takes
 * any request and finds the leader itself.
 */
import type { Protocol } from '../actor/protocol.ts';
import type { Event } from '../mvcc/event.ts';
import type { Revision } from '../mvcc/key-value.ts';
import type { WatchOptions } from '../mvcc/watcher.ts';
import type { ReplicaId, Term } from '../raft/message.ts';
import type { Role } from '../raft/ready.ts';
import type { PeerMessage } from '../store/peer-message.ts';
import type { StoreReply, StoreRequest } from '../store/store-request.ts';

export interface WatchRequest {
  readonly options: WatchOptions;
  /** A `progress` item is sent after so long without events; 0: never. */
  readonly progressMs: number;
}

/** Items of a watch. A stream that is cut goes on from `throughRevision` + 1 on any replica. */
export type WatchItem =
  /** The first item: the watch stands, and this is the replica's revision. */
  | { readonly type: 'watching'; readonly revision: Revision }
  /** In revision order. `throughRevision`: every matching event up to it has now been delivered. */
  | {
      readonly type: 'events';
      readonly events: readonly Event[];
      readonly throughRevision: Revision;
      readonly fragment: boolean;
    }
  /** Nothing more matches up to this revision. */
  | { readonly type: 'progress'; readonly revision: Revision }
  /** History up to here is gone: read the state anew. The last item; the stream then ends with `completed`. */
  | { readonly type: 'compacted'; readonly compactRevision: Revision };

/** What a replica believes about leadership. */
export interface StoreLeadership {
  readonly role: Role;
  readonly term: Term;
  /** 0 when it knows none. */
  readonly leader: ReplicaId;
}

export interface StoreProtocol extends Protocol {
  readonly tells: { readonly peer: PeerMessage };
  readonly asks: { readonly request: { readonly request: StoreRequest; readonly reply: StoreReply } };
  readonly streams: {
    readonly watch: { readonly request: WatchRequest; readonly item: WatchItem };
    /** The belief now, and at each change while there is credit. */
    readonly leadership: { readonly request: null; readonly item: StoreLeadership };
  };
}
