/** Signatures for flows: what they want signed or verified leaves with the turn through the Crypto port, and its answer wakes them. */
import type { CryptoCommand, CryptoEvent } from '../../actor/crypto-port.ts';
import type { Effect } from '../../actor/effect.ts';
import { type Flow, waitFor } from '../../actor/flow.ts';
import { assert } from '../../base/assert.ts';

export class Signatures {
  #lastId = 0;
  #queue: CryptoCommand[] = [];
  /** Null while the answer is awaited. */
  readonly #answers = new Map<number, CryptoEvent | null>();

  /** Returns the signature of `bytes`. */
  *sign(bytes: Uint8Array): Flow<Uint8Array> {
    this.#lastId += 1;
    const event = yield* this.#ask({ type: 'sign', id: this.#lastId, bytes });
    assert(event.type === 'signed', 'a signature is answered by one', { id: event.id });
    return event.signature;
  }

  *verify(bytes: Uint8Array, signature: Uint8Array): Flow<boolean> {
    this.#lastId += 1;
    const event = yield* this.#ask({ type: 'verify', id: this.#lastId, bytes, signature });
    return event.type === 'verified' && event.isValid;
  }

  /** Returns what the flows of this turn have asked for. */
  takeCommands(): readonly Effect[] {
    if (this.#queue.length === 0) return [];
    return this.#queue.splice(0).map((command) => ({ type: 'io', port: 'crypto', command }));
  }

  /** Takes an answer of the port; returns the signal that its flow waits for. */
  take(event: CryptoEvent): string {
    if (this.#answers.has(event.id)) this.#answers.set(event.id, event);
    return signalOf(event.id);
  }

  *#ask(command: CryptoCommand): Flow<CryptoEvent> {
    this.#queue.push(command);
    this.#answers.set(command.id, null);
    try {
      for (;;) {
        const answer = this.#answers.get(command.id);
        if (answer) return answer;
        yield* waitFor(signalOf(command.id));
      }
    } finally {
      // A flow that is cancelled leaves no answer behind.
      this.#answers.delete(command.id);
    }
  }
}

function signalOf(id: number): string {
  return `signature:${id}`;
}
