/** PersistentVolumeClaim: storage that somebody asks for. */
import type { LabelSelectorSpec } from '../../api/label-selector.ts';
import type { KubeObject } from '../../api/object-meta.ts';
import type { Condition } from '../condition.ts';
import type { ResourceList } from '../pod/types.ts';

export interface PersistentVolumeClaimSpec {
  readonly accessModes?: readonly string[];
  readonly selector?: LabelSelectorSpec;
  readonly resources?: { readonly limits?: ResourceList; readonly requests?: ResourceList };
  readonly volumeName?: string;
  readonly storageClassName?: string;
  readonly volumeMode?: 'Filesystem' | 'Block';
  readonly volumeAttributesClassName?: string;
  /** What the volume is to be filled with: a snapshot, another claim. */
  readonly dataSource?: object;
  readonly dataSourceRef?: object;
}

export interface PersistentVolumeClaim extends KubeObject {
  readonly spec: PersistentVolumeClaimSpec;
  readonly status?: {
    readonly phase?: 'Pending' | 'Bound' | 'Lost';
    readonly accessModes?: readonly string[];
    readonly capacity?: ResourceList;
    readonly conditions?: readonly Condition[];
    readonly allocatedResources?: ResourceList;
    readonly allocatedResourceStatuses?: Readonly<Record<string, string>>;
  };
}
