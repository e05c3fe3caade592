/**
 * The pods of a node that stages play instead of containers, as a step machine: versions of pods, the time and how plays ended go in; plays come
 * out. Each new version of a pod is looked at afresh: one stage is chosen, and played when its delay is over, unless the pod changes first.
 *
 *   waiting for a change -> waiting for the delay -> playing -> waiting for a change
 *
 * While a stage is played, versions of the pod are kept and looked at afterwards; those from before its last write never.
 * Models kwok pkg/kwok/controllers/stage_controller.go preprocess and playStage. Deviates: a pod that no stage matches any more cancels the delay.
 */
import { nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { MonotonicMs, WallMs } from '../../base/brand.ts';
import type { Random } from '../../base/random.ts';
import { type CancelTimer, TimerQueue } from '../../base/timer-queue.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { AddressPool } from '../address-pool.ts';
import { isMirror } from '../critical-pod.ts';
import type { Moment } from '../kubelet-work.ts';
import { chooseStage, delayOf } from './choose-stage.ts';
import type { StageScene } from './render-stage.ts';
import type { Stage } from './stage.ts';

export interface StagedPodsOptions {
  /** Those for pods. */
  readonly stages: readonly Stage[];
  /** Pods that name no RuntimeClass follow stages too. */
  readonly isDefault: boolean;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly startedMs: WallMs;
  /** The node's pool; null while its range is not known. */
  readonly addresses: () => AddressPool | null;
}

/** A stage whose time has come. The one who carries it out answers with `played`. */
export interface StagePlay {
  readonly uid: string;
  readonly stage: Stage;
  readonly pod: Pod;
}

/** How a play ended: `pod` is what the last write made of the pod, null when nothing was written. */
export interface PlayResult {
  readonly pod: Pod | null;
}

interface StagedPod {
  pod: Pod;
  /** The node's address for it, once a stage asked for one. */
  address: string | null;
  chosen: Stage | null;
  isPlaying: boolean;
  /** The resourceVersion that was looked at last. */
  consideredRevision: number;
  /** Versions before it are older than what was written here. */
  leastRevision: number;
  cancelDelay: CancelTimer;
}

/** The RuntimeClass by which pods ask for simulated containers. */
const simulatedClass = 'simulated';
const noDelay: CancelTimer = () => {};

export class StagedPods {
  readonly #options: StagedPodsOptions;
  readonly #random: Random;
  readonly #pods = new Map<string, StagedPod>();
  readonly #delays = new TimerQueue<string>();
  /** They came before the node had addresses. */
  #waiting = new Set<string>();
  #due: StagePlay[] = [];

  constructor(options: StagedPodsOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** Tells whether a pod follows stages. It never changes in a pod's life. */
  owns(pod: Pod): boolean {
    const { stages, isDefault } = this.#options;
    if (stages.length === 0 || isMirror(pod)) return false;
    const { runtimeClassName = '' } = pod.spec;
    return runtimeClassName === '' ? isDefault : runtimeClassName === simulatedClass;
  }

  has(namespace: string, name: string): boolean {
    return [...this.#pods.values()].some(({ pod }) => nameOf(pod) === name && namespaceOf(pod) === namespace);
  }

  podSet(pod: Pod, moment: Moment): void {
    const uid = uidOf(pod);
    const revision = revisionOf(pod);
    const known = this.#pods.get(uid);
    if (known !== undefined && revision <= revisionOf(known.pod)) return;
    const entry = known ?? freshEntry(pod);
    entry.pod = pod;
    this.#pods.set(uid, entry);
    this.#reserve(pod);
    this.#consider(uid, entry, moment);
  }

  podDeleted(pod: Pod): void {
    const uid = uidOf(pod);
    const entry = this.#pods.get(uid);
    if (entry === undefined) return;
    entry.cancelDelay();
    this.#pods.delete(uid);
    this.#waiting.delete(uid);
    const pool = this.#options.addresses();
    for (const address of [entry.address, entry.pod.status?.podIP]) if (address) pool?.release(address);
  }

  /** The node may have addresses now. */
  addressesChanged(): void {
    if (this.#options.addresses() === null || this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const { pod } of this.#pods.values()) this.#reserve(pod);
    for (const uid of waiting) this.#play(uid);
  }

  /** When `wake` has to be called; undefined when nothing is due. */
  nextAtMs(): MonotonicMs | undefined {
    return this.#delays.nextAtMs();
  }

  wake(moment: Moment): void {
    for (;;) {
      const uid = this.#delays.takeDue(moment.monotonicMs);
      if (uid === undefined) return;
      this.#play(uid);
    }
  }

  /** Returns what has to be played since the last call. */
  takePlays(): readonly StagePlay[] {
    const due = this.#due;
    this.#due = [];
    return due;
  }

  /** A play is over. */
  played({ uid, stage }: StagePlay, { pod }: PlayResult, moment: Moment): void {
    const entry = this.#pods.get(uid);
    if (entry === undefined) return;
    entry.isPlaying = false;
    if (pod !== null) {
      entry.leastRevision = revisionOf(pod);
      if (stage.isImmediate && revisionOf(pod) > revisionOf(entry.pod)) entry.pod = pod;
    }
    this.#consider(uid, entry, moment);
  }

  /** What templates may know. A pod gets an address when one asks for it. */
  sceneOf(play: StagePlay, nowMs: WallMs): StageScene {
    const { nodeName, nodeIp, startedMs } = this.#options;
    return { nodeName, nodeIp, podIp: () => this.#addressOf(play), startedMs, nowMs };
  }

  #addressOf({ uid, pod }: StagePlay): string {
    const entry = this.#pods.get(uid);
    if (entry === undefined) return pod.status?.podIP ?? '';
    entry.address ??= pod.status?.podIP ?? this.#options.addresses()?.allocate() ?? null;
    return entry.address ?? '';
  }

  #consider(uid: string, entry: StagedPod, moment: Moment): void {
    const revision = revisionOf(entry.pod);
    if (entry.isPlaying || revision <= entry.consideredRevision || revision < entry.leastRevision) return;
    entry.consideredRevision = revision;
    entry.cancelDelay();
    entry.cancelDelay = noDelay;
    this.#waiting.delete(uid);
    entry.chosen = chooseStage(this.#options.stages, entry.pod, this.#random);
    if (entry.chosen === null) return;
    const delayMs = delayOf(entry.chosen, entry.pod, moment.wallMs, this.#random);
    if (delayMs === 0) this.#play(uid);
    else entry.cancelDelay = this.#delays.add((moment.monotonicMs + delayMs) as MonotonicMs, uid);
  }

  #play(uid: string): void {
    const entry = this.#pods.get(uid);
    if (entry === undefined || entry.chosen === null) return;
    if (this.#options.addresses() === null) {
      this.#waiting.add(uid);
      return;
    }
    this.#due.push({ uid, stage: entry.chosen, pod: entry.pod });
    entry.isPlaying = true;
    entry.chosen = null;
  }

  #reserve({ status }: Pod): void {
    if (status?.podIP !== undefined) this.#options.addresses()?.reserve(status.podIP);
  }
}

function freshEntry(pod: Pod): StagedPod {
  return {
    pod,
    address: null,
    chosen: null,
    isPlaying: false,
    consideredRevision: 0,
    leastRevision: 0,
    cancelDelay: noDelay,
  };
}

function revisionOf(pod: Pod): number {
  return Number(pod.metadata.resourceVersion ?? 0);
}
