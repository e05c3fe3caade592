/**
 * Pods that wait for a node, in three places: *active* (next to be scheduled, by queue sort), *back-off* (failed lately, until a deadline)
 * and *unschedulable* (until an event that could help, or at most five minutes). A pod that was popped is *in flight* until it is done or
 * comes back. A pod that a preEnqueue plugin holds back is *gated*. A cycle is synchronous, so no event can fall between the pop and the verdict and be missed.
 * Models kubernetes pkg/scheduler/backend/queue.
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { Heap } from '../base/heap.ts';
import { TimerQueue } from '../base/timer-queue.ts';
import type { ClusterEvent } from './cluster-event.ts';
import type { SchedulerLimits } from './limits.ts';
import type { Plugin, PreEnqueuePlugin, QueueItem, QueueSortPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

const noRejectors: ReadonlySet<string> = new Set();

type Place = 'active' | 'backoff' | 'unschedulable' | 'gated' | 'inFlight';

/** A pod in the queue. `attempts` counts how often it was popped. */
export interface QueuedPod extends QueueItem {
  readonly attempts: number;
}

interface Entry {
  pod: PodInfo;
  readonly enqueuedAtMs: MonotonicMs;
  order: number;
  place: Place;
  attempts: number;
  /** When its last back-off ends. */
  backoffUntilMs: MonotonicMs;
  /** Since when it is unschedulable. */
  parkedAtMs: MonotonicMs;
  rejectors: ReadonlySet<string>;
}

/** How a cycle or a binding went wrong: rejected by plugins, or failed for a reason that time alone may cure. */
export type ReturnReason =
  | { readonly type: 'rejected'; readonly rejectors: ReadonlySet<string> }
  | { readonly type: 'failed' };

/** The plugins that concern one pod, which are those of its profile. */
export interface QueuePlugins {
  readonly preEnqueue: readonly PreEnqueuePlugin[];
  /** Those that may reject a pod, by name. */
  readonly rejecting: ReadonlyMap<string, Plugin>;
}

/** A place in the active heap: a value of its own, so that the heap's order cannot change under it. */
interface Turn extends QueueItem {
  readonly entry: Entry;
}

export class SchedulingQueue {
  readonly #limits: SchedulerLimits;
  readonly #pluginsOf: (pod: PodInfo) => QueuePlugins;
  readonly #entries = new Map<string, Entry>();
  /** Holds stale turns too: one counts only while the entry is active under the same order. */
  readonly #active: Heap<Turn>;
  readonly #backoff = new TimerQueue<Entry>();
  readonly #unschedulable = new Set<Entry>();
  readonly #gated = new Set<Entry>();
  #lastOrder = 0;
  #activeCount = 0;

  constructor(queueSort: QueueSortPlugin, pluginsOf: (pod: PodInfo) => QueuePlugins, limits: SchedulerLimits) {
    this.#limits = limits;
    this.#pluginsOf = pluginsOf;
    this.#active = new Heap((left, right) => queueSort.isBefore(left, right));
  }

  /** How many pods could be popped now. */
  get activeCount(): number {
    return this.#activeCount;
  }

  placeOf(uid: string): Place | undefined {
    return this.#entries.get(uid)?.place;
  }

  /** Returns a pod that waits here or is in flight, as it was last set. */
  podOf(uid: string): PodInfo | undefined {
    return this.#entries.get(uid)?.pod;
  }

  /** Adds a pod that needs a node, or takes over a new version of one that is here. A change may be what it waited for. */
  set(pod: PodInfo, nowMs: MonotonicMs): void {
    const known = this.#entries.get(pod.uid);
    if (known === undefined) {
      const entry = newEntry(pod, nowMs);
      this.#entries.set(pod.uid, entry);
      this.#activate(entry);
      return;
    }
    const mayFit = known.place === 'unschedulable' && isSchedulingChange(known.pod, pod);
    known.pod = pod;
    if (known.place === 'gated') this.#activate(known);
    else if (mayFit) this.#release(known, nowMs);
  }

  /** Lets an unschedulable pod be tried again though nothing happened that its rejectors wait for. */
  release(uid: string, nowMs: MonotonicMs): void {
    const entry = this.#entries.get(uid);
    if (entry?.place === 'unschedulable') this.#release(entry, nowMs);
  }

  /** Forgets a pod: it is gone, or it has a node. */
  delete(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    this.#leave(entry);
    this.#entries.delete(uid);
  }

