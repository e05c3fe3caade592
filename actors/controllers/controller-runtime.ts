/**
 * Runs any controller: informers -> keys -> work queue -> observe -> reconcile -> the plan's writes -> done, or back-off. Waits for whole caches
 * before the first key, works on a few keys at once and never on one key twice, and holds a key back until the caches show what was
 * written for it.
 */
import type { ActorContext } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import { type FlowEnd, FlowRunner } from '../../src/actor/flow-runner.ts';
import type { Input, Stamp } from '../../src/actor/input.ts';
import type { KubeObject } from '../../src/api/object-meta.ts';
import { assert, must } from '../../src/base/assert.ts';
import type { MonotonicMs } from '../../src/base/brand.ts';
import type { AnyController, Cache, CacheChange, WriteFailure } from '../../src/controllers/controller.ts';
import { eventWrite } from '../../src/controllers/event-write.ts';
import type { EventRecord, Plan } from '../../src/controllers/plan.ts';
import { EventRecorder } from '../../src/kinds/event/event-recorder.ts';
import { type ApiAnswer, ApiClient } from '../../src/protocol/api-client.ts';
import type { Fence } from '../../src/protocol/apiserver.ts';
import type { Change, Informer } from '../../src/streams/informer.ts';
import { InformerSet } from '../../src/streams/informer-set.ts';
import { WorkQueue } from '../../src/streams/work-queue.ts';
import { type ControllerArgs, controllersCredentials } from './controllers-args.ts';
import { carryOut, type PlanEnd, sendOnce, type Writer } from './plan-flow.ts';
import { RevisionBarrier } from './revision-barrier.ts';

export interface RuntimeOptions {
  readonly controller: AnyController;
  readonly servers: readonly string[];
  readonly fence: Fence | null;
  /** What to do when a write finds the office lost. */
  readonly onFenceLost: () => readonly Effect[];
}

/** Keys that one controller works on at once; the upstream default of most controllers. */
const workersMax = 5;
/** A key that failed so often in a row is worth a line in the log, and again each time this number doubles. */
const failuresToTell = 8;
const timerKey = 'runtime';
/** How long a read beyond the caches may take: as a write. */
const readTimeoutMs = 5_000;

export class ControllerRuntime {
  readonly #options: RuntimeOptions;
  readonly #context: ActorContext;
  readonly #informers: InformerSet;
  readonly #nameOf = new Map<Informer, string>();
  readonly #caches: Record<string, Cache> = {};
  /** Informers that come and go, by the name of their cache. */
  readonly #dynamic = new Map<string, Informer>();
  readonly #queue: WorkQueue;
  readonly #flows = new FlowRunner();
  readonly #barrier: RevisionBarrier;
  readonly #recorder: EventRecorder;
  readonly #writer: Writer;
  readonly #memory: unknown;
  readonly #failures = new Map<string, WriteFailure>();
  #timerAtMs: number = Number.POSITIVE_INFINITY;
  /** The time of the step under way. */
  #now: Stamp;

  constructor(options: RuntimeOptions, context: ActorContext) {
    const { controller, servers, fence } = options;
    this.#options = options;
    this.#context = context;
    this.#now = context;
    const userAgent = `threemaster-controllers/${controller.name}`;
    const identity = { servers, credentials: controllersCredentials, userAgent };
    this.#informers = new InformerSet({ ...identity, memo: context.memo }, context.random.fork('informers'));
    for (const [name, watched] of Object.entries(controller.watches)) {
      const informer = this.#informers.add(watched as Parameters<InformerSet['add']>[0]);
      this.#nameOf.set(informer, name);
      this.#caches[name] = new InformerCache(informer);
    }
    this.#queue = new WorkQueue(context.random.fork('queue'));
    this.#barrier = new RevisionBarrier(this.#informers.informers());
    this.#recorder = new EventRecorder({ component: controller.name, host: '' }, context.random.fork('events'));
    this.#writer = { api: new ApiClient(identity), fence };
    this.#memory = controller.remember();
  }

  /** What waits and what is under way, for tests and reports. */
  get load(): { readonly queued: number; readonly working: number; readonly hasSynced: boolean } {
    return {
      queued: this.#queue.length,
      working: this.#queue.processing,
      hasSynced: this.#informers.hasSynced,
    };
  }

