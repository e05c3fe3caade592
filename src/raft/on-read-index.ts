/** Reads forwarded to the leader, and its answers. A replica that leads no more drops them; the asker has a deadline. */
import { assert } from '../base/assert.ts';
import type { Message } from './message.ts';
import { collectRead } from './reads.ts';
import type { RaftState } from './state.ts';

export function onReadIndex(state: RaftState, message: Extract<Message, { type: 'readIndex' }>): void {
  if (state.role !== 'leader') return;
  for (const context of message.contexts) {
    assert(context.replica === message.from, 'a read is forwarded by its owner', { ...context, from: message.from });
    collectRead(state, context);
  }
}

/** The answer of any leader of the asker's present term or a later one is good: it was the leader after the read was asked for. */
export function onReadIndexReply(state: RaftState, message: Extract<Message, { type: 'readIndexReply' }>): void {
  assert(message.from !== state.id, 'an answer comes from another', { from: message.from });
  state.outbox.answer(message.contexts, message.index);
}
