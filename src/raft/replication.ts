/**
 * The leader's side of log replication (Raft §5.3, §5.4.2; dissertation §10.2): append, send what each follower can take, commit what a
 * quorum holds. Proposals and commits only mark a broadcast as due; it happens once, before the next Ready, so that a batch of
 * proposals travels in one message per follower. Models etcd-io/raft raft.go maybeSendAppend, bcastAppend, maybeCommit.
 */
import { assert } from '../base/assert.ts';
import { entryBytes } from './limits.ts';
import { minIndex, nextIndex, previousIndex } from './log-index.ts';
import type { Entry, LogIndex, ProposedEntry, ReplicaId } from './message.ts';
import type { Progress } from './progress.ts';
import { quorumValue } from './quorum.ts';
import type { RaftState } from './state.ts';

/** Appends entries of this leader's term; they are neither durable nor sent yet. */
export function appendOwn(state: RaftState, proposed: readonly ProposedEntry[]): void {
  assert(state.role === 'leader', 'only a leader appends of its own accord', { role: state.role, term: state.term });
  let index = state.log.lastIndex;
  const entries: Entry[] = [];
  for (const { type, data } of proposed) {
    index = nextIndex(index);
    entries.push({ term: state.term, index, type, data });
    state.uncommittedBytes += data.length;
  }
  state.log.append(entries);
  state.broadcastDue = true;
}

/** Commits what a quorum holds, if it belongs to the current term (§5.4.2: counting replicas says nothing about older terms). */
export function maybeCommit(state: RaftState): boolean {
  assert(state.role === 'leader', 'only a leader counts replicas', { role: state.role });
  const { log, progress } = state;
  const index = quorumValue(state.membership, (voter) => progress.get(voter)?.match ?? 0) as LogIndex;
  if (index <= log.committed || log.termAt(index) !== state.term) return false;
  const before = log.committed;
  log.commitTo(index);
  for (const entry of log.slice(nextIndex(before), index)) state.uncommittedBytes -= entry.data.length;
  // What earlier leaders appended was never counted.
  state.uncommittedBytes = Math.max(0, state.uncommittedBytes);
  state.broadcastDue = true;
  return true;
}

/** Tells whether an entry of the current term is committed, which makes the leader's commit index current (§8). */
export function hasCommittedInTerm(state: RaftState): boolean {
  return state.log.termAt(state.log.committed) === state.term;
}

/** Takes note of what has become durable here, which is how a leader acknowledges its own entries. */
export function acknowledgeOwn(state: RaftState): void {
  const own = state.progress.get(state.id);
  if (own === undefined) return;
  assert(state.role === 'leader' && state.log.marks.stable <= state.log.lastIndex, 'own acknowledgement', {
    role: state.role,
    stable: state.log.marks.stable,
  });
  if (own.maybeUpdate(state.log.marks.stable)) maybeCommit(state);
}

/** Sends each follower the entries it can take now, and news of the commit index where there are none. */
export function broadcastAppend(state: RaftState): void {
  assert(state.role === 'leader', 'only a leader replicates', { role: state.role });
  state.broadcastDue = false;
  for (const [peer, progress] of state.progress) {
    if (peer === state.id) continue;
    sendAll(state, peer, progress);
    if (progress.canLearnCommit(state.log.committed)) sendAppend(state, peer, progress);
  }
}

/** Sends `peer` appends with entries for as long as it can take them. */
export function sendAll(state: RaftState, peer: ReplicaId, progress: Progress): void {
  while (progress.next <= state.log.lastIndex && !progress.inflights.isFull()) {
    if (!sendAppend(state, peer, progress)) return;
  }
}

/** Sends `peer` one append, empty if its window is full or it lacks nothing; or a snapshot; or nothing while it is paused. */
export function sendAppend(state: RaftState, peer: ReplicaId, progress: Progress): boolean {
  assert(peer !== state.id && state.role === 'leader', 'receiver of an append', { peer, role: state.role });
  if (progress.isPaused()) return false;
  const { log } = state;
  const previous = previousIndex(progress.next);
  const previousTerm = log.termAt(previous);
  if (previousTerm === null) return sendSnapshot(state, peer, progress);
  const full = progress.state === 'replicate' && progress.inflights.isFull();
  const entries = full ? [] : log.page(progress.next, log.lastIndex, state.limits.messageBytesMax);
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  state.outbox.send({
    type: 'append',
    from: state.id,
    to: peer,
    term: state.term,
    previousIndex: previous,
    previousTerm,
    entries,
    commit: log.committed,
  });
  progress.sentEntries(entries.length, bytes, log.committed);
  return true;
}

/** Begins a round of heartbeats, which also confirms reads; `commit` is cut to what each follower is known to hold. */
export function broadcastHeartbeat(state: RaftState): void {
  assert(state.role === 'leader', 'only a leader sends heartbeats', { role: state.role });
  const readContext = state.rounds.begin(state.tick);
  for (const [peer, progress] of state.progress) {
    if (peer === state.id) continue;
    const commit = minIndex(progress.match, state.log.committed);
    state.outbox.send({ type: 'heartbeat', from: state.id, to: peer, term: state.term, commit, readContext });
  }
}

/** Asks `peer` to campaign at once, without regard for the lease. */
export function sendTimeoutNow(state: RaftState, peer: ReplicaId): void {
  assert(state.role === 'leader' && peer !== state.id, 'who hands leadership over', { role: state.role, peer });
  state.timeoutNowSent = true;
  state.outbox.send({ type: 'timeoutNow', from: state.id, to: peer, term: state.term });
}

function sendSnapshot(state: RaftState, peer: ReplicaId, progress: Progress): boolean {
  const { snapshot } = state.log;
  if (snapshot === null || !progress.recentActive) return false;
  assert(snapshot.index >= progress.match, 'snapshot behind the follower', {
    snapshot: snapshot.index,
    match: progress.match,
  });
  progress.becomeSnapshot(snapshot.index);
  state.outbox.send({ type: 'snapshot', from: state.id, to: peer, term: state.term, snapshot });
  return true;
}
