/** The four kinds of RBAC: what may be done, and who may do it. Wire names throughout. */
import type { LabelSelectorSpec } from '../../api/label-selector.ts';
import type { KubeObject } from '../../api/object-meta.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';

/** Grants either resources or paths, never both. `*` stands for all, in every list but resourceNames. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  /** `pods`, `pods/log`, or any resource's subresource: a star, a slash and its name. */
  readonly resources?: readonly string[];
  /** Empty: every name. */
  readonly resourceNames?: readonly string[];
  /** A star at the end stands for whatever follows. */
  readonly nonResourceURLs?: readonly string[];
}

export interface Role extends KubeObject {
  readonly rules?: readonly PolicyRule[] | null;
}

export interface ClusterRole extends Role {
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly LabelSelectorSpec[] };
}

export interface Subject {
  /** `User`, `Group` or `ServiceAccount`. */
  readonly kind: string;
  readonly apiGroup?: string;
  readonly name: string;
  /** Of service accounts. */
  readonly namespace?: string;
}

export interface RoleRef {
  readonly apiGroup: string;
  /** `Role`, in the binding's own namespace, or `ClusterRole`. */
  readonly kind: string;
  readonly name: string;
}

/** A RoleBinding, which counts in its namespace, or a ClusterRoleBinding, which counts everywhere. */
export interface Binding extends KubeObject {
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}
