/**
 * Talk with a registry, as flows: generators that yield what is to be sent and are resumed with the answer. They hold no socket and no Promise,
 * so a table of answers tests them.
 */
import { basicHeader, type Challenge, type Credential, parseChallenge } from './challenge.ts';
import { parseObject } from './manifest.ts';

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface RegistryResponse {
  readonly type: 'response';
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Of the body. */
  readonly digest: string;
}

/** No answer, or none that can be used. */
export interface NoResponse {
  readonly type: 'failed';
  readonly message: string;
}

export type RegistryAnswer = RegistryResponse | NoResponse;

/** What is known of how a registry lets us in; changes as it asks for more. */
export interface RegistrySession {
  /** Tried in order. */
  readonly credentials: readonly Credential[];
  /** As a token is asked for, such as `repository:shop:pull`. */
  readonly scope: string;
  authorization: string | null;
}

/** Any step that is a request: what it yields and is resumed with. */
type Step = { readonly request: RegistryRequest };

export function sessionOf(credentials: readonly Credential[], scope: string): RegistrySession {
  return { credentials, scope, authorization: null };
}

/**
 * Makes a step, and makes it again with what the registry asks for: each credential in its order, and last, where there are tokens, one that anybody
 * gets. Returns the last answer. What was let in is kept for the next step. `ask` makes a request that is no step of the caller's.
 */
export function* authorized<S extends Step, A extends { readonly type: string }>(
  session: RegistrySession,
  step: S,
  ask: (request: RegistryRequest) => S,
): Generator<S, A, A> {
  let answer = yield withAuthorization(step, session.authorization);
  if (!isRefusal(answer)) return answer;
  const { url } = step.request;
  const challenge = parseChallenge(answer.headers['www-authenticate'] ?? '', session.scope);
  if (challenge.type === 'unknown' || isDowngrade(url, challenge)) return answer;
  const candidates = challenge.type === 'bearer' ? [...session.credentials, null] : session.credentials;
  for (const credential of candidates) {
    const authorization: string | null = yield* authorizationOf<S, A>(challenge, credential, ask);
    if (authorization === null) continue;
    answer = yield withAuthorization(step, authorization);
    if (isRefusal(answer)) continue;
    session.authorization = authorization;
    return answer;
  }
  return answer;
}

function withAuthorization<S extends Step>(step: S, authorization: string | null): S {
  if (authorization === null) return step;
  const { request } = step;
  return { ...step, request: { ...request, headers: { ...request.headers, authorization } } };
}

function isRefusal(answer: { readonly type: string }): answer is RegistryResponse {
  const { type, status } = answer as RegistryResponse;
  return type === 'response' && (status === 401 || status === 403);
}

/** A registry with TLS does not get passwords sent in the clear to somewhere else. */
function isDowngrade(url: string, challenge: Challenge): boolean {
  return url.startsWith('https:') && challenge.type === 'bearer' && !challenge.url.startsWith('https:');
}

function* authorizationOf<S extends Step, A extends { readonly type: string }>(
  challenge: Challenge,
  credential: Credential | null,
  ask: (request: RegistryRequest) => S,
): Generator<S, string | null, A> {
  if (challenge.type === 'basic') return credential === null ? null : basicHeader(credential);
  if (challenge.type !== 'bearer') return null;
  const headers: Record<string, string> = credential === null ? {} : { authorization: basicHeader(credential) };
  const answer = yield ask({ method: 'GET', url: challenge.url, headers });
  if (answer.type !== 'response' || (answer as unknown as RegistryResponse).status !== 200) return null;
  const { token, access_token: accessToken } = parseObject((answer as unknown as RegistryResponse).body) ?? {};
  const found = typeof token === 'string' && token !== '' ? token : accessToken;
  return typeof found === 'string' && found !== '' ? `Bearer ${found}` : null;
}

/** Says what a registry answered, in its own words where it has some. */
export function answerText(registry: string, { status, body }: RegistryResponse): string {
  const { errors } = parseObject(body) ?? {};
  const [first] = Array.isArray(errors) ? (errors as { code?: unknown; message?: unknown }[]) : [];
  const words = [first?.code, first?.message].filter((word) => typeof word === 'string' && word !== '').join(': ');
  return `${registry} answered ${status}${words === '' ? '' : ` ${words.slice(0, 500)}`}`;
}

/** Resolves the `Location` of an answer against the URL that was asked. */
export function locationOf(url: string, location: string): string {
  if (/^https?:\/\//.test(location)) return location;
  const origin = /^https?:\/\/[^/]+/.exec(url)?.[0] ?? '';
  return location.startsWith('/') ? `${origin}${location}` : `${url.replace(/[^/]*(\?.*)?$/, '')}${location}`;
}
