/** One container of a real program: what it is, what became of it, and its log. */
import type { ProgramSpec, ProgramType } from '../../actor/programs-port.ts';
import { assert } from '../../base/assert.ts';
import type { WallMs } from '../../base/brand.ts';
import type { ContainerConfig, ContainerState, RuntimeContainer, SandboxConfig } from '../../protocol/runtime.ts';
import { LineLog } from './line-log.ts';

/** How a program ended. */
export interface ProgramEnd {
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
  /** Of its termination message file. */
  readonly message: string;
}

/** As the kubelet cuts the end of a log for a termination message. */
const fallbackLinesMax = 80;
const fallbackCharactersMax = 2_048;

export class ProgramContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly podUid: string;
  readonly type: ProgramType;
  config: ContainerConfig;
  readonly log = new LineLog();
  /** The number of its program; 0 until it is started. */
  program = 0;
  readonly #createdAtMs: WallMs;
  #state: ContainerState = 'created';
  #startedAtMs: WallMs | null = null;
  #finishedAtMs: WallMs | null = null;
  #exitCode = 0;
  #reason = '';
  #message = '';

  constructor(
    id: string,
    place: { readonly sandboxId: string; readonly podUid: string; readonly type: ProgramType },
    config: ContainerConfig,
    createdAtMs: WallMs,
  ) {
    this.id = id;
    this.sandboxId = place.sandboxId;
    this.podUid = place.podUid;
    this.type = place.type;
    this.config = config;
    this.#createdAtMs = createdAtMs;
  }

  get state(): ContainerState {
    return this.#state;
  }

  status(): RuntimeContainer {
    return {
      id: this.id,
      sandboxId: this.sandboxId,
      podUid: this.podUid,
      config: this.config,
      state: this.#state,
      createdAtMs: this.#createdAtMs,
      startedAtMs: this.#startedAtMs,
      finishedAtMs: this.#finishedAtMs,
      exitCode: this.#exitCode,
      reason: this.#reason,
      message: this.#message,
    };
  }

  /** What a command beside the container's program is started with; the program's own spec says more. */
  specOf(command: readonly string[], stdin: boolean, tty: boolean, sandbox: SandboxConfig | undefined): ProgramSpec {
    const { env, workingDirectory, memoryLimitBytes } = this.config;
    return {
      type: this.type,
      container: this.id,
      podUid: this.podUid,
      image: null,
      command,
      args: [],
      env,
      workingDirectory,
      hostname: sandbox?.hostname ?? '',
      address: sandbox?.podIp ?? null,
      memoryLimitBytes,
      stdin,
      tty,
      messagePath: '',
    };
  }

  started(wallMs: WallMs): void {
    assert(this.#state === 'created', 'a container is started once', { id: this.id });
    this.#state = 'running';
    this.#startedAtMs = wallMs;
  }

  ended({ exitCode, isOutOfMemory, message }: ProgramEnd, wallMs: WallMs): void {
    assert(this.#state === 'running', 'a container ends once', { id: this.id });
    this.log.end(wallMs);
    this.#state = 'exited';
    this.#finishedAtMs = wallMs;
    this.#exitCode = exitCode;
    this.#reason = isOutOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
    const fallsBack = message === '' && exitCode !== 0;
    this.#message =
      fallsBack && this.config.terminationMessagePolicy === 'FallbackToLogsOnError'
        ? this.log.ring.tail(fallbackLinesMax, fallbackCharactersMax)
        : message;
  }
}
