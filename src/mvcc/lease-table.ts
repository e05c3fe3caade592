/**
 * The replicated part of leases: which exist, for how long they are granted, and which keys hang on them. It has no clock.
 * The leader alone decides that a lease is due, and the revocation reaches every replica through the log, so all replicas see
 * a lease end at the same revision. Models etcd server/lease (lessor.go), without its expiry heap.
 */
import { assert } from '../base/assert.ts';
import { type LeaseId, noLease } from './key-value.ts';

export interface Lease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  /** What the last checkpoint left of it, or 0 when the full time applies: a new leader starts from here. */
  readonly remainingTtlSeconds: number;
}

interface Held {
  lease: Lease;
  readonly keys: Set<string>;
}

export class LeaseTable {
  readonly #leases = new Map<LeaseId, Held>();

  get size(): number {
    return this.#leases.size;
  }

  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  get(id: LeaseId): Lease | null {
    return this.#leases.get(id)?.lease ?? null;
  }

  /** Returns every lease, by ascending id. */
  all(): Lease[] {
    return [...this.#leases.values()].map((held) => held.lease).sort((left, right) => left.id - right.id);
  }

  /** Returns the keys that hang on the lease, ascending. */
  keysOf(id: LeaseId): string[] {
    const held = this.#leases.get(id);
    return held === undefined ? [] : [...held.keys].sort();
  }

  add(lease: Lease): void {
    assert(lease.id !== noLease && !this.#leases.has(lease.id), 'a lease is new', { id: lease.id });
    assert(lease.ttlSeconds > 0, 'a lease has a time to live', { id: lease.id, ttl: lease.ttlSeconds });
    this.#leases.set(lease.id, { lease, keys: new Set() });
  }

  /** Forgets the lease, whose keys are gone already. */
  remove(id: LeaseId): void {
    const held = this.#leases.get(id);
    assert(held !== undefined && held.keys.size === 0, 'a removed lease has no keys', { id });
    this.#leases.delete(id);
  }

  /** Forgets everything, before a snapshot is loaded. */
  clear(): void {
    this.#leases.clear();
  }

  /** Records what is left of the lease; unknown leases are passed over, because the revocation may have come first. */
  checkpoint(id: LeaseId, remainingTtlSeconds: number): void {
    const held = this.#leases.get(id);
    if (held !== undefined) held.lease = { ...held.lease, remainingTtlSeconds };
  }

  /** Moves `key` from one lease to another; either may be 0. */
  reattach(key: string, before: LeaseId, after: LeaseId): void {
    if (before === after) return;
    if (before !== noLease) this.#leases.get(before)?.keys.delete(key);
    if (after === noLease) return;
    const held = this.#leases.get(after);
    assert(held !== undefined, 'a key hangs on a known lease', { lease: after });
    held.keys.add(key);
  }
}
