/** Deployment: a template, how many pods of it, and how to go from one template to the next. */
import type { IntOrString } from '../../api/int-or-string.ts';
import type { KubeObject } from '../../api/object-meta.ts';
import type { Condition } from '../condition.ts';
import type { PodTemplateOwnerSpec } from '../pod/types.ts';

export interface RollingUpdateDeployment {
  readonly maxUnavailable?: IntOrString;
  readonly maxSurge?: IntOrString;
}

export interface DeploymentStrategy {
  readonly type?: 'Recreate' | 'RollingUpdate';
  readonly rollingUpdate?: RollingUpdateDeployment;
}

export interface DeploymentSpec extends PodTemplateOwnerSpec {
  readonly strategy?: DeploymentStrategy;
  readonly revisionHistoryLimit?: number;
  readonly paused?: boolean;
  readonly progressDeadlineSeconds?: number;
}

export interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly conditions?: readonly Condition[];
  /** Counts hash collisions of pod templates; part of the hash. */
  readonly collisionCount?: number;
}

export interface Deployment extends KubeObject {
  readonly spec: DeploymentSpec;
  readonly status?: DeploymentStatus;
}
