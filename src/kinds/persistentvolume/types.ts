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

export type ReclaimPolicy = 'Retain' | 'Delete' | 'Recycle';
export type VolumePhase = 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed';

export interface VolumeNodeAffinity {
  readonly required?: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] };
}

export interface PersistentVolumeSpec {
  readonly capacity?: ResourceList;
  readonly accessModes?: readonly string[];
  readonly claimRef?: ClaimReference;
  readonly persistentVolumeReclaimPolicy?: ReclaimPolicy;
  readonly storageClassName?: string;
  readonly volumeMode?: 'Filesystem' | 'Block';
  readonly volumeAttributesClassName?: string;
  readonly nodeAffinity?: VolumeNodeAffinity;
  readonly mountOptions?: readonly string[];
  readonly hostPath?: { readonly path: string; readonly type?: string };
  readonly local?: { readonly path: string };
  readonly csi?: {
    readonly driver: string;
    readonly volumeHandle: string;
    readonly volumeAttributes?: Readonly<Record<string, string>>;
  };
}

export interface PersistentVolume extends KubeObject {
  readonly spec?: PersistentVolumeSpec;
  readonly status?: {
    readonly phase?: VolumePhase;
    readonly message?: string;
    readonly reason?: string;
    readonly lastPhaseTransitionTime?: string;
  };
}
