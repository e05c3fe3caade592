/**
 * The scheduler of one term of office: informers feed the pure Scheduler, its decisions become flows, and the ends of these go back to it. Made
 * when the election is won and dropped when it is lost; a standby has none of this.
 */

import type { Effect } from '../../src/actor/effect.ts';
import type { Flow } from '../../src/actor/flow.ts';
import type { FlowEnd, FlowRunner } from '../../src/actor/flow-runner.ts';
import type { Input, Stamp } from '../../src/actor/input.ts';
import type { Memo } from '../../src/actor/memo.ts';
import { nameOf, objectKey } from '../../src/api/object-meta.ts';
import type { Random } from '../../src/base/random.ts';
import { mirrorOffice } from '../../src/election/lease-mirror.ts';
import { EventRecorder, type Occurrence } from '../../src/kinds/event/event-recorder.ts';
import type { Node } from '../../src/kinds/node/types.ts';
import type { Pod } from '../../src/kinds/pod/types.ts';
import { ApiClient } from '../../src/protocol/api-client.ts';
import type { Fence } from '../../src/protocol/apiserver.ts';
import { bindingOf } from '../../src/scheduler/binding.ts';
import type { SchedulerLimits } from '../../src/scheduler/limits.ts';
import type { BindOutcome, Profile } from '../../src/scheduler/plugin.ts';
import type { PodInfo } from '../../src/scheduler/pod-info.ts';
import { type BindDecision, type Decision, type RejectDecision, Scheduler } from '../../src/scheduler/scheduler.ts';
import type { Writer } from '../../src/scheduler/writer.ts';
import { clearNomination, displacePod, recordEvent, reportRejection } from '../../src/scheduler/writes.ts';
import type { Change, Informer } from '../../src/streams/informer.ts';
import { changesOf, InformerSet, type InformerTurn } from '../../src/streams/informer-set.ts';
import { addSurroundings, eventOf, InformedSurroundings, type SurroundingInformers } from './surroundings.ts';

export interface ActiveOptions {
  /** The candidate that was elected, as others see it, and for how long it holds the office without renewal. */
  readonly candidate: string;
  readonly leaseSeconds: number;
  readonly apiServers: readonly string[];
  readonly fence: Fence;
  readonly limits: SchedulerLimits;
  readonly profiles: readonly Profile[];
  readonly random: Random;
  readonly memo: Memo;
  readonly runner: FlowRunner;
  /** Subscription ids from here on are this term's. */
  readonly subscriptionMin: number;
}

const userAgent = 'kube-scheduler/v1.36.0';
const leaseName = 'kube-scheduler';
const cycleTimer = 'scheduler:cycle';
const core = { group: '', version: 'v1' };
/** Pods that have finished hold nothing of a node, as upstream's scheduler does not watch them. */
const unfinished = 'status.phase!=Succeeded,status.phase!=Failed';

export class ActiveScheduler {
  readonly #options: ActiveOptions;
  readonly #limits: SchedulerLimits;
  readonly #runner: FlowRunner;
  readonly #writer: Writer;
  readonly #recorder: EventRecorder;
  readonly #informers: InformerSet;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #surroundings: SurroundingInformers;
  readonly #scheduler: Scheduler;
  readonly #flows = new Set<number>();
  /** When the timer of the next cycle is set to; undefined when it is not, or has fired. */
  #wakeAtMs: Stamp['monotonicMs'] | undefined = undefined;
  /** The turn that is being handled: flows that end in it have no other clock. */
  #stamp: Stamp = { monotonicMs: 0 as Stamp['monotonicMs'], wallMs: 0 as Stamp['wallMs'] };
  /** The store refused a write: another scheduler is elected. */
  isDeposed = false;

