/**
 * Whose token it is. The signature is verified once per token; that it has not run out and that the account and whatever the token is bound to
 * still exist is looked up each time, in the cache, and once more in an up-to-date one before a token is refused for it.
 * Models kubernetes pkg/serviceaccount/{jwt,claims}.go.
 */
import type { Flow } from '../../actor/flow.ts';
import { parseTimestamp } from '../../base/time.ts';
import type { User } from '../authentication.ts';
import type { CacheEntry } from '../cache-entry.ts';
import type { Environment } from '../environment.ts';
import { tokensVerifiedMax } from '../limits.ts';
import { awaitBarrier } from '../read-barrier.ts';
import { waitForCache } from '../store-client.ts';
import {
  readClaims,
  serviceAccountGroups,
  serviceAccountUser,
  type TokenClaims,
  type TokenObject,
  type TokenSubject,
} from './claims.ts';
import { parseToken } from './json-web-token.ts';

export interface VerifiedToken {
  readonly user: User;
  /** Those of the asked audiences that the token is meant for; not empty. */
  readonly audiences: readonly string[];
}

/** A bound object that is being deleted keeps its token for so long. */
const deletionLeewayMs = 60_000;
const extraPrefix = 'authentication.kubernetes.io/';

/** Tokens whose signature is right, by their text; the ones used last stay longest. */
export class VerifiedTokens {
  readonly #claims = new Map<string, TokenClaims>();

  get(token: string): TokenClaims | undefined {
    const claims = this.#claims.get(token);
    if (claims === undefined) return undefined;
    this.#claims.delete(token);
    this.#claims.set(token, claims);
    return claims;
  }

  add(token: string, claims: TokenClaims): void {
    if (this.#claims.size >= tokensVerifiedMax) {
      for (const oldest of this.#claims.keys()) {
        this.#claims.delete(oldest);
        break;
      }
    }
    this.#claims.set(token, claims);
  }
}

/** Returns whose token it is, or undefined when it is not, or no longer, a token for one of `audiences`. */
export function* authenticateToken(
  environment: Environment,
  token: string,
  audiences: readonly string[],
): Flow<VerifiedToken | undefined> {
  const claims = environment.verifiedTokens.get(token) ?? (yield* verify(environment, token));
  if (claims === undefined) return undefined;
  const seconds = environment.stamp.wallMs / 1000;
  const common = audiences.filter((audience) => claims.aud.includes(audience));
  if (seconds >= claims.exp || seconds < claims.nbf || common.length === 0) return undefined;
  yield* waitForCache(environment, 0);
  if (!isAlive(environment, claims['kubernetes.io'])) {
    yield* awaitBarrier(environment);
    if (!isAlive(environment, claims['kubernetes.io'])) return undefined;
  }
  return { user: userOf(claims), audiences: common };
}

/** Returns the claims of a token with a good signature. */
function* verify(environment: Environment, token: string): Flow<TokenClaims | undefined> {
  const parsed = parseToken(token);
  if (parsed === undefined || parsed.header['alg'] !== 'ES256') return undefined;
  const claims = readClaims(parsed.claims);
  if (claims === undefined || !(yield* environment.signatures.verify(parsed.signed, parsed.signature)))
    return undefined;
  environment.verifiedTokens.add(token, claims);
  return claims;
}

/** Tells whether the account and the object that the token is bound to are there, and still the same. */
function isAlive(environment: Environment, subject: TokenSubject): boolean {
  const { namespace, serviceaccount, pod, secret, node } = subject;
  if (!isThere(environment, 'serviceaccounts', namespace, serviceaccount)) return false;
  if (pod !== undefined) return isThere(environment, 'pods', namespace, pod);
  if (secret !== undefined) return isThere(environment, 'secrets', namespace, secret);
  return node === undefined || isThere(environment, 'nodes', '', node);
}

function isThere(environment: Environment, resource: string, namespace: string, { name, uid }: TokenObject): boolean {
  const { stored } = environment.catalog.mustServe({ group: '', version: 'v1', resource });
  const entry = environment.cache.get(stored, namespace, name);
  return entry !== undefined && entry.facts.uid === uid && !isLongDeleted(environment, entry);
}

function isLongDeleted(environment: Environment, entry: CacheEntry): boolean {
  const { deletionTimestamp } = entry.facts;
  const deletedMs = deletionTimestamp === undefined ? undefined : parseTimestamp(deletionTimestamp);
  return deletedMs !== undefined && deletedMs + deletionLeewayMs < environment.stamp.wallMs;
}

function userOf({ jti, 'kubernetes.io': subject }: TokenClaims): User {
  const { namespace, serviceaccount, pod, node } = subject;
  const extra: Record<string, readonly string[]> = {};
  if (jti !== '') extra[`${extraPrefix}credential-id`] = [`JTI=${jti}`];
  if (node !== undefined) {
    extra[`${extraPrefix}node-name`] = [node.name];
    extra[`${extraPrefix}node-uid`] = [node.uid];
  }
  if (pod !== undefined) {
    extra[`${extraPrefix}pod-name`] = [pod.name];
    extra[`${extraPrefix}pod-uid`] = [pod.uid];
  }
  return {
    name: serviceAccountUser(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: [...serviceAccountGroups(namespace), 'system:authenticated'],
    extra,
  };
}
