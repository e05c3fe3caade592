/** PriorityClass: how important pods are, by name. */
import type { KubeObject } from '../../api/object-meta.ts';

export interface PriorityClass extends KubeObject {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly description?: string;
  readonly preemptionPolicy?: 'Never' | 'PreemptLowerPriority';
}