  handle(input: Input): readonly Effect[] {
    const effects: Effect[] = [];
    this.#now = input;
    if (input.type === 'started') effects.push(...this.#informers.start(input.monotonicMs));
    if (input.type === 'stop') return [{ type: 'stop' }];
    if (input.type === 'reconfigured') effects.push(...this.#replaceServers((input.args as ControllerArgs).servers));
    if (input.type === 'watched' && input.status !== 'running') this.#writer.api.leave(input.path);
    if (input.type === 'timer' && input.key === timerKey) {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#queue.advance(input.monotonicMs);
    }
    const turn = this.#informers.handle(input);
    if (turn !== null) {
      effects.push(...turn.effects);
      if (turn.informer !== null) {
        this.#enqueue(turn.informer, turn.changes);
        if (turn.changes.length > 0) effects.push(...this.#followDynamic(turn.informer, input.monotonicMs));
      }
    } else if (input.type === 'reply' || input.type === 'askFailed' || input.type === 'timer') {
      effects.push(...(this.#flows.handle(input) ?? []));
    }
    this.#work(input, effects);
    return effects;
  }

  #replaceServers(servers: readonly string[]): readonly Effect[] {
    this.#writer.api.replaceServers(servers);
    return this.#informers.replaceServers(servers);
  }

  #enqueue(informer: Informer, changes: readonly Change[]): void {
    const cache = must(this.#nameOf.get(informer), 'a cache for each informer');
    for (const change of changes) {
      for (const key of this.#options.controller.keys(cacheChange(cache, change), this.#caches)) this.#queue.add(key);
    }
  }

  /** Brings the caches that come and go in line with the one that they follow. */
  #followDynamic(changed: Informer, nowMs: MonotonicMs): readonly Effect[] {
    const { dynamic } = this.#options.controller;
    if (dynamic === undefined || this.#nameOf.get(changed) !== dynamic.by) return [];
    const wanted = dynamic.watches(this.#caches);
    const effects: Effect[] = [];
    for (const [name, informer] of this.#dynamic) {
      const { version } = informer.selection.resource;
      if (wanted[name]?.resource.version === version) continue;
      this.#dynamic.delete(name);
      this.#nameOf.delete(informer);
      delete this.#caches[name];
      this.#barrier.remove(informer);
      effects.push(...this.#informers.remove(informer));
    }
    for (const [name, watched] of Object.entries(wanted)) {
      if (this.#caches[name] !== undefined) continue;
      const informer = this.#informers.add(watched as Parameters<InformerSet['add']>[0], true);
      this.#dynamic.set(name, informer);
      this.#nameOf.set(informer, name);
      this.#caches[name] = new InformerCache(informer);
      this.#barrier.add(informer);
      effects.push(...this.#informers.startAdded(informer, nowMs));
    }
    return effects;
  }

  #work(stamp: Stamp, effects: Effect[]): void {
    if (!this.#informers.hasSynced) return;
    for (const key of this.#barrier.released(stamp.monotonicMs)) this.#queue.add(key);
    while (this.#queue.processing < workersMax) {
      const key = this.#queue.take();
      if (key === undefined) break;
      if (this.#barrier.mustWait(key, stamp.monotonicMs)) this.#queue.done(key);
      else this.#reconcile(key, stamp, effects);
    }
    this.#setTimer(stamp.monotonicMs, effects);
  }

  #reconcile(key: string, stamp: Stamp, effects: Effect[]): void {
    const { controller } = this.#options;
    const observed = controller.observe(key, this.#caches);
    if (observed === null) {
      this.#failures.delete(key);
      this.#queue.forget(key);
      this.#queue.done(key);
      return;
    }
    const reads = controller.reads?.(observed, stamp.wallMs) ?? [];
    if (reads.length === 0) {
      this.#decide(key, observed, [], stamp, effects);
      return;
    }
    const started = this.#flows.start(this.#writer.api.callAll(reads, readTimeoutMs), null, (end) => {
      if (end.type === 'threw') throw end.error;
      assert(end.type === 'returned', 'reads are never cancelled', { key });
      const later: Effect[] = [];
      this.#decide(key, observed, end.result, this.#now, later);
      return later;
    });
    effects.push(...started.effects);
  }

  #decide(key: string, observed: unknown, answers: readonly ApiAnswer[], stamp: Stamp, effects: Effect[]): void {
    const plan = this.#options.controller.reconcile(observed, {
      ...stamp,
      random: this.#context.random,
      failure: this.#failures.get(key) ?? null,
      memory: this.#memory,
      answers,
    });
    if (plan.groups.length === 0) {
      this.#finish(key, plan, { type: 'done', requirements: [] }, stamp, effects);
      return;
    }
    const started = this.#flows.start(carryOut(plan, this.#writer), null, (end) => this.#ended(key, plan, end));
    effects.push(...started.effects);
  }

  /** Runs within the step that brought the last answer, so the time is that of the step. */
  #ended(key: string, plan: Plan, end: FlowEnd<PlanEnd>): readonly Effect[] {
    if (end.type === 'threw') throw end.error;
    assert(end.type === 'returned', 'plans are never cancelled', { key });
    const effects: Effect[] = [];
    this.#finish(key, plan, end.result, this.#now, effects);
    return effects;
  }

  #finish(key: string, plan: Plan, end: PlanEnd, stamp: Stamp, effects: Effect[]): void {
    const nowMs = stamp.monotonicMs;
    if (end.type === 'fenceLost') {
      effects.push(...this.#options.onFenceLost());
      return;
    }
    this.#barrier.hold(key, end.requirements, nowMs);
    const isDone = end.type === 'done';
    for (const event of plan.events ?? []) {
      if (isDone || event.isOfFailure === true) effects.push(...this.#record(event, stamp));
    }
    if (isDone) {
      this.#failures.delete(key);
      this.#queue.forget(key);
      if (plan.requeueAfterMs !== undefined) this.#queue.addAfter(key, plan.requeueAfterMs, nowMs);
    } else {
      this.#queue.addAfterFailure(key, nowMs);
      if (end.type === 'failed') this.#noteFailure(key, end.failure, effects);
    }
    this.#queue.done(key);
  }

  #noteFailure(key: string, failure: WriteFailure, effects: Effect[]): void {
    this.#failures.set(key, failure);
    const count = this.#queue.failuresOf(key);
    if (count < failuresToTell || (count & (count - 1)) !== 0) return;
    const { verb, resource, subresource, name } = failure.write;
    const fields = { key, count, verb, resource: resource.resource, subresource, name, reason: failure.status.message };
    effects.push({ type: 'log', level: 'warn', message: 'a plan keeps failing', fields });
  }

  #record(event: EventRecord, { wallMs }: Stamp): readonly Effect[] {
    const { object, type, reason, message } = event;
    const write = this.#recorder.record({ object, type, reason, message, fieldPath: '' }, wallMs);
    return this.#flows.start(sendOnce(eventWrite(write), this.#writer), null, () => []).effects;
  }

  #setTimer(nowMs: MonotonicMs, effects: Effect[]): void {
    const dueMs = Math.min(
      this.#queue.nextAtMs() ?? Number.POSITIVE_INFINITY,
      this.#barrier.nextAtMs() ?? Number.POSITIVE_INFINITY,
    );
    if (dueMs === this.#timerAtMs || dueMs === Number.POSITIVE_INFINITY) return;
    this.#timerAtMs = dueMs;
    effects.push({ type: 'timer', key: timerKey, afterMs: Math.max(0, dueMs - nowMs) });
  }
}

/** The side of an informer that reconcilers see. */
class InformerCache implements Cache {
  readonly #informer: Informer;

  constructor(informer: Informer) {
    this.#informer = informer;
  }

  get size(): number {
    return this.#informer.indexer.size;
  }

  get(key: string): KubeObject | undefined {
    return this.#informer.indexer.get(key);
  }

  by(index: string, value: string): readonly KubeObject[] {
    return this.#informer.indexer.by(index, value);
  }

  values(): Iterable<KubeObject> {
    return this.#informer.indexer.values();
  }
}

function cacheChange(cache: string, change: Change): CacheChange<Record<string, KubeObject>> {
  switch (change.type) {
    case 'added':
      return { cache, old: null, object: change.object };
    case 'updated':
      return { cache, old: change.old, object: change.object };
    case 'deleted':
      return { cache, old: change.object, object: null };
  }
}
