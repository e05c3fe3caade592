/**
 * The etcd data model in its most obvious form: the whole keyspace is copied for every revision. Too slow for anything but being
 * the oracle of the real one.
 */
import { equalBytes } from '../../../src/base/bytes.ts';
import { containsKey, type KeyRange } from '../../../src/mvcc/key-range.ts';
import type { KeyValue, Revision } from '../../../src/mvcc/key-value.ts';
import type { Compare, Operation, Transaction } from '../../../src/mvcc/transaction.ts';

export interface NaiveEvent {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly revision: number;
  readonly value: string;
  readonly previous: string | null;
}

type State = ReadonlyMap<string, KeyValue>;

export class NaiveModel {
  readonly states: State[] = [new Map(), new Map()];
  readonly events: NaiveEvent[] = [];
  readonly leases = new Set<number>();

  get revision(): number {
    return this.states.length - 1;
  }

  stateAt(revision: number): State {
    return this.states[revision === 0 ? this.revision : revision] as State;
  }

  range(range: KeyRange, revision: number): KeyValue[] {
    return [...this.stateAt(revision).values()]
      .filter((keyValue) => containsKey(range, keyValue.key))
      .sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  /** Returns whether the compares held, or null when the transaction is refused for a lease it does not know. */
  transact(transaction: Transaction): boolean | null {
    const succeeded = transaction.compares.every((compare) => this.#holds(compare));
    const before = this.stateAt(0);
    const after = new Map(before);
    const events: NaiveEvent[] = [];
    for (const operation of succeeded ? transaction.success : transaction.failure) {
      if (operation.type === 'put' && operation.lease !== 0 && !this.leases.has(operation.lease)) return null;
      this.#apply(operation, after, events);
    }
    if (events.length > 0) {
      this.states.push(after);
      this.events.push(...events);
    }
    return succeeded;
  }

  revoke(lease: number): void {
    this.leases.delete(lease);
    const after = new Map(this.stateAt(0));
    const events: NaiveEvent[] = [];
    for (const keyValue of this.range({ start: '', end: null }, 0)) {
      if (keyValue.lease === lease) this.#delete(keyValue, after, events);
    }
    if (events.length === 0) return;
    this.states.push(after);
    this.events.push(...events);
  }

  #apply(operation: Operation, after: Map<string, KeyValue>, events: NaiveEvent[]): void {
    const revision = (this.revision + 1) as Revision;
    if (operation.type === 'put') {
      const before = after.get(operation.key);
      after.set(operation.key, {
        key: operation.key,
        value: operation.value,
        createRevision: before?.createRevision ?? revision,
        modRevision: revision,
        version: (before?.version ?? 0) + 1,
        lease: operation.lease,
      });
      const previous = before === undefined ? null : String(before.value);
      events.push({ type: 'put', key: operation.key, revision, value: String(operation.value), previous });
    } else if (operation.type === 'deleteRange') {
      for (const keyValue of this.range(operation.range, 0)) this.#delete(keyValue, after, events);
    }
  }

  #delete(keyValue: KeyValue, after: Map<string, KeyValue>, events: NaiveEvent[]): void {
    if (!after.delete(keyValue.key)) return;
    const previous = String(keyValue.value);
    events.push({ type: 'delete', key: keyValue.key, revision: this.revision + 1, value: '', previous });
  }

  #holds(compare: Compare): boolean {
    const found = this.range(compare.range, 0);
    if (compare.type === 'value') {
      return (
        found.length > 0 &&
        found.every((keyValue) => equalBytes(keyValue.value, compare.operand) === (compare.operator === '='))
      );
    }
    const actual = found.length === 0 ? [0] : found.map((keyValue) => keyValue[compare.type]);
    return actual.every((value) => {
      if (compare.operator === '=') return value === compare.operand;
      if (compare.operator === '!=') return value !== compare.operand;
      return compare.operator === '<' ? value < compare.operand : value > compare.operand;
    });
  }
}
