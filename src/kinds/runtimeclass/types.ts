/** RuntimeClass: names one of the ways in which nodes run pods. */
import type { KubeObject } from '../../api/object-meta.ts';

export interface RuntimeClass extends KubeObject {
  /** What the node's runtime calls it. */
  readonly handler: string;
}
