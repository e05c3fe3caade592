/** ServiceAccount: the identity of pods. */
import type { KubeObject } from '../../api/object-meta.ts';

export interface ServiceAccount extends KubeObject {
  readonly secrets?: readonly { readonly name?: string; readonly namespace?: string; readonly uid?: string }[];
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
  readonly automountServiceAccountToken?: boolean;
}
