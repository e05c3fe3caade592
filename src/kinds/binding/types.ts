/** Binding: the scheduler's decision, posted to the binding subresource of a pod. */
import type { KubeObject } from '../../api/object-meta.ts';
import type { ObjectReference } from '../event/types.ts';

export interface Binding extends KubeObject {
  /** The node. */
  readonly target: ObjectReference;
}