  constructor(options: ActiveOptions) {
    const { apiServers: servers, fence, limits, profiles, random, runner, subscriptionMin } = options;
    const groups = ['system:masters'];
    const identity = {
      servers,
      credentials: { type: 'component', user: 'system:kube-scheduler', groups } as const,
      userAgent,
    };
    this.#options = options;
    this.#limits = limits;
    this.#runner = runner;
    this.#writer = { api: new ApiClient(identity), fence };
    this.#recorder = new EventRecorder({ component: 'default-scheduler', host: '' }, random.fork('events'));
    this.#informers = new InformerSet({ ...identity, memo: options.memo }, random.fork('informers'), subscriptionMin);
    const informers = this.#informers;
    this.#nodes = informers.add<Node>({ resource: { ...core, resource: 'nodes' } });
    this.#pods = informers.add<Pod>({ resource: { ...core, resource: 'pods' }, fieldSelector: unfinished });
    this.#surroundings = addSurroundings(informers);
    const surroundings = new InformedSurroundings(this.#surroundings);
    this.#scheduler = new Scheduler({
      profiles,
      random: random.fork('choice'),
      limits,
      surroundings,
    });
  }

  start(stamp: Stamp): readonly Effect[] {
    this.#stamp = stamp;
    const { candidate: holder, leaseSeconds, fence } = this.#options;
    const office = { name: leaseName, holder, leaseSeconds, acquiredWallMs: stamp.wallMs, fence };
    const mirror = mirrorOffice(office, this.#writer.api, () => this.#stamp.wallMs);
    return [...this.#informers.start(stamp.monotonicMs), ...this.#run(mirror, () => [])];
  }

  /** Drops everything that is under way. */
  stop(): readonly Effect[] {
    const cancelled = [...this.#flows].flatMap((id) => this.#runner.cancel(id));
    return [...this.#informers.stop(), ...cancelled, { type: 'cancelTimer', key: cycleTimer }];
  }

  /** Knows these API servers from now on, in order of preference. */
  replaceServers(servers: readonly string[]): readonly Effect[] {
    this.#writer.api.replaceServers(servers);
    return this.#informers.replaceServers(servers);
  }

  /** Takes an input; null when it is none of the scheduler's. */
  handle(input: Input): readonly Effect[] | null {
    this.#stamp = { monotonicMs: input.monotonicMs, wallMs: input.wallMs };
    if (input.type === 'timer' && input.key === cycleTimer) {
      this.#wakeAtMs = undefined;
      return [];
    }
    const turn = this.#informers.handle(input);
    if (turn === null) return null;
    this.#learn(turn, input);
    return turn.effects;
  }

  /** Schedules what is ready: once per turn, so that a burst of pods is seen whole. */
  flush(stamp: Stamp): readonly Effect[] {
    this.#stamp = stamp;
    if (!this.#informers.hasSynced) return [];
    const effects: Effect[] = [];
    for (let cycle = 0; cycle < this.#limits.cyclesPerTurnMax; cycle += 1) {
      const decision = this.#scheduler.next(stamp.monotonicMs);
      if (decision === null) break;
      effects.push(...this.#carryOut(decision));
    }
    const nextAtMs = this.#scheduler.isIdle ? this.#scheduler.nextAtMs() : stamp.monotonicMs;
    if (nextAtMs !== undefined && nextAtMs !== this.#wakeAtMs) {
      effects.push({ type: 'timer', key: cycleTimer, afterMs: Math.max(0, nextAtMs - stamp.monotonicMs) });
    }
    this.#wakeAtMs = nextAtMs;
    return effects;
  }

  #learn(turn: InformerTurn, { monotonicMs }: Stamp): void {
    if (turn.changes.length === 0) return;
    for (const change of changesOf(turn, this.#nodes)) {
      if (change.type === 'deleted') this.#scheduler.nodeDeleted(nameOf(change.object), monotonicMs);
      else this.#scheduler.nodeSet(change.object, monotonicMs);
    }
    for (const change of changesOf(turn, this.#pods)) this.#learnPod(change, monotonicMs);
    const event = eventOf(turn.informer, this.#surroundings);
    if (event !== null) this.#scheduler.happened(event, monotonicMs);
  }

  #learnPod(change: Change<Pod>, nowMs: Stamp['monotonicMs']): void {
    if (change.type === 'deleted') this.#scheduler.podDeleted(change.object, nowMs);
    else this.#scheduler.podSet(change.object, nowMs);
  }

  #carryOut(decision: Decision): readonly Effect[] {
    if (decision.type === 'bind') return this.#bind(decision);
    const { pod, message } = decision;
    return [...this.#report(decision), ...this.#tell(pod.pod, 'Warning', 'FailedScheduling', message)];
  }

  #bind(decision: BindDecision): readonly Effect[] {
    const { pod, nodeName } = decision;
    const { flow, mustPrepare } = bindingOf(decision, this.#scheduler.snapshot, this.#writer);
    if (mustPrepare) this.#scheduler.preparing(pod.uid);
    return this.#run(flow, (end) => this.#bindEnded(pod, nodeName, end));
  }

  #report({ pod, reason, message, nomination }: RejectDecision): readonly Effect[] {
    const nominatedNodeName =
      nomination.type === 'keep' ? undefined : nomination.type === 'set' ? nomination.nodeName : '';
    const report = { reason, message, nominatedNodeName };
    const effects = [...this.#run(reportRejection(this.#writer, pod.pod, report, this.#stamp.wallMs), () => [])];
    if (nomination.type !== 'set') return effects;
    for (const { pod: other } of nomination.displaced)
      effects.push(...this.#run(clearNomination(this.#writer, other), () => []));
    for (const victim of nomination.victims) {
      if (!victim.isTerminating) effects.push(...this.#displace(victim, pod, nomination.nodeName));
    }
    return effects;
  }

  #displace(victim: PodInfo, pod: PodInfo, nodeName: string): readonly Effect[] {
    const name = pod.pod.spec.schedulerName ?? '';
    return this.#run(displacePod(this.#writer, victim.pod, name, this.#stamp.wallMs), (end) => {
      if (end.type === 'returned' && end.result) {
        return this.#tell(victim.pod, 'Normal', 'Preempted', `Preempted by pod ${pod.uid} on node ${nodeName}`);
      }
      this.#scheduler.preemptionFailed(pod.uid, this.#stamp.monotonicMs);
      return [];
    });
  }

  #bindEnded(pod: PodInfo, nodeName: string, end: FlowEnd<BindOutcome>): readonly Effect[] {
    const outcome: BindOutcome = end.type === 'returned' ? end.result : { type: 'failed', message: endMessage(end) };
    if (outcome.type === 'bound') {
      this.#scheduler.bound(pod.uid);
      const message = `Successfully assigned ${objectKey(pod.pod)} to ${nodeName}`;
      return this.#tell(pod.pod, 'Normal', 'Scheduled', message);
    }
    this.#scheduler.bindFailed(pod.uid, this.#stamp.monotonicMs);
    if (outcome.type === 'deposed') {
      this.isDeposed = true;
      return [];
    }
    return end.type === 'cancelled' ? [] : this.#tell(pod.pod, 'Warning', 'FailedScheduling', outcome.message);
  }

  #tell(pod: Pod, type: Occurrence['type'], reason: string, message: string): readonly Effect[] {
    const occurrence: Occurrence = { object: podReference(pod), fieldPath: '', type, reason, message };
    const write = this.#recorder.record(occurrence, this.#stamp.wallMs);
    return this.#run(recordEvent(this.#writer, write), () => []);
  }

  #run<Result>(flow: Flow<Result>, onEnd: (end: FlowEnd<Result>) => readonly Effect[]): readonly Effect[] {
    let id = 0;
    const started = this.#runner.start(flow, null, (end) => {
      this.#flows.delete(id);
      return onEnd(end);
    });
    id = started.id;
    if (id !== 0) this.#flows.add(id);
    return started.effects;
  }
}

/** A flow of a user's plugin may throw. */
function endMessage(end: Exclude<FlowEnd<BindOutcome>, { type: 'returned' }>): string {
  if (end.type === 'cancelled') return 'the binding was cancelled';
  return `binding threw: ${end.error instanceof Error ? end.error.message : String(end.error)}`;
}

/** Objects of a watch carry no kind of their own in every form; events need it. */
function podReference(pod: Pod): Pod {
  return pod.kind === 'Pod' ? pod : { ...pod, apiVersion: 'v1', kind: 'Pod' };
}
