/** Messages that reached nobody: counted per reason, the newest kept to be looked at. */
import { RingBuffer } from '../base/ring-buffer.ts';
import { deadLettersKept } from './limits.ts';

export type DeadLetterReason =
  | 'noSuchActor'
  | 'noRoute'
  | 'mailboxFull'
  | 'displaced'
  | 'earlierIncarnation'
  | 'lateReply'
  | 'dropped';

export interface DeadLetter {
  readonly reason: DeadLetterReason;
  readonly to: string;
  readonly from: string;
  readonly type: string;
}

export class DeadLetters {
  readonly #counts = new Map<DeadLetterReason, number>();
  readonly #newest = new RingBuffer<DeadLetter>(deadLettersKept);

  add(letter: DeadLetter): void {
    this.#counts.set(letter.reason, (this.#counts.get(letter.reason) ?? 0) + 1);
    if (this.#newest.isFull()) this.#newest.shift();
    this.#newest.push(letter);
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** The newest ones, oldest first. */
  newest(): readonly DeadLetter[] {
    return [...this.#newest];
  }
}
