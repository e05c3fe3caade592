/** LimitRange: what pods, containers and claims of a namespace may ask for, and what they get when they do not say. */
import type { KubeObject } from '../../api/object-meta.ts';
import type { ResourceList } from '../pod/types.ts';

export interface LimitRangeItem {
  /** `Container`, `Pod` or `PersistentVolumeClaim`. */
  readonly type: string;
  readonly max?: ResourceList;
  readonly min?: ResourceList;
  readonly default?: ResourceList;
  readonly defaultRequest?: ResourceList;
  readonly maxLimitRequestRatio?: ResourceList;
}

export interface LimitRange extends KubeObject {
  readonly spec?: { readonly limits?: readonly LimitRangeItem[] };
}
