/**
 * The scheduler as one pure machine: informer events in, decisions out. It owns the queue and the snapshot and keeps the promise between
 * them: a pod is in the queue, or counted in the snapshot, or of no concern.
 *
 * A decision to bind leaves the pod assumed on its node. Whoever carries it out calls `bound` or `bindFailed`; the informer's view of the
 * pod confirms it either way. A decision to displace pods leaves the pod nominated; their end lets it be tried again.
 * Models kubernetes pkg/scheduler/schedule_one.go and eventhandlers.go.
 */
import { nameOf, uidOf } from '../api/object-meta.ts';
import { assert, must } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Random } from '../base/random.ts';
import type { Node } from '../kinds/node/types.ts';
import type { Pod } from '../kinds/pod/types.ts';
import { type ClusterEvent, nodeChanges, placedPodChanges } from './cluster-event.ts';
import { SchedulingCycle } from './cycle.ts';
import { diagnosisMessage } from './diagnosis.ts';
import { type SchedulerLimits, schedulerLimits } from './limits.ts';
import type { Nomination, Plugin, Profile } from './plugin.ts';
import { type PodInfo, podInfoOf } from './pod-info.ts';
import { type QueuePlugins, type ReturnReason, SchedulingQueue } from './queue.ts';
import { Snapshot } from './snapshot.ts';
import type { Surroundings } from './surroundings.ts';
import type { Rejection, Verdict } from './verdict.ts';

export interface BindDecision {
  readonly type: 'bind';
  readonly pod: PodInfo;
  readonly nodeName: string;
  readonly profile: Profile;
}

/** What becomes of a rejected pod's nomination. */
export type NominationChange =
  | { readonly type: 'keep' }
  | { readonly type: 'clear' }
  /** `victims` are to be deleted; `displaced` had counted on the same node and are nominated no more. */
  | {
      readonly type: 'set';
      readonly nodeName: string;
      readonly victims: readonly PodInfo[];
      readonly displaced: readonly PodInfo[];
    };

export interface RejectDecision {
  readonly type: 'rejected';
  readonly pod: PodInfo;
  /** Why the condition PodScheduled is False. */
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  readonly nomination: NominationChange;
}

export type Decision = BindDecision | RejectDecision;

export interface SchedulerOptions {
  /** At least one, each with a name of its own; the first one's queueSort orders the pods of all. */
  readonly profiles: readonly Profile[];
  readonly random: Random;
  readonly limits?: SchedulerLimits;
  readonly surroundings?: Surroundings;
}

/** A profile with what is derived from it. */
interface Lane {
  readonly profile: Profile;
  readonly cycle: SchedulingCycle;
  readonly plugins: QueuePlugins;
}

const keep: NominationChange = { type: 'keep' };
const clear: NominationChange = { type: 'clear' };

export class Scheduler {
  readonly snapshot: Snapshot;
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #queue: SchedulingQueue;
  readonly #limits: SchedulerLimits;
  /** Pods that have a decision to bind which is not carried out yet. */
  readonly #binding = new Map<string, BindDecision>();
  /** Those of them that wait for something beside the API server's answer. */
  readonly #preparing = new Set<string>();

