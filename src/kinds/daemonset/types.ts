/** DaemonSet: one pod on each node that it may run on. */
import type { IntOrString } from '../../api/int-or-string.ts';
import type { KubeObject } from '../../api/object-meta.ts';
import type { Condition } from '../condition.ts';
import type { PodTemplateOwnerSpec } from '../pod/types.ts';

export interface DaemonSetSpec extends Omit<PodTemplateOwnerSpec, 'replicas'> {
  readonly updateStrategy?: {
    readonly type?: 'RollingUpdate' | 'OnDelete';
    readonly rollingUpdate?: { readonly maxUnavailable?: IntOrString; readonly maxSurge?: IntOrString };
  };
  readonly revisionHistoryLimit?: number;
}

export interface DaemonSetStatus {
  readonly currentNumberScheduled: number;
  readonly numberMisscheduled: number;
  readonly desiredNumberScheduled: number;
  readonly numberReady: number;
  readonly observedGeneration?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
  readonly numberUnavailable?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly Condition[];
}

export interface DaemonSet extends KubeObject {
  readonly spec: DaemonSetSpec;
  readonly status?: DaemonSetStatus;
}
