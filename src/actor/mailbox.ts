/**
 * The bounded queue in front of an actor. Three lanes: stop before supervision before messages; order holds within a lane. The bound is a
 * last resort: the credit windows of the links keep a mailbox far below it (docs/actor-semantics.md, Mailboxes and back-pressure).
 */
import { RingBuffer } from '../base/ring-buffer.ts';
import type { InputBody } from './input.ts';
import { mailboxInputsMax } from './limits.ts';
import type { Protocol } from './protocol.ts';

/** What one link has brought and this host's actors have consumed since its window was last refilled. */
export interface InboundLink {
  readonly peer: string;
  messages: number;
  bytes: number;
}

/** Counts an input as consumed, whether it was handled or dropped: either way its share of the link's window is free again. */
export function noteConsumed(link: InboundLink, bytes: number): void {
  link.messages += 1;
  link.bytes += bytes;
}

export interface Queued {
  readonly input: InputBody<Protocol>;
  /** The link whose window this input holds, or null for inputs made by the host itself. */
  readonly link: InboundLink | null;
  readonly bytes: number;
}

/** Holds the inputs that wait for one actor. */
export class Mailbox {
  readonly #messages = new RingBuffer<Queued>(mailboxInputsMax);
  readonly #supervision: Queued[] = [];
  #stop: Queued | null = null;

  get length(): number {
    return this.#messages.length + this.#supervision.length + (this.#stop === null ? 0 : 1);
  }

  /** Appends to the lane that the input's type belongs to; returns false when that lane is full. */
  push(queued: Queued): boolean {
    if (queued.input.type === 'stop') {
      this.#stop ??= queued;
      return true;
    }
    const { type } = queued.input;
    if (type !== 'watched' && type !== 'reconfigured') return this.#messages.push(queued);
    this.#supervision.push(queued);
    return true;
  }

  /** Removes and returns what the actor is to handle next, or undefined when nothing waits. */
  shift(): Queued | undefined {
    if (this.#stop !== null) {
      const queued = this.#stop;
      this.#stop = null;
      return queued;
    }
    return this.#supervision.shift() ?? this.#messages.shift();
  }
}
