/**
 * The volumes of one pod on their way into the runtime: found out, set, and set again when what they hold has changed. Level-triggered like the
 * pod's machine: `markStale` says that something may have changed, `advance` looks. A volume that was set once stays usable whatever becomes
 * of its sources. Models kubernetes pkg/kubelet/volumemanager.
 */
import { uidOf } from '../api/object-meta.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { Volume } from '../kinds/pod/volume-types.ts';
import type { VolumeContent } from '../protocol/runtime.ts';
import { containersOf } from './pod-needs.ts';
import type { NodeFacts } from './pod-surroundings.ts';
import { PodTokens } from './pod-tokens.ts';
import type { Turn } from './turn.ts';
import { volumeContentOf } from './volume-content.ts';
import type { VolumeSources, VolumeVerdict } from './volume-verdict.ts';

interface VolumeState {
  /** What the runtime holds; null until it was set. */
  content: VolumeContent | null;
  /** The call that is under way, compared by identity. */
  operation: object | null;
  isStale: boolean;
  /** Its unique name, if it has to be attached. */
  attachment: string;
  complaint: string;
  /** The complaint is told again after this; infinite while there is none. */
  tellAtMs: number;
  backoffMs: number;
}

export class PodVolumes {
  readonly #facts: NodeFacts;
  readonly #states = new Map<string, VolumeState>();
  readonly #tokens: PodTokens;
  /** The volumes of this spec that are mounted. */
  #mounted: { readonly spec: Pod['spec']; readonly volumes: readonly Volume[] } | null = null;

  constructor(facts: NodeFacts) {
    this.#facts = facts;
    this.#tokens = new PodTokens(facts.limits.mountRetryMinMs);
  }