  /** Pops the pod that is next, or undefined when none is ready. It is in flight until `delete` or `giveBack`. */
  pop(nowMs: MonotonicMs): QueuedPod | undefined {
    this.advance(nowMs);
    for (;;) {
      const turn = this.#active.pop();
      if (turn === undefined) return undefined;
      const { entry, order } = turn;
      if (entry.place !== 'active' || entry.order !== order || this.#entries.get(entry.pod.uid) !== entry) continue;
      this.#activeCount -= 1;
      entry.place = 'inFlight';
      entry.attempts += 1;
      return { pod: entry.pod, enqueuedAtMs: entry.enqueuedAtMs, order, attempts: entry.attempts };
    }
  }

  /** Takes a popped pod back that got no node. Does nothing when the pod was deleted meanwhile. */
  giveBack(uid: string, reason: ReturnReason, nowMs: MonotonicMs): void {
    const entry = this.#entries.get(uid);
    if (entry?.place !== 'inFlight') return;
    entry.backoffUntilMs = (nowMs + this.#backoffMs(entry.attempts)) as MonotonicMs;
    if (reason.type === 'failed') {
      this.#backOff(entry);
      return;
    }
    entry.rejectors = reason.rejectors;
    this.#park(entry, nowMs);
  }

  /** Releases the pods that `event` could make schedulable. */
  happened(event: ClusterEvent, nowMs: MonotonicMs): void {
    for (const entry of this.#unschedulable) if (this.#mayHelp(entry, event)) this.#release(entry, nowMs);
    for (const entry of this.#gated) if (this.#mayHelp(entry, event)) this.#activate(entry);
  }

  /** When `advance` has something to do next; undefined when nothing waits for time. */
  nextAtMs(): MonotonicMs | undefined {
    const [longest] = this.#unschedulable;
    const flushAtMs = longest === undefined ? undefined : longest.parkedAtMs + this.#limits.unschedulableMaxMs;
    const backoffAtMs = this.#backoff.nextAtMs();
    if (flushAtMs === undefined) return backoffAtMs;
    return Math.min(flushAtMs, backoffAtMs ?? flushAtMs) as MonotonicMs;
  }

  /** Activates pods whose back-off has ended, and those that were unschedulable for too long. */
  advance(nowMs: MonotonicMs): void {
    for (;;) {
      const entry = this.#backoff.takeDue(nowMs);
      if (entry === undefined) break;
      const isCurrent = this.#entries.get(entry.pod.uid) === entry && entry.place === 'backoff';
      if (isCurrent && entry.backoffUntilMs <= nowMs) this.#activate(entry);
    }
    // Parked in order of time, so the first that stays ends the search.
    for (const entry of this.#unschedulable) {
      if (entry.parkedAtMs + this.#limits.unschedulableMaxMs > nowMs) break;
      this.#release(entry, nowMs);
    }
  }

  /** Makes the pod active, unless a preEnqueue plugin holds it back. */
  #activate(entry: Entry): void {
    this.#leave(entry);
    for (const plugin of this.#pluginsOf(entry.pod).preEnqueue) {
      if (plugin.preEnqueue(entry.pod).type === 'success') continue;
      entry.place = 'gated';
      entry.rejectors = new Set([plugin.name]);
      this.#gated.add(entry);
      return;
    }
    this.#lastOrder += 1;
    entry.place = 'active';
    entry.order = this.#lastOrder;
    this.#activeCount += 1;
    const { pod, enqueuedAtMs, order } = entry;
    this.#active.push({ pod, enqueuedAtMs, order, entry });
  }

  #backOff(entry: Entry): void {
    this.#leave(entry);
    entry.place = 'backoff';
    this.#backoff.add(entry.backoffUntilMs, entry);
  }

  #park(entry: Entry, nowMs: MonotonicMs): void {
    this.#leave(entry);
    entry.place = 'unschedulable';
    entry.parkedAtMs = nowMs;
    this.#unschedulable.add(entry);
  }

  #release(entry: Entry, nowMs: MonotonicMs): void {
    if (entry.backoffUntilMs > nowMs) this.#backOff(entry);
    else this.#activate(entry);
  }

  #leave(entry: Entry): void {
    if (entry.place === 'active') this.#activeCount -= 1;
    this.#unschedulable.delete(entry);
    this.#gated.delete(entry);
    assert(this.#activeCount >= 0, 'more pods left the active queue than entered it');
  }

  #mayHelp(entry: Entry, event: ClusterEvent): boolean {
    const { rejecting } = this.#pluginsOf(entry.pod);
    for (const name of entry.rejectors) {
      const plugin = rejecting.get(name);
      if (plugin === undefined || !(plugin.events ?? []).includes(event.type)) continue;
      if (plugin.mayHelp?.(entry.pod, event) ?? true) return true;
    }
    return false;
  }

  #backoffMs(attempts: number): number {
    const { backoffInitialMs, backoffMaxMs } = this.#limits;
    return Math.min(backoffMaxMs, backoffInitialMs * 2 ** Math.min(attempts - 1, 30));
  }
}

function newEntry(pod: PodInfo, nowMs: MonotonicMs): Entry {
  return {
    pod,
    enqueuedAtMs: nowMs,
    order: 0,
    place: 'gated',
    attempts: 0,
    backoffUntilMs: nowMs,
    parkedAtMs: nowMs,
    rejectors: noRejectors,
  };
}

/** Tells whether a new version of a pod differs in what plugins look at; status and annotations are not that. */
function isSchedulingChange(old: PodInfo, next: PodInfo): boolean {
  return (
    JSON.stringify([old.pod.spec, old.labels, old.pod.metadata.deletionTimestamp]) !==
    JSON.stringify([next.pod.spec, next.labels, next.pod.metadata.deletionTimestamp])
  );
}
