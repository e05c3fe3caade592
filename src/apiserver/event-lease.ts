/**
 * The time to live of Kubernetes Events: they are put under leases of the store, which nobody renews. One lease serves the Events of a minute,
 * so that a storm of Events is no storm of leases. Models apiserver pkg/storage/etcd3/lease_manager.go.
 */
import type { Flow } from '../actor/flow.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { type LeaseId, noLease } from '../mvcc/key-value.ts';
import type { StoredResource } from './catalog.ts';
import type { Environment } from './environment.ts';
import { eventLeaseObjectsMax, eventLeaseReuseMs, eventTtlSeconds } from './limits.ts';
import { askStore } from './store-client.ts';

export class EventLease {
  #lease: LeaseId = noLease;
  #grantedAtMs = 0 as MonotonicMs;
  #objects = 0;

  /** Returns the lease to put an object under; none for anything but an Event. */
  *of(environment: Environment, { info }: StoredResource): Flow<LeaseId> {
    if (info.group !== '' || info.resource !== 'events') return noLease;
    const isOld = environment.stamp.monotonicMs - this.#grantedAtMs >= eventLeaseReuseMs;
    if (this.#lease === noLease || isOld || this.#objects >= eventLeaseObjectsMax) {
      const ttlSeconds = eventTtlSeconds + eventLeaseReuseMs / 1000;
      const granted = yield* askStore(environment, { type: 'leaseGrant', id: noLease, ttlSeconds }, 'leaseGranted');
      this.#lease = granted.id;
      this.#grantedAtMs = environment.stamp.monotonicMs;
      this.#objects = 0;
    }
    this.#objects += 1;
    return this.#lease;
  }
}
