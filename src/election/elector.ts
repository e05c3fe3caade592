/**
 * One candidate for one office, as a step machine: it campaigns with a lease of its own, renews the lease while it holds the office, and
 * watches the office while another holds it.
 *
 *   granting -> campaigning -> holding   (renewed, until the lease is lost, resigned or a fence failed)
 *       ^            |            |
 *       |            v            v
 *     pausing <- standing by    pausing, or resigning -> resting
 *
 * The truth is the key in the store; this machine only believes. It stands down by its own clock before the lease can have ended, and if it
 * is late all the same, the fence that its holder's writes carry makes the store refuse them (see store/recipes/election.ts). A lease that
 * was granted in doubt (no answer) is left to expire. Shared by controllers and scheduler. Models client-go tools/leaderelection and etcd
 * client/v3/concurrency/election.go.
 */
import type { Effect } from '../actor/effect.ts';
import type { Input } from '../actor/input.ts';
import { assert, must } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { utf8, utf8Text } from '../base/bytes.ts';
import { singleKey } from '../mvcc/key-range.ts';
import { type KeyValue, type LeaseId, noLease, type Revision } from '../mvcc/key-value.ts';
import type { WatchItem } from '../protocol/store.ts';
import { campaign, type Fence, readCampaign } from '../store/recipes/election.ts';
import type { StoreReply, StoreRequest } from '../store/store-request.ts';
import {
  electionAskTimeoutMs,
  electionRetryMs,
  electorIds,
  renewalsPerLease,
  standbyPollMs,
  standDownShare,
} from './limits.ts';

export interface ElectorOptions {
  /** The key of the office. */
  readonly key: string;
  /** The candidate's name, for others to see. */
  readonly candidate: string;
  readonly ttlSeconds: number;
  /** Paths of store replicas, the preferred one first. */
  readonly replicas: readonly string[];
  /** The elector's ask and subscription ids lie above this and below `idMin` + `electorIds`, and are used again and again. */
  readonly idMin: number;
}

export type ElectionEvent =
  | { readonly type: 'elected'; readonly fence: Fence }
  | { readonly type: 'deposed'; readonly reason: string }
  /** What was asked for by `resign` is done as well as it can be: the store has the lease's end, or does not answer. */
  | { readonly type: 'resigned' }
  /** Another holds the office. */
  | { readonly type: 'following'; readonly holder: string };

export interface ElectorTurn {
  readonly effects: readonly Effect[];
  readonly events: readonly ElectionEvent[];
}

type Phase =
  | { readonly type: 'resting' }
  | { readonly type: 'pausing' }
  | { readonly type: 'resigning' }
  | { readonly type: 'granting'; readonly sinceMs: MonotonicMs }
  | { readonly type: 'campaigning'; readonly lease: LeaseId; readonly sinceMs: MonotonicMs }
  | { readonly type: 'standingBy'; readonly holder: string }
  | {
      readonly type: 'holding';
      readonly lease: LeaseId;
      readonly fence: Fence;
      safeUntilMs: number;
      renewSentAtMs: number;
    };

/** The reason of a deposition that the holder asked for. */
export const resignedReason = 'resigned';

const timerKey = 'elector';
const nothing: ElectorTurn = { effects: [], events: [] };

export class Elector {
  readonly #options: ElectorOptions;
  readonly #ttlMs: number;
  #replicas: readonly string[];
  #phase: Phase = { type: 'resting' };
  #replica = 0;
  #lastId: number;
  /** The ask that the phase waits for; answers to earlier ones are stale. */
  #pending = 0;
  #watch = 0;

  constructor(options: ElectorOptions) {
    assert(options.replicas.length > 0, 'an elector needs a store', { key: options.key });
    this.#options = options;
    this.#replicas = options.replicas;
    this.#ttlMs = options.ttlSeconds * 1000;
    this.#lastId = options.idMin;
  }

  /** The proof of office, or null. What the holder writes must carry it. */
  get fence(): Fence | null {
    return this.#phase.type === 'holding' ? this.#phase.fence : null;
  }

