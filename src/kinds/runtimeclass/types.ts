/** RuntimeClass: names one of the ways in which nodes run pods. */
import type { KubeObject, StringMap } from '../../api/object-meta.ts';
import type { Toleration } from '../pod/scheduling-types.ts';
import type { ResourceList } from '../pod/types.ts';

export interface RuntimeClass extends KubeObject {
  /** What the node's runtime calls it. */
  readonly handler: string;
  /** What each pod takes beside its containers. */
  readonly overhead?: { readonly podFixed?: ResourceList };
  /** Where such pods can run. */
  readonly scheduling?: { readonly nodeSelector?: StringMap; readonly tolerations?: readonly Toleration[] };
}
