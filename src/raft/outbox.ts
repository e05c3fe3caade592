/**
 * Collects what one batch of input makes a node say, sorted by when it may leave. What binds the sender (a granted vote, a candidacy, an
 * acknowledgement) waits for the disk; everything else leaves at once: refusals promise nothing, and a leader replicates while it writes.
 */
import { assert } from '../base/assert.ts';
import type { LogIndex, Message, ReadContext } from './message.ts';

export interface ReadAnswer {
  readonly context: ReadContext;
  readonly index: LogIndex;
}

export class Outbox {
  #messages: Message[] = [];
  #messagesAfterPersist: Message[] = [];
  #reads: ReadAnswer[] = [];

  send(message: Message): void {
    assert(message.to !== message.from && message.to > 0, 'receiver of a message', {
      to: message.to,
      type: message.type,
    });
    this.#messages.push(message);
  }

  sendAfterPersist(message: Message): void {
    assert(message.to !== message.from && message.to > 0, 'receiver of a message', {
      to: message.to,
      type: message.type,
    });
    this.#messagesAfterPersist.push(message);
  }

  /** Adds an acknowledgement of an append; it takes the place of a preceding one to the same leader, which it includes. */
  acknowledge(message: Extract<Message, { type: 'appendReply' }>): void {
    const last = this.#messagesAfterPersist.at(-1);
    const same = last?.type === 'appendReply' && last.to === message.to && last.term === message.term;
    assert(message.rejection === null, 'a refusal does not wait for the disk', {
      to: message.to,
      index: message.index,
    });
    if (!same) return this.sendAfterPersist(message);
    if (message.index > last.index) this.#messagesAfterPersist[this.#messagesAfterPersist.length - 1] = message;
  }

  answer(contexts: readonly ReadContext[], index: LogIndex): void {
    for (const context of contexts) this.#reads.push({ context, index });
  }

  isEmpty(): boolean {
    return this.#messages.length + this.#messagesAfterPersist.length + this.#reads.length === 0;
  }

  /** Hands over everything collected, in the order of sending. */
  take(): {
    readonly messages: readonly Message[];
    readonly messagesAfterPersist: readonly Message[];
    readonly reads: readonly ReadAnswer[];
  } {
    const taken = { messages: this.#messages, messagesAfterPersist: this.#messagesAfterPersist, reads: this.#reads };
    this.#messages = [];
    this.#messagesAfterPersist = [];
    this.#reads = [];
    return taken;
  }
}
