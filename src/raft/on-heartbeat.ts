/** A sign of life from the leader. Its commit index never exceeds what this replica has acknowledged, so it can be taken as it is. */
import { assert } from '../base/assert.ts';
import type { Message } from './message.ts';
import type { RaftState } from './state.ts';

export function onHeartbeat(state: RaftState, message: Extract<Message, { type: 'heartbeat' }>): void {
  assert(state.role === 'follower' && state.leader === message.from, 'heartbeat from the leader', {
    role: state.role,
    leader: state.leader,
    from: message.from,
  });
  state.log.commitTo(message.commit);
  const { term, id } = state;
  state.outbox.send({ type: 'heartbeatReply', from: id, to: message.from, term, readContext: message.readContext });
}
