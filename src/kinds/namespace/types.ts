/** Namespace: a scope of names, which goes only when everything in it has gone. */
import type { KubeObject } from '../../api/object-meta.ts';
import type { Condition } from '../condition.ts';

export interface Namespace extends KubeObject {
  /** These finalizers are removed through the finalize subresource only. */
  readonly spec?: { readonly finalizers?: readonly string[] };
  readonly status?: { readonly phase?: 'Active' | 'Terminating'; readonly conditions?: readonly Condition[] };
}
