/**
 * A snapshot from the leader (Raft §7). The state itself was shipped by the layer above, which steps this message once it is there.
 * Deviates from etcd-io/raft: a snapshot whose membership lacks this replica is taken too. A replica that was just added may be offered one from
 * before its addition; refusing it would leave it without a log until the next snapshot, and taking it gives no vote.
 */
import { assert } from '../base/assert.ts';
import type { Message, SnapshotMetadata } from './message.ts';
import { acknowledge } from './on-append.ts';
import { switchMembership } from './reconfiguration.ts';
import type { RaftState } from './state.ts';

export function onSnapshot(state: RaftState, message: Extract<Message, { type: 'snapshot' }>): void {
  assert(state.role === 'follower' && state.leader === message.from, 'snapshot from the leader', {
    role: state.role,
    leader: state.leader,
    from: message.from,
  });
  if (maybeRestore(state, message.snapshot)) acknowledge(state, message.from, state.log.lastIndex);
  else acknowledge(state, message.from, state.log.committed);
}

/** Restarts the log behind `snapshot`, unless the log already has that entry or is beyond it. */
function maybeRestore(state: RaftState, snapshot: SnapshotMetadata): boolean {
  const { log } = state;
  if (snapshot.index <= log.committed) return false;
  if (log.matches(snapshot)) {
    log.commitTo(snapshot.index);
    return false;
  }
  log.restore(snapshot);
  switchMembership(state, snapshot.membership);
  assert(log.lastIndex === snapshot.index && log.lastTerm === snapshot.term, 'log behind a snapshot', {
    lastIndex: log.lastIndex,
    snapshot: snapshot.index,
  });
  return true;
}
