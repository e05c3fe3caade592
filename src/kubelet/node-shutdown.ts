/**
 * A node that is shut down gracefully: ordinary pods are stopped first, within their part of the grace, then the critical ones in the rest.
 * Models kubernetes pkg/kubelet/nodeshutdown/nodeshutdown_manager.go.
 */
import type { Pod } from '../kinds/pod/types.ts';
import { isCritical } from './critical-pod.ts';

/** As ShutdownGracePeriod and ShutdownGracePeriodCriticalPods of a kubelet's configuration. */
export interface ShutdownPlan {
  /** All of it. */
  readonly graceMs: number;
  /** The part of it that is the critical pods'. */
  readonly criticalMs: number;
}

export const shutdownFailure = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
} as const;
export const shutdownRefusal = {
  reason: 'NodeShutdown',
  message: 'Pod was rejected as the node is shutting down.',
} as const;

export class NodeShutdown {
  readonly #plan: ShutdownPlan;
  readonly #criticalAtMs: number;
  #isOrdinaryTold = false;
  #isCriticalTold = false;

  constructor(plan: ShutdownPlan, nowMs: number) {
    this.#plan = plan;
    this.#criticalAtMs = nowMs + Math.max(0, plan.graceMs - plan.criticalMs);
  }

  /** When the critical pods' turn comes at the latest; infinite once it has come. */
  get nextAtMs(): number {
    return this.#isCriticalTold ? Number.POSITIVE_INFINITY : this.#criticalAtMs;
  }

  /** Returns which of the pods that run have to be stopped now, and how long they get. */
  due(pods: readonly Pod[], nowMs: number): { readonly pods: readonly Pod[]; readonly graceMs: number } {
    const ordinary = pods.filter((pod) => !isCritical(pod));
    if (!this.#isOrdinaryTold) {
      this.#isOrdinaryTold = true;
      if (ordinary.length > 0) return { pods: ordinary, graceMs: this.#plan.graceMs - this.#plan.criticalMs };
    }
    if (this.#isCriticalTold || (ordinary.length > 0 && nowMs < this.#criticalAtMs)) return { pods: [], graceMs: 0 };
    this.#isCriticalTold = true;
    return { pods: pods.filter(isCritical), graceMs: this.#plan.criticalMs };
  }
}
