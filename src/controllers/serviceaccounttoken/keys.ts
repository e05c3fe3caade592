/**
 * Keeps secrets of type kubernetes.io/service-account-token complete while their account is there, and removes them with it. The API server
 * fills such a secret as it is made; what is taken from it since comes back here. Keys are secrets.
 * Models kubernetes pkg/controller/serviceaccount/tokens_controller.go.
 */
import type { IndexFunction } from '../../api/object-index.ts';
import { annotationsOf, namespaceOf, objectKey } from '../../api/object-meta.ts';
import type { Secret } from '../../kinds/secret/types.ts';
import type { ServiceAccount } from '../../kinds/serviceaccount/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { secretResource, serviceAccountResource } from '../resources.ts';
import { observeTokenSecret, reconcileTokenSecret, type TokenSecretObserved, tokenReads } from './reconcile.ts';

export interface TokenSecretKinds {
  readonly secrets: Secret;
  readonly accounts: ServiceAccount;
}

export const accountAnnotation = 'kubernetes.io/service-account.name';

const byAccount: IndexFunction<Secret> = (secret) => [
  `${namespaceOf(secret)}/${annotationsOf(secret)[accountAnnotation] ?? ''}`,
];

/** `rootCertificate`: the authority's certificate as PEM. */
export function serviceAccountTokenController(
  rootCertificate: string,
): Controller<TokenSecretKinds, TokenSecretObserved> {
  return {
    name: 'serviceaccount-token-controller',
    watches: {
      secrets: {
        resource: secretResource,
        output: 'object',
        indexes: { account: byAccount },
        fieldSelector: 'type=kubernetes.io/service-account-token',
      },
      accounts: { resource: serviceAccountResource, output: 'metadata', indexes: {} },
    },
    remember: () => null,
    keys: tokenSecretKeys,
    observe: observeTokenSecret,
    reads: tokenReads,
    reconcile: (observed, context) => reconcileTokenSecret(observed, context, rootCertificate),
  };
}

function tokenSecretKeys(
  change: CacheChange<TokenSecretKinds>,
  { secrets }: Caches<TokenSecretKinds>,
): readonly string[] {
  const [object] = sidesOf(change);
  if (object === undefined) return [];
  if (change.cache === 'secrets') return [objectKey(object)];
  return secrets.by('account', objectKey(object)).map(objectKey);
}
