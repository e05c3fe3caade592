/** PersistentVolume: storage that outlives pods, as far as scheduler and controllers read it. */
import type { KubeObject } from '../../api/object-meta.ts';
import type { NodeSelectorTerm } from '../pod/scheduling-types.ts';
import type { ResourceList } from '../pod/types.ts';

export interface ClaimReference {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Absent when the volume is kept for a claim that is not made yet. */
  readonly uid?: string;
  readonly apiVersion?: string;
}

export interface PersistentVolume extends KubeObject {
  readonly spec?: {
    readonly capacity?: ResourceList;
    readonly accessModes?: readonly string[];
    readonly claimRef?: ClaimReference;
    readonly storageClassName?: string;
    readonly volumeMode?: 'Filesystem' | 'Block';
    readonly volumeAttributesClassName?: string;
    readonly nodeAffinity?: { readonly required?: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] } };
    readonly csi?: { readonly driver: string; readonly volumeHandle: string };
  };
  readonly status?: { readonly phase?: 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed' };
}
