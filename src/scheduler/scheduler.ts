/**
 * The scheduler as one pure machine: informer events in, decisions out. It owns the queue and the snapshot and keeps the promise between
 * them: a pod is in the queue, or counted in the snapshot, or of no concern.
 *
 * A decision to bind leaves the pod assumed on its node. Whoever carries it out calls `bound` or `bindFailed`; the informer's view of the
 * pod confirms it either way.
 * Models kubernetes pkg/scheduler/schedule_one.go and eventhandlers.go.
 */
import { nameOf, uidOf } from '../api/object-meta.ts';
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Random } from '../base/random.ts';
import type { Node } from '../kinds/node/types.ts';
import type { Pod } from '../kinds/pod/types.ts';
import { type ClusterEvent, nodeChanges } from './cluster-event.ts';
import { SchedulingCycle } from './cycle.ts';
import { type Diagnosis, diagnosisMessage } from './diagnosis.ts';
import { type SchedulerLimits, schedulerLimits } from './limits.ts';
import type { PermitPlugin, Plugin, Profile, ReservePlugin } from './plugin.ts';
import { type PodInfo, podInfoOf } from './pod-info.ts';
import { type ReturnReason, SchedulingQueue } from './queue.ts';
import { Snapshot, type Surroundings } from './snapshot.ts';
import type { Rejection } from './verdict.ts';

export type Decision =
  | { readonly type: 'bind'; readonly pod: PodInfo; readonly nodeName: string }
  | { readonly type: 'rejected'; readonly pod: PodInfo; readonly message: string };

export interface SchedulerOptions {
  readonly profile: Profile;
  readonly random: Random;
  readonly limits?: SchedulerLimits;
  readonly surroundings?: Surroundings;
}

export class Scheduler {
  readonly snapshot: Snapshot;
  readonly #profile: Profile;
  readonly #queue: SchedulingQueue;
  readonly #cycle: SchedulingCycle;
  readonly #limits: SchedulerLimits;
  /** Pods that have a decision to bind which is not carried out yet. */
  readonly #binding = new Map<string, { readonly pod: PodInfo; readonly nodeName: string }>();

  constructor({ profile, random, limits = schedulerLimits, surroundings }: SchedulerOptions) {
    this.snapshot = new Snapshot(surroundings);
    this.#profile = profile;
    this.#limits = limits;
    this.#queue = new SchedulingQueue(profile.queueSort, pluginsOf(profile), limits);
    this.#cycle = new SchedulingCycle(profile, random);
  }

  /** How many bindings are under way. */
  get bindingCount(): number {
    return this.#binding.size;
  }

  /** Tells whether `next` would return a decision now, but for back-offs that end meanwhile. */
  get isIdle(): boolean {
    return this.#queue.activeCount === 0 || this.#binding.size >= this.#limits.bindingsMax;
  }

  /** When `next` should be called again though nothing happened; undefined: never. */
  nextAtMs(): MonotonicMs | undefined {
    return this.#queue.nextAtMs();
  }

  /** Takes over a node that is new or has changed. */
  nodeSet(node: Node, nowMs: MonotonicMs): void {
    const known = this.snapshot.node(nameOf(node));
    const changes = known === undefined ? (['nodeAdded'] as const) : nodeChanges(known.node, node);
    this.snapshot.setNode(node);
    const info = this.snapshot.node(nameOf(node));
    assert(info !== undefined, 'a node that was set is known');
    for (const type of changes) this.happened({ type, node: info }, nowMs);
  }

  nodeDeleted(name: string): void {
    this.snapshot.removeNode(name);
  }

