/**
 * The sending half of one link: what one host produces for one other. It holds the credit window (the receiver's port queue has no bound
 * of its own), makes waiting messages obey their overflow policy, and turns what a turn produced into one batch.
 *
 * Invariant: messages in flight <= linkWindowMessages and bytes in flight <= linkWindowBytes, except for one message larger than the window.
 */
import { assert } from '../base/assert.ts';
import type { Overflow } from './effect.ts';
import { linkWaitingTellsMax, linkWindowBytes, linkWindowMessages } from './limits.ts';

interface Waiting {
  readonly bytes: Uint8Array;
  /** Null for replies and stream items: asks and credits bound them already. */
  readonly overflow: Exclude<Overflow, 'reject'> | null;
}

export type Offer = 'taken' | 'rejected' | 'replaced';

/** Collects encoded envelopes for one peer and says when they may go. */
export class OutboundLink {
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #waiting: Waiting[] = [];
  #waitingTells = 0;
  #messagesInFlight = 0;
  #bytesInFlight = 0;

  hasBatch(): boolean {
    return this.#batch.length > 0;
  }

  /** Adds an envelope that needs no credit. */
  addControl(bytes: Uint8Array): void {
    this.#append(bytes);
  }

  /** Adds an envelope that must arrive if the peer lives (a reply, a stream item): it waits for credit. */
  addBounded(bytes: Uint8Array): void {
    if (this.#mayGo(bytes)) this.#send(bytes);
    else this.#waiting.push({ bytes, overflow: null });
  }

  /** Offers a tell or an ask. `rejected`: it was not taken. `replaced`: taken, at the price of an older one. */
  offer(bytes: Uint8Array, overflow: Overflow): Offer {
    if (this.#mayGo(bytes)) {
      this.#send(bytes);
      return 'taken';
    }
    if (overflow === 'reject') return 'rejected';
    const victim = this.#victim(overflow);
    if (victim === -1 && this.#waitingTells >= linkWaitingTellsMax) return 'rejected';
    if (victim === -1) this.#waitingTells += 1;
    else this.#waiting.splice(victim, 1);
    this.#waiting.push({ bytes, overflow });
    return victim === -1 ? 'taken' : 'replaced';
  }

  /** The peer has consumed this much; waiting messages follow in order. */
  consumed(messages: number, bytes: number): void {
    this.#messagesInFlight -= messages;
    this.#bytesInFlight -= bytes;
    assert(this.#messagesInFlight >= 0 && this.#bytesInFlight >= 0, 'more was consumed than sent', { messages, bytes });
    let sent = 0;
    for (const waiting of this.#waiting) {
      if (!this.#hasCredit(waiting.bytes)) break;
      this.#send(waiting.bytes);
      if (waiting.overflow !== null) this.#waitingTells -= 1;
      sent += 1;
    }
    this.#waiting.splice(0, sent);
  }

  /** Returns all that may go now as one exact-size array, or null when there is nothing. */
  takeBatch(): Uint8Array | null {
    if (this.#batch.length === 0) return null;
    const batch = new Uint8Array(this.#batchBytes);
    let offset = 0;
    for (const part of this.#batch) {
      batch.set(part, offset);
      offset += part.length;
    }
    this.#batch = [];
    this.#batchBytes = 0;
    return batch;
  }

  #victim(overflow: Exclude<Overflow, 'reject'>): number {
    if (overflow === 'dropOldest') {
      if (this.#waitingTells < linkWaitingTellsMax) return -1;
      return this.#waiting.findIndex((waiting) => waiting.overflow === 'dropOldest');
    }
    return this.#waiting.findIndex(
      ({ overflow: other }) => other !== null && other !== 'dropOldest' && other.coalesce === overflow.coalesce,
    );
  }

  #mayGo(bytes: Uint8Array): boolean {
    return this.#waiting.length === 0 && this.#hasCredit(bytes);
  }

  #hasCredit(bytes: Uint8Array): boolean {
    if (this.#messagesInFlight === 0) return true;
    return this.#messagesInFlight < linkWindowMessages && this.#bytesInFlight + bytes.length <= linkWindowBytes;
  }

  #send(bytes: Uint8Array): void {
    this.#messagesInFlight += 1;
    this.#bytesInFlight += bytes.length;
    this.#append(bytes);
  }

  #append(bytes: Uint8Array): void {
    this.#batch.push(bytes);
    this.#batchBytes += bytes.length;
  }
}
