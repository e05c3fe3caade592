/**
 * The etcd v3 data model in memory: transactions over a multi-version keyspace, leases, and watchers.
 *
 * Deterministic: the same calls in the same order give the same state, results and revisions on every replica. It has no
 * clock (leases end by revocation) and no I/O. A call that is refused changes nothing.
 * Models etcd server/storage/mvcc and server/etcdserver/apply.
 */
import { assert } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { RunningHash } from '../base/hash.ts';
import type { MvccFailure } from './failure.ts';
import { everyKey, isSingleKey } from './key-range.ts';
import { type KeyValue, type LeaseId, noLease, noRevision, type Revision } from './key-value.ts';
import { Keyspace } from './keyspace.ts';
import { LeaseTable } from './lease-table.ts';
import { quotaBytesDefault } from './limits.ts';
import type {
  Operation,
  OperationResult,
  RangeQuery,
  RangeResult,
  Transaction,
  TransactionResult,
} from './transaction.ts';
import { findDuplicateKey } from './transaction-check.ts';
import {
  checkPlan,
  checkRevision,
  type PlanContext,
  planBytes,
  planTransaction,
  type TransactionPlan,
} from './transaction-plan.ts';
import { WatchHub } from './watch-hub.ts';

export class Mvcc implements PlanContext {
  readonly leases = new LeaseTable();
  readonly watches: WatchHub;
  readonly quotaBytes: number;
  #keyspace = new Keyspace();

