/**
 * A follower's sign of life. It frees a paused follower for one more message, which is how lost appends are noticed and a full window
 * starts to move again; and it confirms reads and the lease.
 */
import { assert } from '../base/assert.ts';
import type { Message } from './message.ts';
import { confirmReads } from './reads.ts';
import { sendAppend } from './replication.ts';
import type { RaftState } from './state.ts';

export function onHeartbeatReply(state: RaftState, message: Extract<Message, { type: 'heartbeatReply' }>): void {
  const progress = state.progress.get(message.from);
  if (state.role !== 'leader' || progress === undefined) return;
  assert(message.from !== state.id && message.term === state.term, 'heartbeat reply', { from: message.from });
  progress.recentActive = true;
  progress.flowPaused = false;
  if (progress.match < state.log.lastIndex || progress.state === 'probe') sendAppend(state, message.from, progress);
  if (state.rounds.returned(message.from, message.readContext)) confirmReads(state);
}
