/** Who asks: from the credentials that the gateway or a component gives to a user with groups. */
import type { Flow } from '../actor/flow.ts';
import { unauthorized } from '../api/status-errors.ts';
import type { Credentials } from '../protocol/apiserver.ts';
import type { Environment } from './environment.ts';
import type { TokenUser } from './settings.ts';
import { authenticateToken } from './tokens/authenticate-token.ts';
import { apiAudiences } from './tokens/claims.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  /** What the credentials say besides: the pod that a token is bound to. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';
export const anonymousName = 'system:anonymous';
export const anonymousUser: User = { name: anonymousName, groups: [unauthenticatedGroup] };

/** Returns the user. Throws StatusError Unauthorized for a token that nobody has; anonymous is a user like any other. */
export function* authenticate(environment: Environment, credentials: Credentials): Flow<User> {
  switch (credentials.type) {
    case 'anonymous':
      return anonymousUser;
    case 'certificate':
    case 'component':
      return { name: credentials.user, groups: withAuthenticated(credentials.groups) };
    case 'bearer':
      return yield* authenticateBearer(environment, credentials.token);
  }
}

/** Returns whose token it is. Throws StatusError Unauthorized. */
export function* authenticateBearer(environment: Environment, token: string): Flow<User> {
  const known = staticUser(environment.settings.tokens, token);
  if (known !== undefined) return known;
  const verified = yield* authenticateToken(environment, token, apiAudiences);
  if (verified === undefined) throw unauthorized();
  return verified.user;
}

/** Returns the user that the settings give a token to. */
export function staticUser(tokens: readonly TokenUser[], token: string): User | undefined {
  const found = tokens.find((each) => isSameSecret(each.token, token));
  return found === undefined ? undefined : { name: found.user, groups: withAuthenticated(found.groups) };
}

function withAuthenticated(groups: readonly string[]): readonly string[] {
  return groups.includes(authenticatedGroup) ? groups : [...groups, authenticatedGroup];
}

/** Takes the same time wherever the texts differ. */
function isSameSecret(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index += 1) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
