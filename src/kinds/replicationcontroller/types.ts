/** ReplicationController: what a replica set was before it could select by expressions. */
import type { KubeObject, StringMap } from '../../api/object-meta.ts';
import type { PodTemplateSpec } from '../pod/types.ts';
import type { ReplicaSetStatus } from '../replicaset/types.ts';

export interface ReplicationController extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector?: StringMap;
    readonly template: PodTemplateSpec;
  };
  readonly status?: Omit<ReplicaSetStatus, 'terminatingReplicas'>;
}
