/**
 * A secret of type kubernetes.io/service-account-token gets what its type promises: a token that lasts, the certificate of the authority,
 * the namespace. Deviates: the API server fills it as it is created, where Kubernetes has a controller; see docs/deviations.md.
 * Models kubernetes pkg/controller/serviceaccount/tokens_controller.go.
 */
import type { Flow } from '../../actor/flow.ts';
import type { Mutable } from '../../api/json.ts';
import { annotationsOf, nameOf, namespaceOf, type ObjectMeta, uidOf } from '../../api/object-meta.ts';
import { encodeBase64 } from '../../base/base64.ts';
import { utf8 } from '../../base/bytes.ts';
import type { Secret } from '../../kinds/secret/types.ts';
import type { Environment } from '../environment.ts';
import { apiAudiences } from '../tokens/claims.ts';
import { issueToken } from '../tokens/issue-token.ts';
import { findAccount } from './service-account.ts';

const tokenType = 'kubernetes.io/service-account-token';
const accountAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';
/** As long as a token can be asked for: the secret, and with it the account, is its end. */
const lifetimeSeconds = 2 ** 32;

/** Completes a secret that the caller owns. Without its account it stays as it is. */
export function* fillTokenSecret(environment: Environment, secret: Secret): Flow<void> {
  const accountName = annotationsOf(secret)[accountAnnotation] ?? '';
  if (secret.type !== tokenType || accountName === '') return;
  const namespace = namespaceOf(secret);
  const account = yield* findAccount(environment, namespace, accountName);
  const uid = annotationsOf(secret)[uidAnnotation] ?? '';
  if (account === undefined || (uid !== '' && uid !== uidOf(account))) return;
  const metadata = secret.metadata as Mutable<ObjectMeta>;
  metadata.annotations = { ...metadata.annotations, [uidAnnotation]: uidOf(account) };
  const subject = {
    namespace,
    serviceaccount: { name: accountName, uid: uidOf(account) },
    secret: { name: nameOf(secret), uid: uidOf(secret) },
  };
  const token = yield* issueToken(environment, subject, apiAudiences, lifetimeSeconds);
  const filled = { 'ca.crt': environment.settings.rootCertificate, namespace, token };
  const encoded = Object.entries(filled).map(([key, text]) => [key, encodeBase64(utf8(text))] as const);
  (secret as Mutable<Secret>).data = { ...secret.data, ...Object.fromEntries(encoded) };
}
