/** Refuses requests that could never succeed, before they cost a place in the log. Models etcd v3rpc/key.go. */
import type { Operation, Transaction } from '../mvcc/transaction.ts';
import { findDuplicateKey } from '../mvcc/transaction-check.ts';
import {
  leaseTtlSecondsMax,
  leaseTtlSecondsMin,
  operationsPerTransactionMax,
  requestBytesMax,
  transactionDepthMax,
} from './limits.ts';
import { definiteError, errorOf, type StoreError } from './store-error.ts';
import type { StoreRequest } from './store-request.ts';

/** Returns why the request is refused, or null. */
export function checkRequest(request: StoreRequest): StoreError | null {
  switch (request.type) {
    case 'transaction':
      return checkTransaction(request.transaction);
    case 'leaseGrant':
      return checkLeaseGrant(request.id, request.ttlSeconds);
    default:
      return null;
  }
}

function checkLeaseGrant(id: number, ttlSeconds: number): StoreError | null {
  if (!Number.isSafeInteger(id) || id < 0) return definiteError('invalidLease', `lease id ${id}`);
  const isAllowed =
    Number.isSafeInteger(ttlSeconds) && ttlSeconds >= leaseTtlSecondsMin && ttlSeconds <= leaseTtlSecondsMax;
  return isAllowed ? null : definiteError('invalidLease', `time to live of ${ttlSeconds} s`);
}

function checkTransaction(transaction: Transaction): StoreError | null {
  const tally = { bytes: 0 };
  const error = checkBranches(transaction, 0, tally);
  if (error !== null) return error;
  if (tally.bytes > requestBytesMax) return definiteError('requestTooLarge', `${tally.bytes} bytes`);
  const duplicate = findDuplicateKey(transaction);
  return duplicate === null ? null : errorOf({ type: 'duplicateKey', key: duplicate });
}

function checkBranches(transaction: Transaction, depth: number, tally: { bytes: number }): StoreError | null {
  if (depth > transactionDepthMax) return definiteError('tooManyOperations', 'transactions are nested too deep');
  for (const list of [transaction.compares, transaction.success, transaction.failure]) {
    if (list.length > operationsPerTransactionMax) {
      return definiteError('tooManyOperations', `${list.length} operations in a transaction`);
    }
  }
  for (const compare of transaction.compares) {
    tally.bytes += compare.range.start.length + (compare.type === 'value' ? compare.operand.length : 8);
  }
  for (const branch of [transaction.success, transaction.failure]) {
    for (const operation of branch) {
      const error = checkOperation(operation, depth, tally);
      if (error !== null) return error;
    }
  }
  return null;
}

function checkOperation(operation: Operation, depth: number, tally: { bytes: number }): StoreError | null {
  if (operation.type === 'transaction') return checkBranches(operation.transaction, depth + 1, tally);
  if (operation.type !== 'put') return null;
  if (operation.key === '') return definiteError('emptyKey', 'a key has at least one byte');
  tally.bytes += operation.key.length + operation.value.length;
  return null;
}
