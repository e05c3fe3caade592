/** CSINode: what the storage drivers of a node can do. */
import type { KubeObject } from '../../api/object-meta.ts';

export interface CSINode extends KubeObject {
  readonly spec?: {
    readonly drivers?: readonly {
      readonly name: string;
      readonly nodeID?: string;
      readonly topologyKeys?: readonly string[];
      /** How many volumes of the driver the node can have; absent: any number. */
      readonly allocatable?: { readonly count?: number };
    }[];
  };
}
