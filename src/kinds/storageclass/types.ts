/** StorageClass: how volumes of one sort are made, and when. */
import type { KubeObject, StringMap } from '../../api/object-meta.ts';
import type { ReclaimPolicy } from '../persistentvolume/types.ts';

export interface TopologySelectorTerm {
  readonly matchLabelExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
}

export interface StorageClass extends KubeObject {
  readonly provisioner: string;
  readonly parameters?: StringMap;
  readonly reclaimPolicy?: ReclaimPolicy;
  readonly mountOptions?: readonly string[];
  readonly allowVolumeExpansion?: boolean;
  readonly volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
  /** Where volumes can be made; absent: anywhere. */
  readonly allowedTopologies?: readonly TopologySelectorTerm[];
}