  constructor({ profiles, random, limits = schedulerLimits, surroundings }: SchedulerOptions) {
    this.snapshot = new Snapshot(surroundings);
    this.#limits = limits;
    this.#lanes = new Map(profiles.map((profile) => [profile.schedulerName, laneOf(profile, random)]));
    assert(this.#lanes.size === profiles.length, 'two profiles have one name');
    const [first] = profiles;
    const { queueSort } = must(first, 'a scheduler has a profile');
    this.#queue = new SchedulingQueue(queueSort, (pod) => this.#laneOf(pod.pod).plugins, limits);
  }

  /** How many bindings are under way. */
  get bindingCount(): number {
    return this.#binding.size;
  }

  /** Tells whether `next` would return a decision now, but for back-offs that end meanwhile. */
  get isIdle(): boolean {
    return this.#queue.activeCount === 0 || this.#isBusy;
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
    const info = must(this.snapshot.node(nameOf(node)), 'a node that was set is known');
    for (const type of changes) this.happened({ type, node: info }, nowMs);
  }

  nodeDeleted(name: string, nowMs: MonotonicMs): void {
    const known = this.snapshot.node(name);
    this.snapshot.removeNode(name);
    if (known !== undefined) this.happened({ type: 'nodeGone', node: known }, nowMs);
  }

  /** Takes over a pod that is new or has changed. */
  podSet(pod: Pod, nowMs: MonotonicMs): void {
    const uid = uidOf(pod);
    if (isFinished(pod)) {
      this.#remove(uid, nowMs);
      return;
    }
    const waiting = this.#queue.podOf(uid);
    const info = podInfoOf(pod, this.snapshot.placementOf(uid)?.pod ?? waiting);
    const nodeName = pod.spec.nodeName ?? '';
    if (nodeName !== '') this.#placed(info, nodeName, nowMs);
    else if (info.isTerminating) this.#remove(uid, nowMs);
    else if (this.#lanes.has(pod.spec.schedulerName ?? '') && !this.snapshot.isAssumed(uid)) {
      this.#followNomination(info, waiting);
      this.#queue.set(info, nowMs);
    }
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
    if (this.#isBusy) return null;
    const queued = this.#queue.pop(nowMs);
    if (queued === undefined) return null;
    const { pod } = queued;
    const { profile, cycle, plugins } = this.#laneOf(pod.pod);
    const outcome = cycle.run(pod, this.snapshot);
    if (outcome.type === 'failed') {
      this.#queue.giveBack(pod.uid, { type: 'failed' }, nowMs);
      return { type: 'rejected', pod, reason: 'SchedulerError', message: outcome.message, nomination: keep };
    }
    if (outcome.type === 'unschedulable') {
      const { rejectors } = outcome.diagnosis;
      // Without nodes nobody rejects the pod, but any of its filters would have to be asked about a new one.
      const concerned = rejectors.size > 0 ? rejectors : new Set(plugins.rejecting.keys());
      this.#queue.giveBack(pod.uid, { type: 'rejected', rejectors: concerned }, nowMs);
      const nomination = this.#nominate(pod, outcome.nomination, nowMs);
      const message = diagnosisMessage(outcome.diagnosis);
      return { type: 'rejected', pod, reason: 'Unschedulable', message, nomination };
    }
    return this.#settle(pod, outcome.nodeName, profile, nowMs);
  }

  /** The pod of a decision to bind is still being prepared (its volumes, say): others need not wait for it. */
  preparing(uid: string): void {
    if (this.#binding.has(uid)) this.#preparing.add(uid);
  }

  /** The API server accepted the binding; the informer will show the pod on its node. */
  bound(uid: string): void {
    const binding = this.#endBinding(uid);
    this.#queue.delete(uid);
    if (binding === undefined) return;
    this.snapshot.volumePlans.delete(uid);
    for (const plugin of binding.profile.postBind) plugin.postBind(binding.pod, binding.nodeName);
  }

  /** The binding certainly did not happen: the pod is free again and is tried again after a back-off. */
  bindFailed(uid: string, nowMs: MonotonicMs): void {
    const binding = this.#endBinding(uid);
    if (binding === undefined) return;
    if (!this.snapshot.isAssumed(uid)) {
      this.#queue.delete(uid);
      this.#unreserve(binding);
      return;
    }
    this.snapshot.forget(uid);
    this.#unreserve(binding);
    this.#queue.giveBack(uid, { type: 'failed' }, nowMs);
    this.happened({ type: 'podGone', pod: binding.pod }, nowMs);
  }

  /** Not all victims could be deleted: the pod that displaced them is tried again. */
  preemptionFailed(uid: string, nowMs: MonotonicMs): void {
    this.#queue.release(uid, nowMs);
  }

  get #isBusy(): boolean {
    return this.#binding.size - this.#preparing.size >= this.#limits.bindingsMax;
  }

  #laneOf(pod: Pod): Lane {
    return must(this.#lanes.get(pod.spec.schedulerName ?? ''), 'a pod of no profile is queued');
  }

  #settle(pod: PodInfo, nodeName: string, profile: Profile, nowMs: MonotonicMs): Decision {
    this.snapshot.nominations.delete(pod.uid);
    this.snapshot.assume(pod, nodeName);
    const decision: BindDecision = { type: 'bind', pod, nodeName, profile };
    const refusal = this.#reserve(decision);
    if (refusal === null) {
      this.#binding.set(pod.uid, decision);
      return decision;
    }
    this.snapshot.forget(pod.uid);
    this.#unreserve(decision);
    this.#queue.giveBack(pod.uid, refusal.return, nowMs);
    const reason = refusal.return.type === 'failed' ? 'SchedulerError' : 'Unschedulable';
    return { type: 'rejected', pod, reason, message: refusal.message, nomination: clear };
  }

  #nominate(pod: PodInfo, found: Nomination | null, nowMs: MonotonicMs): NominationChange {
    if (found === null || found.type === 'pending') return keep;
    const { nominations } = this.snapshot;
    if (found.type === 'helpless') {
      nominations.delete(pod.uid);
      return clear;
    }
    const { nodeName, victims } = found;
    const displaced = [...nominations.on(nodeName).values()].filter(({ priority }) => priority < pod.priority);
    for (const { uid } of displaced) {
      nominations.delete(uid);
      this.#queue.release(uid, nowMs);
    }
    nominations.set(pod, nodeName);
    return { type: 'set', nodeName, victims, displaced };
  }

