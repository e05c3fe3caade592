/** Makes tokens: claims, a signature by the cluster's key, one text. */
import type { Flow } from '../../actor/flow.ts';
import { utf8 } from '../../base/bytes.ts';
import type { Environment } from '../environment.ts';
import { newUid } from '../identity.ts';
import { serviceAccountUser, type TokenClaims, type TokenSubject, tokenIssuer } from './claims.ts';
import { completeToken, signingInput } from './json-web-token.ts';

/** Returns a token for `subject` that is good from now on for `lifetimeSeconds`. */
export function* issueToken(
  environment: Environment,
  subject: TokenSubject,
  audiences: readonly string[],
  lifetimeSeconds: number,
): Flow<string> {
  const now = Math.floor(environment.stamp.wallMs / 1000);
  const claims: TokenClaims = {
    aud: audiences,
    exp: now + lifetimeSeconds,
    iat: now,
    iss: tokenIssuer,
    jti: newUid(environment.random),
    'kubernetes.io': subject,
    nbf: now,
    sub: serviceAccountUser(subject.namespace, subject.serviceaccount.name),
  };
  const input = signingInput(environment.settings.tokenKey.id, claims);
  const signature = yield* environment.signatures.sign(utf8(input));
  return completeToken(input, signature);
}