  /** Takes over a pod that is new or has changed. */
  podSet(pod: Pod, nowMs: MonotonicMs): void {
    const info = podInfoOf(pod);
    const nodeName = pod.spec.nodeName ?? '';
    if (isFinished(pod)) this.#remove(info.uid, nowMs);
    else if (nodeName !== '') this.#placed(info, nodeName, nowMs);
    else if (info.isTerminating) this.#remove(info.uid, nowMs);
    else if (this.#isOurs(pod) && !this.snapshot.isAssumed(info.uid)) this.#queue.set(info, nowMs);
  }

  podDeleted(pod: Pod, nowMs: MonotonicMs): void {
    this.#remove(uidOf(pod), nowMs);
  }

  /** Lets the pods go that `event` could help. */
  happened(event: ClusterEvent, nowMs: MonotonicMs): void {
    this.#queue.happened(event, nowMs);
  }

  /** Decides about the next pod; null when no pod is ready or too many bindings are under way. */
  next(nowMs: MonotonicMs): Decision | null {
    if (this.#binding.size >= this.#limits.bindingsMax) return null;
    const queued = this.#queue.pop(nowMs);
    if (queued === undefined) return null;
    const { pod } = queued;
    const outcome = this.#cycle.run(pod, this.snapshot);
    if (outcome.type === 'unschedulable') return this.#reject(pod, outcome.diagnosis, nowMs);
    const { nodeName } = outcome;
    this.snapshot.assume(pod, nodeName);
    const refusal = this.#reserve(pod, nodeName);
    if (refusal !== null) {
      this.#unassume(pod, nodeName);
      this.#queue.giveBack(pod.uid, refusal.reason, nowMs);
      return { type: 'rejected', pod, message: refusal.message };
    }
    this.#binding.set(pod.uid, { pod, nodeName });
    return { type: 'bind', pod, nodeName };
  }

  /** The API server accepted the binding; the informer will show the pod on its node. */
  bound(uid: string): void {
    this.#binding.delete(uid);
    this.#queue.delete(uid);
  }

  /** The binding certainly did not happen: the pod is free again and is tried again after a back-off. */
  bindFailed(uid: string, nowMs: MonotonicMs): void {
    const binding = this.#binding.get(uid);
    if (binding === undefined) return;
    this.#binding.delete(uid);
    if (!this.snapshot.isAssumed(uid)) {
      this.#queue.delete(uid);
      return;
    }
    this.#unassume(binding.pod, binding.nodeName);
    this.#queue.giveBack(uid, { type: 'failed' }, nowMs);
    this.happened({ type: 'podGone', pod: binding.pod }, nowMs);
  }

  #placed(info: PodInfo, nodeName: string, nowMs: MonotonicMs): void {
    const former = this.snapshot.nodeNameOf(info.uid);
    this.snapshot.setPod(info, nodeName);
    this.#queue.delete(info.uid);
    const type = former === undefined ? 'podPlaced' : 'podLabelsChanged';
    this.happened({ type, pod: info }, nowMs);
  }

  #remove(uid: string, nowMs: MonotonicMs): void {
    const nodeName = this.snapshot.nodeNameOf(uid);
    const placed = nodeName === undefined ? undefined : this.snapshot.node(nodeName)?.pods.get(uid);
    this.snapshot.removePod(uid);
    this.#queue.delete(uid);
    if (placed !== undefined) this.happened({ type: 'podGone', pod: placed }, nowMs);
  }

  #isOurs(pod: Pod): boolean {
    return (pod.spec.schedulerName ?? this.#profile.schedulerName) === this.#profile.schedulerName;
  }

  #reject(pod: PodInfo, diagnosis: Diagnosis, nowMs: MonotonicMs): Decision {
    const { rejectors } = diagnosis;
    // Without nodes nobody rejects the pod, but any of its filters would have to be asked about a new one.
    const concerned = rejectors.size > 0 ? rejectors : new Set(this.#profile.filter.map(({ name }) => name));
    this.#queue.giveBack(pod.uid, { type: 'rejected', rejectors: concerned }, nowMs);
    return { type: 'rejected', pod, message: diagnosisMessage(diagnosis) };
  }

  #reserve(pod: PodInfo, nodeName: string): { readonly reason: ReturnReason; readonly message: string } | null {
    const refusals = (plugin: Plugin, rejection: Rejection): { reason: ReturnReason; message: string } => ({
      reason:
        rejection.type === 'failed' ? { type: 'failed' } : { type: 'rejected', rejectors: new Set([plugin.name]) },
      message: `${rejection.reasons.join(', ')}`,
    });
    for (const plugin of this.#profile.reserve) {
      const verdict = plugin.reserve(pod, nodeName);
      if (verdict.type !== 'success') return refusals(plugin satisfies ReservePlugin, verdict);
    }
    for (const plugin of this.#profile.permit) {
      const verdict = plugin.permit(pod, nodeName);
      if (verdict.type !== 'success') return refusals(plugin satisfies PermitPlugin, verdict);
    }
    return null;
  }

  #unassume(pod: PodInfo, nodeName: string): void {
    this.snapshot.forget(pod.uid);
    for (const plugin of this.#profile.reserve.toReversed()) plugin.unreserve(pod, nodeName);
  }
}

function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function pluginsOf({ filter, reserve, permit }: Profile): readonly Plugin[] {
  return [...filter, ...reserve, ...permit];
}
