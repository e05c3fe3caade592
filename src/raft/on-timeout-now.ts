/** The leader's order to succeed it (dissertation §3.10): a follower that may campaign does so at once, without a pre-vote. */
import { assert } from '../base/assert.ts';
import { maybeCampaign } from './election.ts';
import type { Message } from './message.ts';
import type { RaftState } from './state.ts';

export function onTimeoutNow(state: RaftState, message: Extract<Message, { type: 'timeoutNow' }>): void {
  assert(message.term === state.term, 'term of a transfer', { message: message.term, current: state.term });
  if (state.role === 'follower') maybeCampaign(state, 'transfer');
}
