/**
 * One simulated container: its life is its profile, told as a function of time. Log lines are written when somebody looks, so a container
 * that nobody watches costs nothing.
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import { utf8Text } from '../base/bytes.ts';
import type { ContainerConfig, ContainerState, ContainerUsage, RuntimeContainer } from '../protocol/runtime.ts';
import type { ContainerProfile } from './container-profile.ts';
import { LogRing, logLinesMax } from './log-ring.ts';
import { outOfMemoryAfterMs } from './out-of-memory.ts';
import { amountAt, amountUntil } from './usage-curve.ts';

const killedExitCode = 137;
const terminatedExitCode = 143;
/** Of the log of a container that failed, what may become its termination message. */
const messageLinesMax = 80;
const messageCharactersMax = 2_048;
/** A thousandth of a processor is a million billionths of one; during a millisecond it is a thousand nanoseconds of one's time. */
const nanocoresPerMilli = 1_000_000;
const nanosecondsPerMilli = 1_000;

export class SimulatedContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly podUid: string;
  config: ContainerConfig;
  readonly profile: ContainerProfile;
  readonly log = new LogRing();
  readonly #createdAtMs: WallMs;
  #state: ContainerState = 'created';
  /** Monotonic time of the start, and the same moment on the wall clock. */
  #sinceMs = 0 as MonotonicMs;
  #startedAtMs: WallMs | null = null;
  #finishedAtMs: WallMs | null = null;
  #exitCode = 0;
  #reason = '';
  #message = '';
  /** When a stop that was asked for takes effect, and the code it then leaves. */
  #stopAtMs = Number.POSITIVE_INFINITY;
  #stopExitCode = 0;
  #linesWritten = 0;
  /** How long it may run before its memory is used up. */
  #memoryLastsMs: number;

  constructor(
    id: string,
    sandboxId: string,
    podUid: string,
    config: ContainerConfig,
    profile: ContainerProfile,
    createdAtMs: WallMs,
  ) {
    this.id = id;
    this.sandboxId = sandboxId;
    this.podUid = podUid;
    this.config = config;
    this.profile = profile;
    this.#createdAtMs = createdAtMs;
    this.#memoryLastsMs = outOfMemoryAfterMs(profile, config);
  }

  get state(): ContainerState {
    return this.#state;
  }

  /** When its state changes by itself; infinite when it does not. */
  get dueAtMs(): number {
    return this.#state === 'running'
      ? Math.min(this.#sinceMs + Math.min(this.profile.runMs, this.#memoryLastsMs), this.#stopAtMs)
      : Number.POSITIVE_INFINITY;
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

  start(nowMs: MonotonicMs, wallMs: WallMs): void {
    assert(this.#state === 'created', 'a container is started once', { id: this.id });
    this.#state = 'running';
    this.#sinceMs = nowMs;
    this.#startedAtMs = wallMs;
    for (const text of this.profile.firstLines) this.log.write({ atMs: wallMs, text });
  }

  /** Asks it to end by `nowMs + graceMs`. An earlier end stands. */
  stop(nowMs: MonotonicMs, graceMs: number): void {
    if (this.#state !== 'running') return;
    const { ignoresStop, stopLatencyMs } = this.profile;
    const isKilled = ignoresStop || stopLatencyMs > graceMs;
    const atMs = nowMs + (isKilled ? graceMs : stopLatencyMs);
    if (atMs >= this.#stopAtMs) return;
    this.#stopAtMs = atMs;
    this.#stopExitCode = isKilled
      ? killedExitCode
      : this.profile.runMs === Number.POSITIVE_INFINITY
        ? 0
        : terminatedExitCode;
  }

  /** Lets it end if its time has come; returns whether it did. */
  advance(nowMs: MonotonicMs, wallMs: WallMs): boolean {
    if (this.dueAtMs > nowMs) return false;
    if (this.#memoryLastsMs <= this.profile.runMs && this.#sinceMs + this.#memoryLastsMs <= this.#stopAtMs) {
      this.#end(killedExitCode, wallMs, '', 'OOMKilled');
      return true;
    }
    const isOwnEnd = this.#sinceMs + this.profile.runMs <= this.#stopAtMs;
    this.#end(isOwnEnd ? this.profile.exitCode : this.#stopExitCode, wallMs, isOwnEnd ? this.profile.exitMessage : '');
    return true;
  }

  /** Gives it other limits; a memory limit that it is beyond already ends it. */
  limit(limits: Pick<ContainerConfig, 'memoryLimitBytes' | 'cpuLimitMillis'>, nowMs: MonotonicMs): void {
    this.config = { ...this.config, ...limits };
    const ageMs = this.#state === 'running' ? nowMs - this.#sinceMs : 0;
    this.#memoryLastsMs = outOfMemoryAfterMs(this.profile, this.config, ageMs);
  }

  kill(wallMs: WallMs): boolean {
    if (this.#state !== 'running') return false;
    this.#end(killedExitCode, wallMs, '');
    return true;
  }

  /** Tells whether its network would answer. */
  isServing(nowMs: MonotonicMs): boolean {
    const ranMs = nowMs - this.#sinceMs;
    return this.#state === 'running' && ranMs >= this.profile.readyDelayMs && ranMs < this.profile.unreadyAfterMs;
  }

  /** What it uses, its rate a mean over the last `windowMs` or over its life; null while it does not run, and at its very start. */
  usage(nowMs: MonotonicMs, windowMs: number): ContainerUsage | null {
    const ageMs = nowMs - this.#sinceMs;
    if (this.#state !== 'running' || ageMs <= 0) return null;
    const { cpuMillis, memoryBytes } = this.profile;
    const spentMs = Math.min(ageMs, windowMs);
    const total = amountUntil(cpuMillis, ageMs);
    const recent = total - amountUntil(cpuMillis, ageMs - spentMs);
    return {
      containerId: this.id,
      podUid: this.podUid,
      name: this.config.name,
      cpuNanocores: Math.round((recent / spentMs) * nanocoresPerMilli),
      cpuNanoseconds: Math.round(total * nanosecondsPerMilli),
      workingSetBytes: Math.round(amountAt(memoryBytes, ageMs)),
    };
  }

  /** Writes the lines that are due by now. */
  catchUp(wallMs: WallMs): void {
    const { logLinesPerSecond, logText } = this.profile;
    if (logLinesPerSecond <= 0 || this.#startedAtMs === null) return;
    const endMs = this.#finishedAtMs ?? wallMs;
    const due = Math.floor(((endMs - this.#startedAtMs) * logLinesPerSecond) / 1000);
    // Of a long silence only what the ring could hold is made up.
    this.#linesWritten = Math.max(this.#linesWritten, due - logLinesMax);
    while (this.#linesWritten < due) {
      this.#linesWritten += 1;
      const atMs = (this.#startedAtMs + (this.#linesWritten * 1000) / logLinesPerSecond) as WallMs;
      this.log.write({ atMs, text: logText.replaceAll('{n}', String(this.#linesWritten)) });
    }
  }

  #end(exitCode: number, wallMs: WallMs, message: string, reason = exitCode === 0 ? 'Completed' : 'Error'): void {
    this.#state = 'exited';
    this.#finishedAtMs = wallMs;
    this.#exitCode = exitCode;
    this.#reason = reason;
    this.catchUp(wallMs);
    const isToldByLog = message === '' && exitCode !== 0;
    this.#message =
      isToldByLog && this.config.terminationMessagePolicy === 'FallbackToLogsOnError' ? this.#endOfLog() : message;
  }

  #endOfLog(): string {
    const options = { follow: false, tailLines: messageLinesMax, sinceMs: null, timestamps: false, limitBytes: null };
    const { bytes } = this.log.read(this.log.start(options), false, Number.MAX_SAFE_INTEGER);
    return utf8Text(bytes).slice(-messageCharactersMax);
  }
}
