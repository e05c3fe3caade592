/**
 * Entries from the leader (Raft §5.3, AppendEntries receiver). An acknowledgement waits for the disk; a refusal leaves at once and names the
 * last place where the logs may still agree, a whole term at a time, so that probing costs one message per term and not per entry.
 */
import { assert } from '../base/assert.ts';
import { minIndex, nextIndex } from './log-index.ts';
import type { AppendRejection, LogIndex, Message, ReplicaId } from './message.ts';
import type { RaftState } from './state.ts';

export function onAppend(state: RaftState, message: Extract<Message, { type: 'append' }>): void {
  const { log } = state;
  assert(state.role === 'follower' && state.leader === message.from, 'append from the leader', {
    role: state.role,
    leader: state.leader,
    from: message.from,
  });
  // What precedes the commit index is settled; a delayed append has nothing to add to it.
  if (message.previousIndex < log.committed) return acknowledge(state, message.from, log.committed);
  const previous = { index: message.previousIndex, term: message.previousTerm };
  const lastNew = log.maybeAppend(previous, message.entries);
  if (lastNew === null) return refuse(state, message.from, previous.index, rejectionAt(state, message));
  log.commitTo(minIndex(message.commit, lastNew));
  acknowledge(state, message.from, lastNew);
}

/** Tells the leader that this log equals its own up to `index`, as soon as that is durable. */
export function acknowledge(state: RaftState, to: ReplicaId, index: LogIndex): void {
  assert(index <= state.log.lastIndex, 'acknowledged beyond the log', { index, lastIndex: state.log.lastIndex });
  state.outbox.acknowledge({ type: 'appendReply', from: state.id, to, term: state.term, index, rejection: null });
}

function refuse(state: RaftState, to: ReplicaId, index: LogIndex, rejection: AppendRejection): void {
  state.outbox.send({ type: 'appendReply', from: state.id, to, term: state.term, index, rejection });
}

function rejectionAt(state: RaftState, message: Extract<Message, { type: 'append' }>): AppendRejection {
  const { log } = state;
  const index = message.previousIndex;
  assert(nextIndex(index) > log.committed, 'refused a settled append', { index, committed: log.committed });
  const hint = log.findConflictByTerm(minIndex(index, log.lastIndex), message.previousTerm);
  return { index, hintIndex: hint.index, hintTerm: hint.term };
}