  /** Adds the unique names of those that have to be attached to `names`. */
  collectAttachments(names: Set<string>): void {
    for (const { attachment } of this.#states.values()) if (attachment !== '') names.add(attachment);
  }

  get haveAttachments(): boolean {
    for (const { attachment } of this.#states.values()) if (attachment !== '') return true;
    return false;
  }

  /** The runtime was asked to hold something for this pod. */
  get areBegun(): boolean {
    return [...this.#states.values()].some(({ content, operation }) => content !== null || operation !== null);
  }

  /** What volumes are found out from may have changed. */
  markStale(): void {
    for (const state of this.#states.values()) state.isStale = true;
  }

  /** The runtime may have lost them. */
  forget(): void {
    for (const state of this.#states.values()) {
      state.content = null;
      state.operation = null;
      state.isStale = true;
    }
  }

  /** Takes every step that is possible now; returns whether all have been set. */
  advance(pod: Pod, turn: Turn): boolean {
    if (this.#tokens.nextAtMs() <= turn.nowMs) this.markStale();
    let areSet = true;
    for (const volume of this.#mountedOf(pod)) {
      const state = this.#stateOf(volume.name);
      if (state.operation === null && (state.isStale || state.tellAtMs <= turn.nowMs)) {
        this.#look(pod, volume, state, turn);
      }
      if (state.operation === null && state.tellAtMs > turn.nowMs) turn.wakeAt(state.tellAtMs);
      areSet &&= state.content !== null;
    }
    // One that is due already waits for the answer to what is under way.
    if (this.#tokens.nextAtMs() > turn.nowMs) turn.wakeAt(this.#tokens.nextAtMs());
    return areSet;
  }

  #mountedOf(pod: Pod): readonly Volume[] {
    if (this.#mounted?.spec !== pod.spec) this.#mounted = { spec: pod.spec, volumes: mountedVolumes(pod) };
    return this.#mounted.volumes;
  }

  #stateOf(name: string): VolumeState {
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    const state: VolumeState = {
      content: null,
      operation: null,
      isStale: true,
      attachment: '',
      complaint: '',
      tellAtMs: Number.POSITIVE_INFINITY,
      backoffMs: 0,
    };
    this.#states.set(name, state);
    return state;
  }

  #look(pod: Pod, volume: Volume, state: VolumeState, turn: Turn): void {
    state.isStale = false;
    const verdict = volumeContentOf(volume, this.#sourcesOf(pod, turn));
    if (verdict.type === 'waiting') return calm(state);
    if (verdict.type === 'missing') {
      const text = verdict.isOfClaim
        ? unmounted(volume.name, `failed to process volumes=[${volume.name}]: ${verdict.message}`)
        : setUpFailed(volume.name, verdict.message);
      return this.#complain(state, text, 0, turn);
    }
    state.attachment = verdict.attachment;
    const isAway = verdict.attachment !== '' && !this.#facts.isAttached(verdict.attachment);
    if (isAway && state.content === null) {
      const text = unmounted(volume.name, 'failed to process volumes=[]: timed out waiting for the condition');
      this.#complain(state, text, this.#facts.limits.attachPatienceMs, turn);
    } else if (state.content !== null && isSame(state.content, verdict.content)) calm(state);
    else this.#set(pod, volume.name, verdict, state, turn);
    return undefined;
  }

  #sourcesOf(pod: Pod, turn: Turn): VolumeSources {
    const { objects } = this.#facts;
    return {
      pod,
      place: this.#facts,
      objects,
      token: (audience, seconds) => this.#tokens.find(pod, audience, seconds, turn, () => this.markStale()),
    };
  }

  #set(
    pod: Pod,
    name: string,
    { content }: Extract<VolumeVerdict, { type: 'found' }>,
    state: VolumeState,
    turn: Turn,
  ): void {
    const operation = {};
    state.operation = operation;
    turn.call('setVolume', { podUid: uidOf(pod), name, content }, (answer, later) => {
      if (state.operation !== operation) return;
      state.operation = null;
      if (answer.type === 'done') {
        state.content = content;
        calm(state);
        return;
      }
      if (answer.type === 'failed') this.#complain(state, setUpFailed(name, answer.message), 0, later);
      else state.tellAtMs = later.nowMs + this.#facts.limits.runtimeRetryMs;
    });
  }

  /** Tells why a volume is not there: after `patienceMs` at first, then after waits that double. */
  #complain(state: VolumeState, complaint: string, patienceMs: number, turn: Turn): void {
    const { mountRetryMinMs, mountRetryMaxMs } = this.#facts.limits;
    if (state.complaint !== complaint) {
      state.complaint = complaint;
      state.backoffMs = 0;
      state.tellAtMs = turn.nowMs + patienceMs;
    }
    if (turn.nowMs < state.tellAtMs) return;
    turn.event('Warning', 'FailedMount', complaint);
    state.backoffMs = Math.min(mountRetryMaxMs, Math.max(mountRetryMinMs, state.backoffMs * 2));
    state.tellAtMs = turn.nowMs + state.backoffMs;
  }
}

function calm(state: VolumeState): void {
  state.complaint = '';
  state.backoffMs = 0;
  state.tellAtMs = Number.POSITIVE_INFINITY;
}

/** The volumes that a container of the pod uses; the others are not mounted. */
function mountedVolumes(pod: Pod): readonly Volume[] {
  const used = new Set(
    containersOf(pod).flatMap(({ volumeMounts = [], volumeDevices = [] }) =>
      [...volumeMounts, ...volumeDevices].map(({ name }) => name),
    ),
  );
  return (pod.spec.volumes ?? []).filter(({ name }) => used.has(name));
}

function setUpFailed(name: string, message: string): string {
  return `MountVolume.SetUp failed for volume ${JSON.stringify(name)} : ${message}`;
}

function unmounted(name: string, rest: string): string {
  return `Unable to attach or mount volumes: unmounted volumes=[${name}], unattached volumes=[], ${rest}`;
}

function isSame(left: VolumeContent, right: VolumeContent): boolean {
  // What was made once for the pod holds what its containers wrote: only files are ever replaced.
  if (left.type !== 'files' || right.type !== 'files') return left.type === right.type;
  if (left.files.length !== right.files.length) return false;
  return left.files.every((file, index) => {
    const other = right.files[index];
    return other?.path === file.path && other.mode === file.mode && equalBytes(other.bytes, file.bytes);
  });
}
