/** PersistentVolumeClaim: what a pod asks of storage. */
import type { LabelSelectorSpec } from '../../api/label-selector.ts';
import type { KubeObject } from '../../api/object-meta.ts';
import type { VolumeAccessMode } from '../persistentvolume/types.ts';
import type { ResourceList } from '../pod/types.ts';

export interface PersistentVolumeClaim extends KubeObject {
  readonly spec?: {
    readonly accessModes?: readonly VolumeAccessMode[];
    readonly selector?: LabelSelectorSpec;
    readonly resources?: { readonly requests?: ResourceList };
    /** The volume that it is bound to. */
    readonly volumeName?: string;
    readonly storageClassName?: string;
    readonly volumeMode?: 'Filesystem' | 'Block';
    readonly volumeAttributesClassName?: string;
  };
  readonly status?: { readonly phase?: 'Pending' | 'Bound' | 'Lost' };
}
