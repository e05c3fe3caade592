/** The containers of one pod: those of its spec by role, and what the runtime shows of them. */
import type { WallMs } from '../base/brand.ts';
import type { Container, Pod } from '../kinds/pod/types.ts';
import type { RuntimeContainer, RuntimeFailure } from '../protocol/runtime.ts';
import {
  type ContainerRecord,
  hasSucceeded,
  isRunning,
  lostInstance,
  newContainerRecord,
  observeInstance,
} from './container-record.ts';
import { isResizing } from './container-resize.ts';
import type { KubeletLimits } from './limits.ts';
import type { Allocation } from './pod-allocation.ts';
import { recallStatus } from './recalled-status.ts';
import type { Turn } from './turn.ts';

export class PodContainers {
  /** Init containers and sidecars, in their order. */
  readonly init: readonly ContainerRecord[];
  readonly main: readonly ContainerRecord[];
  readonly #limits: KubeletLimits;
  #ephemeral: readonly ContainerRecord[] = [];

  constructor(pod: Pod, limits: KubeletLimits) {
    const { initContainers = [], containers } = pod.spec;
    this.#limits = limits;
    this.init = initContainers.map((spec) =>
      newContainerRecord(spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init', limits),
    );
    this.main = containers.map((spec) => newContainerRecord(spec, 'main', limits));
    this.update(pod);
    recallStatus(this.all, pod.status);
  }

  /** Containers that were added to look at the others; they are never started again. */
  get ephemeral(): readonly ContainerRecord[] {
    return this.#ephemeral;
  }

  get all(): readonly ContainerRecord[] {
    return [...this.init, ...this.main, ...this.#ephemeral];
  }

  get areBusy(): boolean {
    return this.all.some(({ operation }) => operation !== null);
  }

  get areRunning(): boolean {
    return this.all.some(isRunning);
  }

  /** What could be resized and is not, or not yet. */
  get areResizing(): boolean {
    return this.#resizable.some(isResizing);
  }

  /** Why the runtime did not resize one of them; null when it did not refuse. */
  get resizeFailure(): RuntimeFailure | null {
    return this.#resizable.find(({ resizeFailure }) => resizeFailure !== null)?.resizeFailure ?? null;
  }

  /** What each of them was given. */
  get given(): Allocation {
    return new Map(this.#resizable.flatMap(({ spec, given }) => (given === null ? [] : [[spec.name, given] as const])));
  }

  forgetFailures(): void {
    for (const record of this.#resizable) record.resizeFailure = null;
  }

  get #resizable(): readonly ContainerRecord[] {
    return [...this.init.filter(({ role }) => role === 'sidecar'), ...this.main];
  }

  /** The main containers have done their work. */
  get haveSucceeded(): boolean {
    return this.main.every(hasSucceeded);
  }

  find(name: string): ContainerRecord | undefined {
    return this.all.find(({ spec }) => spec.name === name);
  }

  /** Takes over a new version of the spec: other images and resources, and ephemeral containers that came. */
  update({ spec }: Pod): void {
    const { ephemeralContainers = [] } = spec;
    const added = ephemeralContainers.filter(({ name }) => this.find(name) === undefined);
    this.#ephemeral = [...this.#ephemeral, ...added.map((each) => newContainerRecord(each, 'ephemeral', this.#limits))];
    const specs: readonly Container[] = [...(spec.initContainers ?? []), ...spec.containers, ...ephemeralContainers];
    for (const record of this.all) record.spec = specs.find(({ name }) => name === record.spec.name) ?? record.spec;
  }

  /** Takes over everything that the runtime has of this pod; what it does not list does not exist. */
  observe(containers: readonly RuntimeContainer[], turn: Turn): void {
    for (const record of this.all) {
      const own = containers.filter(({ config }) => config.name === record.spec.name);
      for (const seen of own.toSorted((left, right) => left.config.attempt - right.config.attempt)) {
        observeInstance(record, seen, turn.nowMs, turn.wallMs);
      }
      for (const { id, config } of own) if (config.attempt < record.restartCount - 1) record.outdated.push(id);
      const { instance } = record;
      if (instance !== null && !own.some(({ id }) => id === instance.id)) lostInstance(record, turn.nowMs, turn.wallMs);
    }
  }

  /** Forgets what was only preparing a start; a create or start that is under way is waited for, or it would leave a container behind. */
  abandon(hasSandbox: boolean): void {
    for (const record of this.all) {
      if (record.operation?.type === 'image' || record.operation?.type === 'pull') record.operation = null;
      if (!hasSandbox) record.operation = null;
    }
  }

  /** A pod that is over has no container that waits: what never ran is told as lost. */
  settleNeverRun(isInitialized: boolean, turn: Pick<Turn, 'nowMs' | 'wallMs'>): void {
    for (const record of [...this.init, ...this.main]) {
      if (isRunning(record) || record.instance?.state === 'exited' || record.operation !== null) continue;
      if (record.role === 'init' && isInitialized) continue;
      markLost(record, turn.wallMs, turn.nowMs);
    }
  }
}

function markLost(record: ContainerRecord, finishedAtMs: WallMs, sinceMs: Turn['nowMs']): void {
  const exit = {
    containerId: '',
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    startedAtMs: null,
    finishedAtMs,
  };
  record.instance = { state: 'exited', id: record.instance?.id ?? '', exit, sinceMs };
}
