/** ReplicaSet: keeps so many pods of one template. */
import type { KubeObject } from '../../api/object-meta.ts';
import type { Condition } from '../condition.ts';
import type { PodTemplateOwnerSpec } from '../pod/types.ts';

export interface ReplicaSetStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

export interface ReplicaSet extends KubeObject {
  readonly spec: PodTemplateOwnerSpec;
  readonly status?: ReplicaSetStatus;
}
