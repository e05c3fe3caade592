/**
 * One probe of one instance: when it is due, and what its answers in a row mean. The caller carries it out.
 * Models kubernetes pkg/kubelet/prober/worker.go.
 */
import type { MonotonicMs } from '../base/brand.ts';
import type { Probe } from '../kinds/pod/types.ts';

export type ProbeType = 'startup' | 'readiness' | 'liveness';

export type ProbeVerdict = 'unknown' | 'success' | 'failure';

export class ProbeWorker {
  readonly type: ProbeType;
  readonly probe: Probe;
  #verdict: ProbeVerdict;
  #dueAtMs: number;
  #isUnderWay = false;
  #lastAnswer: boolean | null = null;
  #answersInRow = 0;

  /** `initial` is what holds until enough answers came. The first probe is due `initialDelaySeconds` after `startedAtMs`. */
  constructor(type: ProbeType, probe: Probe, initial: ProbeVerdict, startedAtMs: MonotonicMs) {
    this.type = type;
    this.probe = probe;
    this.#verdict = initial;
    this.#dueAtMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
  }

  get verdict(): ProbeVerdict {
    return this.#verdict;
  }

  /** When to probe next; infinite while one is under way. */
  get dueAtMs(): number {
    return this.#isUnderWay ? Number.POSITIVE_INFINITY : this.#dueAtMs;
  }

  get timeoutMs(): number {
    return (this.probe.timeoutSeconds ?? 1) * 1000;
  }

  begin(nowMs: MonotonicMs): void {
    this.#isUnderWay = true;
    this.#dueAtMs = nowMs + (this.probe.periodSeconds ?? 10) * 1000;
  }

  /** Takes an answer; null when there was none, which counts for nothing. Returns whether the verdict changed. */
  answered(isSuccessful: boolean | null): boolean {
    this.#isUnderWay = false;
    if (isSuccessful === null) return false;
    this.#answersInRow = this.#lastAnswer === isSuccessful ? this.#answersInRow + 1 : 1;
    this.#lastAnswer = isSuccessful;
    const threshold = isSuccessful ? (this.probe.successThreshold ?? 1) : (this.probe.failureThreshold ?? 3);
    const next: ProbeVerdict = isSuccessful ? 'success' : 'failure';
    if (this.#answersInRow < threshold || this.#verdict === next) return false;
    this.#verdict = next;
    return true;
  }
}
