/** Cells of volumes and of who provides them. Models kubernetes pkg/printers/internalversion/printers.go. */
import { type AnyObject, annotationsOf, nameOf } from '../../api/object-meta.ts';
import type { TableCell } from '../../api/table.ts';

type Row = Readonly<Record<string, TableCell>>;
type Amounts = Readonly<Record<string, string>>;

const unset = '<unset>';
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const modes = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const;

interface Claim extends AnyObject {
  readonly spec?: {
    readonly volumeName?: string;
    readonly storageClassName?: string;
    readonly volumeAttributesClassName?: string;
    readonly volumeMode?: string;
  };
  readonly status?: { readonly phase?: string; readonly accessModes?: readonly string[]; readonly capacity?: Amounts };
}

export function claimCells(claim: Claim): Row {
  const { spec = {}, status = {} } = claim;
  const isBound = (spec.volumeName ?? '') !== '';
  return {
    Status: phaseOf(claim, status.phase),
    Volume: spec.volumeName ?? '',
    Capacity: isBound ? (status.capacity?.['storage'] ?? '0') : '',
    'Access Modes': isBound ? modesText(status.accessModes) : '',
    StorageClass: annotationsOf(claim)[classAnnotation] ?? spec.storageClassName ?? '',
    VolumeAttributesClass: spec.volumeAttributesClassName ?? unset,
    VolumeMode: spec.volumeMode ?? unset,
  };
}

interface PersistentVolume extends AnyObject {
  readonly spec?: {
    readonly capacity?: Amounts;
    readonly accessModes?: readonly string[];
    readonly claimRef?: { readonly namespace?: string; readonly name?: string };
    readonly persistentVolumeReclaimPolicy?: string;
    readonly storageClassName?: string;
    readonly volumeAttributesClassName?: string;
    readonly volumeMode?: string;
  };
  readonly status?: { readonly phase?: string; readonly reason?: string };
}

export function volumeCells(volume: PersistentVolume): Row {
  const { spec = {}, status = {} } = volume;
  const { claimRef } = spec;
  return {
    Capacity: spec.capacity?.['storage'] ?? '0',
    'Access Modes': modesText(spec.accessModes),
    'Reclaim Policy': spec.persistentVolumeReclaimPolicy ?? '',
    Status: phaseOf(volume, status.phase),
    Claim: claimRef === undefined ? '' : `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`,
    StorageClass: annotationsOf(volume)[classAnnotation] ?? spec.storageClassName ?? '',
    VolumeAttributesClass: spec.volumeAttributesClassName ?? unset,
    Reason: status.reason ?? '',
    VolumeMode: spec.volumeMode ?? unset,
  };
}

interface StorageClass extends AnyObject {
  readonly provisioner?: string;
  readonly reclaimPolicy?: string;
  readonly volumeBindingMode?: string;
  readonly allowVolumeExpansion?: boolean;
}

export function storageClassCells(storageClass: StorageClass): Row {
  const annotations = annotationsOf(storageClass);
  const isDefault = defaultAnnotations.some((name) => annotations[name] === 'true');
  return {
    Name: isDefault ? `${nameOf(storageClass)} (default)` : nameOf(storageClass),
    Provisioner: storageClass.provisioner ?? '',
    ReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
    VolumeBindingMode: storageClass.volumeBindingMode ?? 'Immediate',
    AllowVolumeExpansion: storageClass.allowVolumeExpansion ?? false,
  };
}

export function attributesClassCells({ driverName = '' }: AnyObject & { readonly driverName?: string }): Row {
  return { DriverName: driverName };
}

interface CsiDriver extends AnyObject {
  readonly spec?: {
    readonly attachRequired?: boolean;
    readonly podInfoOnMount?: boolean;
    readonly storageCapacity?: boolean;
    readonly tokenRequests?: readonly { readonly audience: string }[];
    readonly requiresRepublish?: boolean;
    readonly volumeLifecycleModes?: readonly string[];
  };
}

export function driverCells({ spec = {} }: CsiDriver): Row {
  return {
    AttachRequired: spec.attachRequired ?? true,
    PodInfoOnMount: spec.podInfoOnMount ?? false,
    StorageCapacity: spec.storageCapacity ?? false,
    TokenRequests: spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? unset,
    RequiresRepublish: spec.requiresRepublish ?? false,
    Modes: spec.volumeLifecycleModes?.join(',') || '<none>',
  };
}

export function driverNodeCells({
  spec,
}: AnyObject & { readonly spec?: { readonly drivers?: readonly object[] } }): Row {
  return { Drivers: spec?.drivers?.length ?? 0 };
}

interface VolumeAttachment extends AnyObject {
  readonly spec?: {
    readonly attacher?: string;
    readonly nodeName?: string;
    readonly source?: { readonly persistentVolumeName?: string };
  };
  readonly status?: { readonly attached?: boolean };
}

export function attachmentCells({ spec, status }: VolumeAttachment): Row {
  return {
    Attacher: spec?.attacher ?? '',
    PV: spec?.source?.persistentVolumeName ?? '',
    Node: spec?.nodeName ?? '',
    Attached: status?.attached ?? false,
  };
}

function phaseOf({ metadata }: AnyObject, phase = ''): string {
  return metadata.deletionTimestamp === undefined ? phase : 'Terminating';
}

function modesText(accessModes: readonly string[] = []): string {
  return modes.flatMap(([mode, short]) => (accessModes.includes(mode) ? short : [])).join(',');
}
