/**
 * The leader's clock for leases. Only a leader has one; it starts anew with every leadership, giving each lease its full time
 * (or what a checkpoint left of it) plus an election timeout, so a change of leader never shortens a lease. A lease that is due
 * is not ended here: the leader proposes its revocation, and it stays due until the log says that it is gone.
 *
 * A renewal only moves the lease's own deadline; the timer finds that out when it fires and waits on.
 * Models etcd server/lease/lessor.go (Promote, Renew, expireExists, checkpoints).
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { TimerQueue } from '../base/timer-queue.ts';
import type { LeaseId } from '../mvcc/key-value.ts';
import type { Lease } from '../mvcc/lease-table.ts';
import type { LeaseCheckpoint } from './command.ts';
import { leaseCheckpointMs } from './limits.ts';

interface Running {
  readonly ttlMs: number;
  expiresAtMs: number;
}

/** A due lease is offered again after this time, in case the proposal of its revocation was lost. */
const revocationRetryMs = 500;

export class LeaseClock {
  readonly #leases = new Map<LeaseId, Running>();
  #expiries = new TimerQueue<LeaseId>();
  #checkpoints = new TimerQueue<LeaseId>();

  /** Starts with all leases, at the beginning of a leadership. */
  start(leases: readonly Lease[], nowMs: MonotonicMs, extensionMs: number): void {
    this.stop();
    for (const lease of leases) {
      const seconds = lease.remainingTtlSeconds > 0 ? lease.remainingTtlSeconds : lease.ttlSeconds;
      this.#add(lease.id, lease.ttlSeconds * 1000, nowMs + seconds * 1000 + extensionMs, nowMs);
    }
  }

  /** Forgets everything, at the end of a leadership. */
  stop(): void {
    this.#leases.clear();
    this.#expiries = new TimerQueue();
    this.#checkpoints = new TimerQueue();
  }

  granted(id: LeaseId, ttlSeconds: number, nowMs: MonotonicMs): void {
    this.#add(id, ttlSeconds * 1000, nowMs + ttlSeconds * 1000, nowMs);
  }

  revoked(id: LeaseId): void {
    this.#leases.delete(id);
  }

  /** Gives the lease its full time again; false when it is unknown or due, in which case its end can't be stopped any more. */
  renew(id: LeaseId, nowMs: MonotonicMs): boolean {
    const running = this.#leases.get(id);
    if (running === undefined || running.expiresAtMs <= nowMs) return false;
    running.expiresAtMs = nowMs + running.ttlMs;
    return true;
  }

  /** Returns what is left of the lease, at least 0; null when it is unknown. */
  remainingMs(id: LeaseId, nowMs: MonotonicMs): number | null {
    const running = this.#leases.get(id);
    return running === undefined ? null : Math.max(0, running.expiresAtMs - nowMs);
  }

  /** Returns leases that are due, at most `max`, the longest due first. */
  takeDue(nowMs: MonotonicMs, max: number): LeaseId[] {
    const due: LeaseId[] = [];
    while (due.length < max) {
      const id = this.#expiries.takeDue(nowMs);
      if (id === undefined) return due;
      const running = this.#leases.get(id);
      if (running === undefined) continue;
      if (running.expiresAtMs > nowMs) {
        this.#expiries.add(running.expiresAtMs as MonotonicMs, id);
        continue;
      }
      due.push(id);
      this.#expiries.add((nowMs + revocationRetryMs) as MonotonicMs, id);
    }
    return due;
  }

  /** Returns what is left of the long leases whose checkpoint is due. */
  takeCheckpoints(nowMs: MonotonicMs): LeaseCheckpoint[] {
    const checkpoints: LeaseCheckpoint[] = [];
    for (let id = this.#checkpoints.takeDue(nowMs); id !== undefined; id = this.#checkpoints.takeDue(nowMs)) {
      const remainingMs = this.remainingMs(id, nowMs);
      if (remainingMs === null) continue;
      const remainingTtlSeconds = Math.ceil(remainingMs / 1000);
      if (remainingTtlSeconds > 0) checkpoints.push({ id, remainingTtlSeconds });
      this.#checkpoints.add((nowMs + leaseCheckpointMs) as MonotonicMs, id);
    }
    return checkpoints;
  }

  #add(id: LeaseId, ttlMs: number, expiresAtMs: number, nowMs: MonotonicMs): void {
    assert(ttlMs > 0 && expiresAtMs > nowMs, 'a lease runs', { id, ttlMs });
    this.#leases.set(id, { ttlMs, expiresAtMs });
    this.#expiries.add(expiresAtMs as MonotonicMs, id);
    if (ttlMs > leaseCheckpointMs) this.#checkpoints.add((nowMs + leaseCheckpointMs) as MonotonicMs, id);
  }
}
