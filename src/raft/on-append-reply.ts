/**
 * Acknowledgements and refusals of appends (Raft §5.3; models etcd-io/raft stepLeader MsgAppResp). README.md draws how they move
 * a follower between probe, replicate and snapshot.
 */
import { assert } from '../base/assert.ts';
import { minIndex } from './log-index.ts';
import type { AppendRejection, LogIndex, Message, ReplicaId } from './message.ts';
import type { Progress } from './progress.ts';
import { maybeCommit, sendAll, sendAppend, sendTimeoutNow } from './replication.ts';
import type { RaftState } from './state.ts';

export function onAppendReply(state: RaftState, message: Extract<Message, { type: 'appendReply' }>): void {
  const progress = state.progress.get(message.from);
  if (state.role !== 'leader' || progress === undefined) return;
  progress.recentActive = true;
  if (message.rejection === null) onAccepted(state, message.from, progress, message.index);
  else onRefused(state, message.from, progress, message.rejection);
}

function onAccepted(state: RaftState, from: ReplicaId, progress: Progress, index: LogIndex): void {
  const { log } = state;
  assert(index <= log.lastIndex, 'acknowledged beyond the log', { from, index, lastIndex: log.lastIndex });
  const news = progress.maybeUpdate(index);
  if (!news && !(progress.match === index && progress.state === 'probe')) return;
  advanceState(state, progress, index);
  maybeCommit(state);
  sendAll(state, from, progress);
  if (!state.broadcastDue && progress.canLearnCommit(log.committed)) sendAppend(state, from, progress);
  if (from === state.transferee && progress.match === log.lastIndex) sendTimeoutNow(state, from);
}

function advanceState(state: RaftState, progress: Progress, index: LogIndex): void {
  if (progress.state === 'probe') progress.becomeReplicate();
  else if (progress.state === 'replicate') progress.inflights.freeUpTo(index);
  else if (progress.match + 1 >= state.log.firstIndex) {
    // The log connects again, perhaps thanks to a snapshot from elsewhere: whatever is still under way is not needed.
    progress.becomeProbe();
    progress.becomeReplicate();
  }
  assert(progress.next > progress.match, 'progress bounds', { match: progress.match, next: progress.next });
}

function onRefused(state: RaftState, from: ReplicaId, progress: Progress, rejection: AppendRejection): void {
  const { log } = state;
  let hint = minIndex(rejection.hintIndex, log.lastIndex);
  // Below the first index nothing can be compared; the follower will get a snapshot.
  if (hint >= log.firstIndex) hint = log.findConflictByTerm(hint, rejection.hintTerm).index;
  if (!progress.maybeDecrease(rejection.index, hint)) return;
  if (progress.state === 'replicate') progress.becomeProbe();
  sendAppend(state, from, progress);
}
