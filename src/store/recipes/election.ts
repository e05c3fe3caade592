/**
 * Leader election as pure builders of transactions. One key is the office: whoever creates it holds it, and it hangs on the
 * holder's lease, so it falls vacant when the holder stops renewing. Its createRevision is the fencing token: every write of the
 * holder carries `heldCompare`, and the store refuses the writes of one who was deposed, whatever he believes.
 *
 * Deviates from etcd's client/v3/concurrency, whose candidates queue with a key each: one key per office needs no listing, and a
 * standby watches that key. For a fair queue see lock.ts.
 */
import { assert } from '../../base/assert.ts';
import { singleKey } from '../../mvcc/key-range.ts';
import { type KeyValue, type LeaseId, noLease, type Revision } from '../../mvcc/key-value.ts';
import {
  type Compare,
  type OperationResult,
  putOperation,
  rangeQuery,
  type Transaction,
} from '../../mvcc/transaction.ts';

/** Proof of holding an office, or a lock: valid while the key still has this createRevision. */
export interface Fence {
  readonly key: string;
  readonly createRevision: Revision;
}

/** What a campaign led to. `held`: by this candidate; otherwise `holder` is whoever has the office. */
export type CampaignOutcome =
  | { readonly type: 'held'; readonly fence: Fence }
  | { readonly type: 'occupied'; readonly holder: KeyValue };

/** Takes the office if it is vacant; otherwise reads who has it. `name` is the candidate's, for others to see. */
export function campaign(key: string, name: Uint8Array, lease: LeaseId): Transaction {
  assert(lease !== noLease, 'an office hangs on a lease', { key });
  return {
    compares: [{ type: 'createRevision', range: singleKey(key), operator: '=', operand: 0 }],
    success: [putOperation(key, name, { lease })],
    failure: [{ type: 'range', query: rangeQuery(singleKey(key)) }],
  };
}

/** Reads the result of `campaign`. A candidate whose own lease is on the key holds the office already: an answer was lost. */
export function readCampaign(
  key: string,
  lease: LeaseId,
  result: {
    readonly revision: Revision;
    readonly succeeded: boolean;
    readonly results: readonly OperationResult[];
  },
): CampaignOutcome {
  if (result.succeeded) return { type: 'held', fence: { key, createRevision: result.revision } };
  const [first] = result.results;
  const holder = first?.type === 'range' ? first.range.keyValues[0] : undefined;
  assert(holder !== undefined, 'an occupied office has a holder', { key });
  if (holder.lease === lease) return { type: 'held', fence: { key, createRevision: holder.createRevision } };
  return { type: 'occupied', holder };
}

/** The compare that every write of the holder carries. */
export function heldCompare(fence: Fence): Compare {
  return { type: 'createRevision', range: singleKey(fence.key), operator: '=', operand: fence.createRevision };
}

/** Adds the fence to a transaction: its success branch is taken only while the office is held. */
export function fenced(fence: Fence, transaction: Transaction): Transaction {
  return { ...transaction, compares: [heldCompare(fence), ...transaction.compares] };
}

/** Changes what the holder announces, keeping office and lease. */
export function proclaim(fence: Fence, name: Uint8Array, lease: LeaseId): Transaction {
  return fenced(fence, { compares: [], success: [putOperation(fence.key, name, { lease })], failure: [] });
}

/** Gives the office up; without effect when it is lost already. */
export function resign(fence: Fence): Transaction {
  return fenced(fence, {
    compares: [],
    success: [{ type: 'deleteRange', range: singleKey(fence.key), previous: false }],
    failure: [],
  });
}