  constructor(options: { readonly quotaBytes?: number } = {}) {
    this.quotaBytes = options.quotaBytes ?? quotaBytesDefault;
    assert(this.quotaBytes > 0, 'quota', { quotaBytes: this.quotaBytes });
    this.watches = new WatchHub(this.#keyspace);
  }

  get keyspace(): Keyspace {
    return this.#keyspace;
  }

  get revision(): Revision {
    return this.#keyspace.revision;
  }

  get compactRevision(): Revision {
    return this.#keyspace.compactRevision;
  }

  /** Reads a range. Fails with `compacted` below the compaction revision and `futureRevision` above the current one. */
  range(query: RangeQuery): ({ readonly type: 'range' } & RangeResult) | MvccFailure {
    const failure = checkRevision(this.#keyspace, query.revision);
    return failure ?? { type: 'range', ...this.#read(query) };
  }

  /** Carries out a transaction at one revision. A failure changes nothing; without writes no revision is taken. */
  transact(transaction: Transaction): TransactionResult | MvccFailure {
    const duplicate = findDuplicateKey(transaction);
    if (duplicate !== null) return { type: 'duplicateKey', key: duplicate };
    const plan = planTransaction(this, transaction);
    const failure = checkPlan(this, plan) ?? this.#checkSpace(plan);
    if (failure !== null) return failure;
    const results = this.#execute(plan);
    this.#commit();
    return { type: 'transaction', succeeded: plan.succeeded, results };
  }

  /** Creates a lease; fails with `leaseExists`. */
  leaseGrant(id: LeaseId, ttlSeconds: number): { readonly type: 'leaseGranted' } | MvccFailure {
    if (this.leases.has(id)) return { type: 'leaseExists', lease: id };
    this.leases.add({ id, ttlSeconds, remainingTtlSeconds: 0 });
    return { type: 'leaseGranted' };
  }

  /** Ends a lease and deletes its keys, in ascending order, at one revision; fails with `leaseNotFound`. */
  leaseRevoke(id: LeaseId): { readonly type: 'leaseRevoked'; readonly deleted: number } | MvccFailure {
    if (!this.leases.has(id)) return { type: 'leaseNotFound', lease: id };
    const keys = this.leases.keysOf(id);
    for (const key of keys) this.#remove(key);
    this.leases.remove(id);
    this.#commit();
    return { type: 'leaseRevoked', deleted: keys.length };
  }

  /** Makes the history below `revision` unreadable and frees it. Fails with `compacted` or `futureRevision`. */
  compact(revision: Revision): { readonly type: 'compactionDone'; readonly revision: Revision } | MvccFailure {
    const { compactRevision } = this.#keyspace;
    if (revision <= compactRevision) return { type: 'compacted', compactRevision };
    if (revision > this.#keyspace.revision) return { type: 'futureRevision', revision: this.#keyspace.revision };
    this.#keyspace.compact(revision);
    return { type: 'compactionDone', revision };
  }

  /** Digests the live keys at `revision` (0: now) with all their fields. Costs a walk over everything. */
  hash(revision: Revision = noRevision): { readonly type: 'hash'; readonly digest: string } | MvccFailure {
    const failure = checkRevision(this.#keyspace, revision);
    if (failure !== null) return failure;
    const hash = new RunningHash();
    this.#keyspace.scan(everyKey, revision === 0 ? null : revision, (keyValue) => {
      hash.addText(keyValue.key);
      hash.addBytes(keyValue.value);
      hash.addText(`${keyValue.createRevision} ${keyValue.modRevision} ${keyValue.version} ${keyValue.lease}`);
      return true;
    });
    return { type: 'hash', digest: hash.digest() };
  }

  /** Replaces the keyspace by one loaded from a snapshot; leases are loaded by the caller. Watchers stay and resume. */
  replaceKeyspace(keyspace: Keyspace): void {
    this.#keyspace = keyspace;
    this.watches.replaceKeyspace(keyspace);
  }

  #read(query: RangeQuery): RangeResult {
    const keyValues: KeyValue[] = [];
    let count = 0;
    const visit = (keyValue: KeyValue): boolean => {
      count += 1;
      if (!query.countOnly && (query.limit === 0 || count <= query.limit)) {
        keyValues.push(query.keysOnly ? { ...keyValue, value: emptyBytes } : keyValue);
      }
      return true;
    };
    if (query.revision === 0 && isSingleKey(query.range)) {
      const found = this.#keyspace.latest(query.range.start);
      if (found !== null) visit(found);
    } else {
      this.#keyspace.scan(query.range, query.revision === 0 ? null : query.revision, visit);
    }
    return { keyValues, count, more: !query.countOnly && keyValues.length < count };
  }

  #checkSpace(plan: TransactionPlan): MvccFailure | null {
    const added = planBytes(plan);
    if (added === 0 || this.#keyspace.bytes + added <= this.quotaBytes) return null;
    return { type: 'noSpace', bytes: this.#keyspace.bytes, quotaBytes: this.quotaBytes };
  }

  #execute(plan: TransactionPlan): OperationResult[] {
    let nestedIndex = 0;
    return plan.operations.map((operation): OperationResult => {
      if (operation.type === 'put') return this.#put(operation);
      if (operation.type === 'range') return { type: 'range', range: this.#read(operation.query) };
      if (operation.type === 'deleteRange') return this.#deleteRange(operation);
      const nested = plan.nested[nestedIndex] as TransactionPlan;
      nestedIndex += 1;
      return { type: 'transaction', succeeded: nested.succeeded, results: this.#execute(nested) };
    });
  }

  #put(operation: Operation & { readonly type: 'put' }): OperationResult {
    const { key } = operation;
    const kept = operation.ignoreValue || operation.ignoreLease ? this.#keyspace.latest(key) : null;
    const value = operation.ignoreValue && kept !== null ? kept.value : operation.value;
    const lease = operation.ignoreLease && kept !== null ? kept.lease : operation.lease;
    const event = this.#keyspace.put(key, value, lease);
    this.leases.reattach(event.keyValue.key, event.previous === null ? noLease : event.previous.lease, lease);
    return { type: 'put', previous: operation.previous ? event.previous : null };
  }

  #deleteRange(operation: Operation & { readonly type: 'deleteRange' }): OperationResult {
    const found: KeyValue[] = [];
    if (isSingleKey(operation.range)) {
      const only = this.#keyspace.latest(operation.range.start);
      if (only !== null) found.push(only);
    } else {
      this.#keyspace.scan(operation.range, null, (keyValue) => {
        found.push(keyValue);
        return true;
      });
    }
    for (const keyValue of found) this.#remove(keyValue.key);
    return { type: 'deleteRange', deleted: found.length, previous: operation.previous ? found : [] };
  }

  #remove(key: string): void {
    const event = this.#keyspace.remove(key);
    if (event?.previous) this.leases.reattach(key, event.previous.lease, noLease);
  }

  #commit(): void {
    const events = this.#keyspace.commit();
    if (events.length > 0) this.watches.dispatch(events);
  }
}
