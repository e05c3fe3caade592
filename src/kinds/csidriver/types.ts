/** CSIDriver: what a storage driver of a cluster needs. */
import type { KubeObject } from '../../api/object-meta.ts';

export interface CSIDriver extends KubeObject {
  readonly spec?: {
    /** Whether volumes must be attached to a node before it can mount them; absent: yes. */
    readonly attachRequired?: boolean;
  };
}
