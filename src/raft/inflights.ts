/**
 * The append messages on their way to one follower, oldest first. An acknowledgement of an index frees every message up to it,
 * since a follower that has an entry has all before it. Models etcd-io/raft tracker/inflights.go.
 *
 *   add(3, 10) add(7, 20) add(9, 5)   ->  [3:10] [7:20] [9:5]   35 bytes
 *   freeUpTo(7)                       ->                [9:5]    5 bytes
 */
import { assert, must } from '../base/assert.ts';
import { RingBuffer } from '../base/ring-buffer.ts';
import type { LogIndex } from './message.ts';

interface Inflight {
  readonly lastIndex: LogIndex;
  readonly bytes: number;
}

export class Inflights {
  readonly #messages: RingBuffer<Inflight>;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(messagesMax: number, bytesMax: number) {
    assert(bytesMax > 0, 'inflight bytes', { bytesMax });
    this.#messages = new RingBuffer(messagesMax);
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#messages.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Tells whether the window is spent. The bytes may exceed their bound by one message. */
  isFull(): boolean {
    return this.#messages.isFull() || this.#bytes >= this.#bytesMax;
  }

  /** Adds a message whose last entry is `lastIndex`; the window must not be full, and indexes never go back. */
  add(lastIndex: LogIndex, bytes: number): void {
    assert(!this.isFull(), 'inflight window is full', { count: this.count, bytes: this.#bytes });
    const newest = this.#messages.at(this.#messages.length - 1);
    assert(newest === undefined || newest.lastIndex < lastIndex, 'inflight order', {
      newest: newest?.lastIndex,
      lastIndex,
    });
    this.#messages.push({ lastIndex, bytes });
    this.#bytes += bytes;
  }

  /** Frees every message whose last entry is at or before `index`. */
  freeUpTo(index: LogIndex): void {
    for (let oldest = this.#messages.at(0); oldest !== undefined; oldest = this.#messages.at(0)) {
      if (oldest.lastIndex > index) return;
      this.#bytes -= must(this.#messages.shift(), 'inflight message').bytes;
    }
    assert(this.#bytes === 0, 'inflight bytes of an empty window', { bytes: this.#bytes });
  }

  clear(): void {
    if (this.#messages.length === 0) return;
    this.#messages.clear();
    this.#bytes = 0;
  }
}
