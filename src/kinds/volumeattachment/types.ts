/** VolumeAttachment: the wish that a volume be attached to a node, and whether it is. */
import type { KubeObject, StringMap } from '../../api/object-meta.ts';

export interface VolumeError {
  readonly time?: string;
  readonly message?: string;
}

export interface VolumeAttachment extends KubeObject {
  readonly spec: {
    readonly attacher: string;
    readonly nodeName: string;
    readonly source: { readonly persistentVolumeName?: string; readonly inlineVolumeSpec?: object };
  };
  readonly status?: {
    readonly attached: boolean;
    readonly attachmentMetadata?: StringMap;
    readonly attachError?: VolumeError;
    readonly detachError?: VolumeError;
  };
}
