/** What clients saw, written down as it happened. Judged when the run is over and the journal is complete. */

import type { KeyRange } from '../../../src/mvcc/key-range.ts';
import type { Fence } from '../../../src/store/recipes/election.ts';
import { Tally } from '../tally.ts';
import type { Change } from './journal.ts';

export interface OperationRecord {
  readonly client: string;
  readonly op: 'put' | 'get' | 'cas' | 'delete' | 'pair';
  readonly key: string;
  /** Written by put and cas. */
  readonly value: string | null;
  /** Of cas: what had to be there; null for nothing. */
  readonly expected: string | null;
  /** Of a pair: the other key, and what was written there in the same transaction. */
  readonly other: { readonly key: string; readonly value: string } | null;
  /** Positions in the one order of all calls and returns. */
  readonly called: number;
  /** The highest revision that anybody had been told before the call. */
  readonly knownRevision: number;
  returned: number | null;
  outcome: Outcome;
}

export type Outcome =
  | { readonly type: 'pending' }
  /** `ok`: of cas whether it swapped, of delete whether the key existed. `read`: what get found. */
  | { readonly type: 'done'; readonly revision: number; readonly ok: boolean; readonly read: string | null }
  /** It certainly had no effect. */
  | { readonly type: 'refused'; readonly code: string }
  | { readonly type: 'unknown'; readonly code: string };

/** A read of many keys at one revision: serializable, historic or linearizable. */
export interface RangeRecord {
  readonly range: KeyRange;
  readonly revision: number;
  readonly found: readonly { readonly key: string; readonly value: string; readonly modRevision: number }[];
  readonly limit: number;
  readonly count: number;
  /** For a linearizable one: what was known before the call. */
  readonly knownRevision: number | null;
}

export interface WatchDelivery {
  readonly type: 'events' | 'progress';
  readonly events: readonly { readonly change: Change; readonly previous: Change | null }[];
  readonly through: number;
}

/** One watch from its beginning over all its resumptions. */
export interface WatchRecord {
  readonly name: string;
  readonly range: KeyRange;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  /** Everything at or below was not wanted. */
  readonly from: number;
  readonly deliveries: WatchDelivery[];
  /** The stream is open and was not given up for a new one. */
  isCurrent: boolean;
}

export interface LeaseRecord {
  readonly id: number;
  readonly client: string;
  readonly ttlMs: number;
  /** When the last request that extended it for certain was sent. */
  keptAtMs: number;
  isRevoked: boolean;
}

export interface FencedWrite {
  readonly client: string;
  readonly fence: Fence;
  readonly value: string;
  outcome: 'pending' | 'written' | 'refused' | 'unknown';
}

export class Evidence {
  readonly operations: OperationRecord[] = [];
  readonly ranges: RangeRecord[] = [];
  readonly watches: WatchRecord[] = [];
  readonly leases = new Map<number, LeaseRecord>();
  readonly fencedWrites: FencedWrite[] = [];
  readonly marks = new Tally();
  readonly counts = new Tally();
  readonly violations: string[] = [];
  /** The highest revision that any client was told. */
  knownRevision = 1;
  #order = 0;

  /** The next position in the order of calls and returns. */
  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  learnRevision(revision: number): void {
    this.knownRevision = Math.max(this.knownRevision, revision);
  }
}
