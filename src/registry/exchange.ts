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
  /** Scheme and host of the registry: nobody else is shown what lets us in. */
  readonly origin: string;
  authorization: string | null;
}

/** Any step that is a request: what it yields and is resumed with. */
type Step = { readonly request: RegistryRequest };

/** `base` is a URL of the registry. */
export function sessionOf(credentials: readonly Credential[], scope: string, base: string): RegistrySession {
  return { credentials, scope, origin: originOf(base), authorization: null };
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
  if (originOf(step.request.url) !== session.origin) return yield step;
  let answer = yield withAuthorization(step, session.authorization);
  if (!isRefusal(answer)) return answer;
  const { url } = step.request;
  const challenge = parseChallenge(answer.headers['www-authenticate'] ?? '', session.scope);
  if (challenge.type === 'unknown' || (challenge.type === 'bearer' && isDowngrade(url, challenge.url))) return answer;
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
export function isDowngrade(from: string, to: string): boolean {
  return from.startsWith('https:') && !to.startsWith('https:');
}

function originOf(url: string): string {
  const origin = /^https?:\/\/[^/]+/.exec(url)?.[0].toLowerCase() ?? '';
  return origin.replace(origin.startsWith('https:') ? /:443$/ : /:80$/, '');
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
