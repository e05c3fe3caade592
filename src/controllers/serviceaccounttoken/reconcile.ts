/** Completes one secret, or removes it: a token is asked for as any client asks for one, bound to the secret. */
import { annotationsOf, isBeingDeleted, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import { encodeBase64 } from '../../base/base64.ts';
import { utf8 } from '../../base/bytes.ts';
import type { Secret } from '../../kinds/secret/types.ts';
import type { ServiceAccount } from '../../kinds/serviceaccount/types.ts';
import type { RequestSubject } from '../../protocol/api-client.ts';
import type { Caches, ReconcileContext } from '../controller.ts';
import { mustBeAbsent, nothingToDo, type Plan, plan, remove, update } from '../plan.ts';
import { secretResource, serviceAccountResource } from '../resources.ts';
import { accountAnnotation, type TokenSecretKinds } from './keys.ts';

export interface TokenSecretObserved {
  readonly secret: Secret;
  /** The name of the account that the secret is for. */
  readonly name: string;
  readonly account: ServiceAccount | null;
}

const uidAnnotation = 'kubernetes.io/service-account.uid';
/** As long as a token can be asked for: the secret, and with it the account, is its end. */
const lifetimeSeconds = 2 ** 32;
const retryMs = 1_000;

export function observeTokenSecret(key: string, caches: Caches<TokenSecretKinds>): TokenSecretObserved | null {
  const secret = caches.secrets.get(key);
  if (secret === undefined || isBeingDeleted(secret)) return null;
  const name = annotationsOf(secret)[accountAnnotation] ?? '';
  return { secret, name, account: caches.accounts.get(`${namespaceOf(secret)}/${name}`) ?? null };
}

export function tokenReads({ secret, name, account }: TokenSecretObserved): readonly RequestSubject[] {
  const isOwn = account !== null && isFor(secret, account);
  if (!isOwn || (secret.data?.['token'] ?? '') !== '') return [];
  const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: nameOf(secret), uid: uidOf(secret) };
  const body = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {},
    spec: { audiences: [], expirationSeconds: lifetimeSeconds, boundObjectRef },
  };
  const place = { resource: serviceAccountResource, subresource: 'token', namespace: namespaceOf(secret), name };
  return [{ verb: 'create', ...place, body }];
}

export function reconcileTokenSecret(
  { secret, name, account }: TokenSecretObserved,
  { answers }: ReconcileContext,
  rootCertificate: string,
): Plan {
  if (account === null) {
    const absent = mustBeAbsent(serviceAccountResource, namespaceOf(secret), name, '');
    return plan([[absent], [remove(secretResource, secret)]]);
  }
  if (!isFor(secret, account)) return plan([[remove(secretResource, secret)]]);
  const [answer] = answers;
  if (answer !== undefined && answer.type !== 'done') return plan([], { requeueAfterMs: retryMs });
  const { token = '' } =
    (answer?.object as { readonly status?: { readonly token?: string } } | undefined)?.status ?? {};
  const wanted: Record<string, string> = {
    ...secret.data,
    'ca.crt': encoded(rootCertificate),
    namespace: encoded(namespaceOf(secret)),
    ...(token === '' ? {} : { token: encoded(token) }),
  };
  const isNoted = annotationsOf(secret)[uidAnnotation] === uidOf(account);
  const isComplete = Object.entries(wanted).every(([key, value]) => secret.data?.[key] === value);
  if (isNoted && isComplete) return nothingToDo;
  const annotations = { ...annotationsOf(secret), [uidAnnotation]: uidOf(account) };
  const next = { ...secret, metadata: { ...secret.metadata, annotations }, data: wanted } as Secret;
  return plan([[update(secretResource, next)]]);
}

/** An account that was made again under the same name is another one. */
function isFor(secret: Secret, account: ServiceAccount): boolean {
  const uid = annotationsOf(secret)[uidAnnotation] ?? '';
  return uid === '' || uid === uidOf(account);
}

function encoded(text: string): string {
  return encodeBase64(utf8(text));
}