  /** Who is known to hold the office, or null. */
  get holder(): string | null {
    if (this.#phase.type === 'holding') return this.#options.candidate;
    return this.#phase.type === 'standingBy' ? this.#phase.holder : null;
  }

  start(nowMs: MonotonicMs): ElectorTurn {
    return { effects: this.#grant(nowMs), events: [] };
  }

  /**
   * Gives the office up and does not stand again. The event `resigned` tells when the store knows, at the latest after the timeout of an ask:
   * an actor that ends before would take its own resignation back.
   */
  resign(): ElectorTurn {
    if (this.#phase.type === 'resigning') return nothing;
    const deposed = this.#depose(resignedReason);
    const revoked = this.#leave();
    this.#pending = revoked.length === 0 ? 0 : this.#lastId;
    const effects = [...revoked, ...this.#unwatch(), { type: 'cancelTimer', key: timerKey } satisfies Effect];
    this.#phase = { type: revoked.length === 0 ? 'resting' : 'resigning' };
    return { effects, events: revoked.length === 0 ? [...deposed, { type: 'resigned' }] : deposed };
  }

  /** The store refused a write of the holder: another holds the office already, or the key is gone. Stands again later. */
  standDown(reason: string): ElectorTurn {
    if (this.#phase.type !== 'holding') return nothing;
    const effects = this.#leave();
    const events = this.#depose(reason);
    return { effects: [...effects, ...this.#pause()], events };
  }

  /** Knows these replicas from now on; the one in use is left only if it is none of them. */
  replaceReplicas(replicas: readonly string[]): void {
    assert(replicas.length > 0, 'an elector needs a store', { key: this.#options.key });
    const position = replicas.indexOf(this.#to());
    this.#replicas = replicas;
    this.#replica = Math.max(0, position);
  }

  /** Takes an input; null when it is none of the elector's. */
  handle(input: Input): ElectorTurn | null {
    switch (input.type) {
      case 'reply':
        if (!this.#owns(input.id)) return null;
        return input.id === this.#pending ? this.#answered(input.body as StoreReply, input.monotonicMs) : nothing;
      case 'askFailed':
        if (!this.#owns(input.id)) return null;
        return input.id === this.#pending ? this.#failed(input.failure.code, input.monotonicMs) : nothing;
      case 'item':
        if (!this.#owns(input.id)) return null;
        return input.id === this.#watch ? this.#told(input.body as WatchItem, input.monotonicMs) : nothing;
      case 'ended':
        if (!this.#owns(input.id)) return null;
        return input.id === this.#watch ? this.#lostSight() : nothing;
      case 'timer':
        return input.key === timerKey ? this.#timeCame(input.monotonicMs) : null;
      default:
        return null;
    }
  }

  #owns(id: number): boolean {
    return id > this.#options.idMin && id < this.#options.idMin + electorIds;
  }

  #grant(nowMs: MonotonicMs): readonly Effect[] {
    this.#phase = { type: 'granting', sinceMs: nowMs };
    const asked = this.#ask({ type: 'leaseGrant', id: noLease, ttlSeconds: this.#options.ttlSeconds });
    return [{ type: 'cancelTimer', key: timerKey }, ...asked];
  }

  #campaign(lease: LeaseId, sinceMs: MonotonicMs): readonly Effect[] {
    this.#phase = { type: 'campaigning', lease, sinceMs };
    const { key, candidate } = this.#options;
    return this.#ask({ type: 'transaction', transaction: campaign(key, utf8(candidate), lease) });
  }

  #answered(reply: StoreReply, nowMs: MonotonicMs): ElectorTurn {
    this.#pending = 0;
    const phase = this.#phase;
    if (phase.type === 'resigning') return this.#resigned();
    if (reply.type === 'failed') return this.#failed(reply.error.code, nowMs);
    if (phase.type === 'granting' && reply.type === 'leaseGranted') {
      return { effects: this.#campaign(reply.id, phase.sinceMs), events: [] };
    }
    if (phase.type === 'campaigning' && reply.type === 'transaction') {
      const outcome = readCampaign(this.#options.key, phase.lease, reply);
      if (outcome.type === 'held') return this.#takeOffice(phase.lease, phase.sinceMs, outcome.fence, nowMs);
      return this.#standBy(phase.lease, outcome.holder, reply.revision);
    }
    if (phase.type === 'holding' && reply.type === 'leaseKept') {
      phase.safeUntilMs = phase.renewSentAtMs + this.#ttlMs * standDownShare;
      return { effects: [this.#timer(this.#ttlMs / renewalsPerLease)], events: [] };
    }
    return nothing;
  }

  /** Counts the lease from when it was asked for: the store cannot have begun earlier. */
  #takeOffice(lease: LeaseId, sinceMs: number, fence: Fence, nowMs: MonotonicMs): ElectorTurn {
    const safeUntilMs = sinceMs + this.#ttlMs * standDownShare;
    if (safeUntilMs <= nowMs) return { effects: [...this.#revoke(lease), ...this.#pause()], events: [] };
    this.#phase = { type: 'holding', lease, fence, safeUntilMs, renewSentAtMs: sinceMs };
    const effects = [this.#timer(Math.min(this.#ttlMs / renewalsPerLease, safeUntilMs - nowMs))];
    return { effects, events: [{ type: 'elected', fence }] };
  }

  #standBy(lease: LeaseId, holder: KeyValue, revision: Revision): ElectorTurn {
    const name = utf8Text(holder.value);
    this.#phase = { type: 'standingBy', holder: name };
    const effects: Effect[] = [...this.#revoke(lease), this.#timer(standbyPollMs)];
    this.#watch = this.#nextId();
    const options = {
      range: singleKey(this.#options.key),
      startRevision: (revision + 1) as Revision,
      noPut: true,
    };
    const request = { options, progressMs: 0 };
    effects.push({ type: 'subscribe', to: this.#to(), id: this.#watch, body: { type: 'watch', request }, credit: 16 });
    return { effects, events: [{ type: 'following', holder: name }] };
  }

  #told(item: WatchItem, nowMs: MonotonicMs): ElectorTurn {
    const isVacant = item.type === 'compacted' || (item.type === 'events' && item.events.length > 0);
    if (!isVacant || this.#phase.type !== 'standingBy') return nothing;
    return { effects: [...this.#unwatch(), ...this.#grant(nowMs)], events: [] };
  }

  #timeCame(nowMs: MonotonicMs): ElectorTurn {
    const phase = this.#phase;
    if (phase.type === 'holding') return this.#renew(phase, nowMs);
    if (phase.type === 'resting' || phase.type === 'resigning') return nothing;
    return { effects: [...this.#unwatch(), ...this.#grant(nowMs)], events: [] };
  }

  #renew(phase: Extract<Phase, { type: 'holding' }>, nowMs: MonotonicMs): ElectorTurn {
    if (nowMs >= phase.safeUntilMs) return this.standDown('the lease could not be renewed in time');
    phase.renewSentAtMs = nowMs;
    const timeoutMs = Math.max(1, Math.min(this.#ttlMs / renewalsPerLease, phase.safeUntilMs - nowMs));
    return { effects: this.#ask({ type: 'leaseKeepAlive', id: phase.lease }, timeoutMs), events: [] };
  }

  /** Another replica may know better; only a lease that is gone is final. */
  #failed(code: string, nowMs: MonotonicMs): ElectorTurn {
    this.#pending = 0;
    this.#replica += 1;
    const phase = this.#phase;
    if (phase.type === 'resigning') return this.#resigned();
    if (phase.type === 'holding') {
      if (code === 'leaseNotFound') return this.standDown('the lease has ended');
      if (nowMs >= phase.safeUntilMs) return this.standDown('the lease could not be renewed in time');
      return { effects: [this.#timer(Math.min(electionRetryMs, phase.safeUntilMs - nowMs))], events: [] };
    }
    const isHopeful =
      phase.type === 'campaigning' && code !== 'leaseNotFound' && nowMs < phase.sinceMs + this.#ttlMs / 2;
    // The campaign may have succeeded unheard: only the same lease finds that out.
    if (isHopeful) return { effects: this.#campaign(phase.lease, phase.sinceMs), events: [] };
    return { effects: this.#pause(), events: [] };
  }

  /** The watch of the office ended: ask another replica soon. */
  #lostSight(): ElectorTurn {
    this.#watch = 0;
    this.#replica += 1;
    return { effects: [this.#timer(electionRetryMs)], events: [] };
  }

  #pause(): readonly Effect[] {
    this.#phase = { type: 'pausing' };
    this.#pending = 0;
    return [this.#timer(electionRetryMs)];
  }

  #resigned(): ElectorTurn {
    this.#phase = { type: 'resting' };
    return { effects: [], events: [{ type: 'resigned' }] };
  }

  #depose(reason: string): ElectionEvent[] {
    return this.#phase.type === 'holding' ? [{ type: 'deposed', reason }] : [];
  }

  /** Revoking the lease deletes the key of the office with it. */
  #leave(): readonly Effect[] {
    const phase = this.#phase;
    return phase.type === 'holding' || phase.type === 'campaigning' ? this.#revoke(phase.lease) : [];
  }

  #revoke(lease: LeaseId): readonly Effect[] {
    const effects = this.#ask({ type: 'leaseRevoke', id: lease });
    this.#pending = 0;
    return effects;
  }

  #unwatch(): readonly Effect[] {
    if (this.#watch === 0) return [];
    const id = this.#watch;
    this.#watch = 0;
    return [{ type: 'unsubscribe', id }];
  }

  #ask(request: StoreRequest, timeoutMs = electionAskTimeoutMs): readonly Effect[] {
    const id = this.#nextId();
    this.#pending = id;
    return [{ type: 'ask', to: this.#to(), id, body: { type: 'request', request }, timeoutMs }];
  }

  /** Begins anew after the last id: whatever used an id before has timed out long since, but for the watch. */
  #nextId(): number {
    const { idMin } = this.#options;
    do this.#lastId = this.#owns(this.#lastId + 1) ? this.#lastId + 1 : idMin + 1;
    while (this.#lastId === this.#watch);
    return this.#lastId;
  }

  #timer(afterMs: number): Effect {
    return { type: 'timer', key: timerKey, afterMs };
  }

  #to(): string {
    return must(this.#replicas[this.#replica % this.#replicas.length], 'no replica');
  }
}
