/** PodDisruptionBudget: how many of some pods may be away at once by somebody's decision. */
import type { IntOrString } from '../../api/int-or-string.ts';
import type { LabelSelectorSpec } from '../../api/label-selector.ts';
import type { KubeObject } from '../../api/object-meta.ts';
import type { Condition } from '../condition.ts';

export interface PodDisruptionBudgetStatus {
  readonly observedGeneration?: number;
  /** Pods that were let go and that the controller has not seen go, with the time. */
  readonly disruptedPods?: Readonly<Record<string, string>>;
  readonly disruptionsAllowed: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods?: number;
  readonly conditions?: readonly Condition[];
}

export interface PodDisruptionBudget extends KubeObject {
  readonly spec?: {
    readonly minAvailable?: IntOrString;
    readonly maxUnavailable?: IntOrString;
    /** Absent: no pod. Empty: every pod of the namespace. */
    readonly selector?: LabelSelectorSpec;
    readonly unhealthyPodEvictionPolicy?: 'IfHealthyBudget' | 'AlwaysAllow';
  };
  readonly status?: PodDisruptionBudgetStatus;
}
