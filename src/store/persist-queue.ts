/**
 * What waits for the disk, in order: Raft's Readies with the messages that must not leave before, and marks of snapshots. A Ready
 * without anything to write waits for the writes before it, if there are any.
 */
import { assert } from '../base/assert.ts';
import type { Entry, Membership, Message, SnapshotMetadata } from '../raft/message.ts';

/** A change of the members that was applied. */
export interface MembershipApplied {
  readonly entry: Entry;
  readonly membership: Membership;
}

/** What may happen once the write is durable. */
export interface Persisted {
  /** To be reported to Raft; null for a write that is not Raft's. */
  readonly ready: number | null;
  readonly messages: readonly Message[];
  /** The snapshot whose mark became durable. */
  readonly mark: SnapshotMetadata | null;
  /** Changes that a crash takes back no more; filled as they are applied. */
  readonly settled: readonly MembershipApplied[];
}

export class PersistQueue {
  #waiting: { readonly number: number; readonly persisted: Persisted }[] = [];
  #lastNumber = 0;

  /** True while a write is in flight. */
  get isBusy(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes the number of a new write. */
  begin(persisted: Persisted): number {
    this.#lastNumber += 1;
    this.#waiting.push({ number: this.#lastNumber, persisted });
    return this.#lastNumber;
  }

  /** Lets something wait for the writes in flight. */
  follow(persisted: Persisted): void {
    assert(this.isBusy, 'there is a write to wait for');
    this.#waiting.push({ number: this.#lastNumber, persisted });
  }

  /** Returns, in order, what may happen now that everything up to `number` is durable. */
  complete(number: number): Persisted[] {
    assert(number <= this.#lastNumber, 'a completed write was begun', { number, last: this.#lastNumber });
    let done = 0;
    while (done < this.#waiting.length && (this.#waiting[done]?.number ?? 0) <= number) done += 1;
    return this.#waiting.splice(0, done).map(({ persisted }) => persisted);
  }
}
