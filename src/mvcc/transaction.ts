/**
 * Requests to the keyspace and their results, as data. Models etcd rpc.proto: RangeRequest, PutRequest, DeleteRangeRequest,
 * Compare, TxnRequest.
 */
import type { KeyRange } from './key-range.ts';
import type { KeyValue, LeaseId, Revision } from './key-value.ts';

/** `range` is asked of `revision` (0: now, or inside a transaction with its earlier writes). */
export interface RangeQuery {
  readonly range: KeyRange;
  readonly revision: Revision;
  /** At most so many key-values; 0 means all. `count` is of all matches regardless. */
  readonly limit: number;
  /** Leaves the values out. */
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
}

export interface RangeResult {
  /** Ascending by key. Shared with the store: never mutate. */
  readonly keyValues: readonly KeyValue[];
  readonly count: number;
  /** True when the limit cut the result. */
  readonly more: boolean;
}

export type CompareOperator = '=' | '!=' | '<' | '>';

/**
 * Holds for every key of the range. An absent key has version, revisions and lease 0; a value comparison with an absent key
 * never holds.
 */
export type Compare =
  | {
      readonly type: 'version' | 'createRevision' | 'modRevision' | 'lease';
      readonly range: KeyRange;
      readonly operator: CompareOperator;
      readonly operand: number;
    }
  | {
      readonly type: 'value';
      readonly range: KeyRange;
      readonly operator: CompareOperator;
      readonly operand: Uint8Array;
    };

export type Operation =
  | {
      readonly type: 'put';
      readonly key: string;
      /** With `ignoreValue` it is not used: the key keeps its value and must exist. */
      readonly value: Uint8Array;
      /** 0: none. With `ignoreLease` it is not used: the key keeps its lease and must exist. */
      readonly lease: LeaseId;
      readonly ignoreValue: boolean;
      readonly ignoreLease: boolean;
      readonly previous: boolean;
    }
  | { readonly type: 'deleteRange'; readonly range: KeyRange; readonly previous: boolean }
  | { readonly type: 'range'; readonly query: RangeQuery }
  | { readonly type: 'transaction'; readonly transaction: Transaction };

/** If all compares hold then `success`, else `failure`; all at one revision. */
export interface Transaction {
  readonly compares: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

export type OperationResult =
  | { readonly type: 'put'; readonly previous: KeyValue | null }
  | { readonly type: 'deleteRange'; readonly deleted: number; readonly previous: readonly KeyValue[] }
  | { readonly type: 'range'; readonly range: RangeResult }
  | { readonly type: 'transaction'; readonly succeeded: boolean; readonly results: readonly OperationResult[] };

export interface TransactionResult {
  readonly type: 'transaction';
  readonly succeeded: boolean;
  /** One for each operation of the branch taken, in order. */
  readonly results: readonly OperationResult[];
}

/** Builds a range query from what differs from the default: all of it, now, with values. */
export function rangeQuery(range: KeyRange, options: Partial<Omit<RangeQuery, 'range'>> = {}): RangeQuery {
  return {
    range,
    revision: options.revision ?? (0 as Revision),
    limit: options.limit ?? 0,
    keysOnly: options.keysOnly ?? false,
    countOnly: options.countOnly ?? false,
  };
}

/** Builds a put. */
export function putOperation(
  key: string,
  value: Uint8Array,
  options: { lease?: LeaseId; previous?: boolean; ignoreValue?: boolean; ignoreLease?: boolean } = {},
): Operation {
  return {
    type: 'put',
    key,
    value,
    lease: options.lease ?? (0 as LeaseId),
    ignoreValue: options.ignoreValue ?? false,
    ignoreLease: options.ignoreLease ?? false,
    previous: options.previous ?? false,
  };
}

/** Tells whether no branch, however deep, writes. Such a transaction needs no place in the log. */
export function isReadOnly(transaction: Transaction): boolean {
  return transaction.success.every(isReadOnlyOperation) && transaction.failure.every(isReadOnlyOperation);
}

function isReadOnlyOperation(operation: Operation): boolean {
  if (operation.type === 'transaction') return isReadOnly(operation.transaction);
  return operation.type === 'range';
}
