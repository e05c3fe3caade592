/**
 * Decides a transaction before it changes anything: which branches are taken, given the state before it, and whether every
 * operation on them can be carried out. After a plan the execution cannot fail, which is what makes a transaction atomic.
 * Models etcd server/etcdserver/txn (compareToPath, checkTxn).
 */
import { compareBytes } from '../base/bytes.ts';
import type { MvccFailure } from './failure.ts';
import { isSingleKey, type KeyRange } from './key-range.ts';
import type { KeyValue } from './key-value.ts';
import { noLease, type Revision } from './key-value.ts';
import type { Keyspace } from './keyspace.ts';
import type { LeaseTable } from './lease-table.ts';
import type { Compare, CompareOperator, Operation, Transaction } from './transaction.ts';

/** The branch taken; `nested` has the plans of the transactions among the operations, in order. */
export interface TransactionPlan {
  readonly succeeded: boolean;
  readonly operations: readonly Operation[];
  readonly nested: readonly TransactionPlan[];
}

export interface PlanContext {
  readonly keyspace: Keyspace;
  readonly leases: LeaseTable;
}

/** Chooses the branches; every compare, also a nested one, looks at the state before the transaction. */
export function planTransaction(context: PlanContext, transaction: Transaction): TransactionPlan {
  const succeeded = transaction.compares.every((compare) => holds(context.keyspace, compare));
  const operations = succeeded ? transaction.success : transaction.failure;
  const nested: TransactionPlan[] = [];
  for (const operation of operations) {
    if (operation.type === 'transaction') nested.push(planTransaction(context, operation.transaction));
  }
  return { succeeded, operations, nested };
}

/** Returns why the plan cannot be carried out, or null when it can. */
export function checkPlan(context: PlanContext, plan: TransactionPlan): MvccFailure | null {
  for (const operation of plan.operations) {
    const failure = checkOperation(context, operation);
    if (failure !== null) return failure;
  }
  for (const nested of plan.nested) {
    const failure = checkPlan(context, nested);
    if (failure !== null) return failure;
  }
  return null;
}

/** Returns how many bytes the puts of the plan add. */
export function planBytes(plan: TransactionPlan): number {
  let bytes = 0;
  for (const operation of plan.operations) {
    if (operation.type === 'put') bytes += operation.key.length + operation.value.length;
  }
  for (const nested of plan.nested) bytes += planBytes(nested);
  return bytes;
}

/** Returns why a read at `revision` is refused, or null. 0 asks for now. */
export function checkRevision(keyspace: Keyspace, revision: Revision): MvccFailure | null {
  if (revision === 0) return null;
  if (revision > keyspace.revision) return { type: 'futureRevision', revision: keyspace.revision };
  if (revision < keyspace.compactRevision) return { type: 'compacted', compactRevision: keyspace.compactRevision };
  return null;
}

function checkOperation(context: PlanContext, operation: Operation): MvccFailure | null {
  if (operation.type === 'range') return checkRevision(context.keyspace, operation.query.revision);
  if (operation.type !== 'put') return null;
  if ((operation.ignoreValue || operation.ignoreLease) && context.keyspace.latest(operation.key) === null) {
    return { type: 'keyNotFound', key: operation.key };
  }
  if (operation.lease !== noLease && !operation.ignoreLease && !context.leases.has(operation.lease)) {
    return { type: 'leaseNotFound', lease: operation.lease };
  }
  return null;
}

function holds(keyspace: Keyspace, compare: Compare): boolean {
  if (isSingleKey(compare.range)) return holdsFor(compare, keyspace.latest(compare.range.start));
  return holdsForRange(keyspace, compare, compare.range);
}

function holdsForRange(keyspace: Keyspace, compare: Compare, range: KeyRange): boolean {
  let found = false;
  let result = true;
  keyspace.scan(range, null, (keyValue) => {
    found = true;
    result = holdsFor(compare, keyValue);
    return result;
  });
  return found ? result : holdsFor(compare, null);
}

function holdsFor(compare: Compare, keyValue: KeyValue | null): boolean {
  if (compare.type === 'value') {
    return keyValue !== null && holdsOrder(compare.operator, compareBytes(keyValue.value, compare.operand));
  }
  const actual = keyValue === null ? 0 : keyValue[compare.type];
  return holdsOrder(compare.operator, actual - compare.operand);
}

function holdsOrder(operator: CompareOperator, difference: number): boolean {
  if (operator === '=') return difference === 0;
  if (operator === '!=') return difference !== 0;
  return operator === '<' ? difference < 0 : difference > 0;
}
