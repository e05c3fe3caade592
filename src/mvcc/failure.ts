/** Why the keyspace refused an operation. Every refusal is definite: nothing was changed and no revision was taken. */
import type { LeaseId, Revision } from './key-value.ts';

export type MvccFailure =
  | { readonly type: 'compacted'; readonly compactRevision: Revision }
  | { readonly type: 'futureRevision'; readonly revision: Revision }
  | { readonly type: 'leaseNotFound'; readonly lease: LeaseId }
  | { readonly type: 'leaseExists'; readonly lease: LeaseId }
  | { readonly type: 'keyNotFound'; readonly key: string }
  | { readonly type: 'duplicateKey'; readonly key: string }
  | { readonly type: 'noSpace'; readonly bytes: number; readonly quotaBytes: number };