  /** Takes over a nomination that somebody wrote: an earlier scheduler, or this one, whose own view may be ahead. */
  #followNomination(info: PodInfo, former: PodInfo | undefined): void {
    const { nominations } = this.snapshot;
    const told = info.pod.status?.nominatedNodeName ?? '';
    const toldBefore = former?.pod.status?.nominatedNodeName ?? '';
    const nodeName = told === toldBefore ? (nominations.nodeNameOf(info.uid) ?? '') : told;
    if (nodeName === '') nominations.delete(info.uid);
    else nominations.set(info, nodeName);
  }

  #placed(info: PodInfo, nodeName: string, nowMs: MonotonicMs): void {
    const former = this.snapshot.placementOf(info.uid);
    this.snapshot.nominations.delete(info.uid);
    this.snapshot.setPod(info, nodeName);
    this.#queue.delete(info.uid);
    const isNew = former === undefined || former.isAssumed || former.nodeName !== nodeName;
    const changes = isNew ? (['podPlaced'] as const) : placedPodChanges(former.pod, info);
    for (const type of changes) this.happened({ type, pod: info }, nowMs);
  }

  #remove(uid: string, nowMs: MonotonicMs): void {
    const placement = this.snapshot.placementOf(uid);
    this.snapshot.nominations.delete(uid);
    this.snapshot.removePod(uid);
    this.#queue.delete(uid);
    if (placement !== undefined) this.happened({ type: 'podGone', pod: placement.pod }, nowMs);
  }

  #reserve(decision: BindDecision): { readonly return: ReturnReason; readonly message: string } | null {
    const { pod, nodeName, profile } = decision;
    for (const plugin of profile.reserve) {
      const verdict = plugin.reserve(pod, nodeName, this.snapshot);
      if (verdict.type !== 'success') return refusalOf(plugin, verdict);
    }
    for (const plugin of profile.permit) {
      const verdict: Verdict = plugin.permit(pod, nodeName, this.snapshot);
      if (verdict.type !== 'success') return refusalOf(plugin, verdict);
    }
    return null;
  }

  #unreserve({ pod, nodeName, profile }: BindDecision): void {
    for (const plugin of profile.reserve.toReversed()) plugin.unreserve(pod, nodeName, this.snapshot);
  }

  #endBinding(uid: string): BindDecision | undefined {
    const binding = this.#binding.get(uid);
    this.#binding.delete(uid);
    this.#preparing.delete(uid);
    return binding;
  }
}

function laneOf(profile: Profile, random: Random): Lane {
  const { filter, reserve, permit, preEnqueue } = profile;
  const rejecting = new Map<string, Plugin>();
  for (const plugin of [...preEnqueue, ...filter, ...reserve, ...permit]) rejecting.set(plugin.name, plugin);
  return { profile, cycle: new SchedulingCycle(profile, random), plugins: { preEnqueue, rejecting } };
}

function refusalOf(plugin: Plugin, { type, reasons }: Rejection): { return: ReturnReason; message: string } {
  const rejectors = new Set([plugin.name]);
  return {
    return: type === 'failed' ? { type: 'failed' } : { type: 'rejected', rejectors },
    message: reasons.join(', '),
  };
}

function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
