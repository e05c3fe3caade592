/** What a replica asks of its host. Effects of one `takeEffects` are carried out in order; disk work may overlap with the rest. */
import type { WatcherId } from '../mvcc/watcher.ts';
import type { LogIndex, Membership, ReplicaId, Term } from '../raft/message.ts';
import type { Role } from '../raft/ready.ts';
import type { DiskWrite } from './disk-plan.ts';
import type { PeerMessage } from './peer-message.ts';
import type { RequestHandle, StoreReply } from './store-request.ts';

export type ReplicaEffect =
  /**
   * Writes, in order and behind all earlier ones. They must survive a crash before `Replica.persisted(number)` is called, so the
   * host syncs them (several persists may share one sync; it then reports the last number). A write that fails is fatal: stop
   * the replica, never write again.
   */
  | { readonly type: 'persist'; readonly number: number; readonly writes: readonly DiskWrite[] }
  | { readonly type: 'send'; readonly message: PeerMessage }
  | { readonly type: 'reply'; readonly handle: RequestHandle; readonly reply: StoreReply }
  /** Events wait for this watcher; pull it whenever there is room, until a pull says that there is no more. */
  | { readonly type: 'watchReady'; readonly watcher: WatcherId }
  /**
   * Take the chunks of `Replica.readSnapshot()` at leisure until null, write them to `file` under another name, sync, rename, and
   * call `Replica.snapshotSaved`. One at a time.
   */
  | { readonly type: 'saveSnapshot'; readonly file: string; readonly index: LogIndex }
  /** Remove one by one in this order, syncing the directory after each. */
  | { readonly type: 'deleteFiles'; readonly files: readonly string[] }
  | { readonly type: 'leadership'; readonly role: Role; readonly term: Term; readonly leader: ReplicaId }
  /** The members changed; connect to new ones, and stop this replica if it is no longer among them. */
  | { readonly type: 'membership'; readonly membership: Membership };
