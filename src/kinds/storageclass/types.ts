/** StorageClass: how volumes of one sort are made, and when. */
import type { KubeObject } from '../../api/object-meta.ts';

export interface TopologySelectorTerm {
  readonly matchLabelExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
}

export interface StorageClass extends KubeObject {
  readonly provisioner: string;
  readonly volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
  /** Where volumes can be made; absent: anywhere. */
  readonly allowedTopologies?: readonly TopologySelectorTerm[];
}
