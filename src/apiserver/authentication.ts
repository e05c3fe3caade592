/** Who asks: from the credentials that the gateway or a component gives to a user with groups. */
import { unauthorized } from '../api/status-errors.ts';
import type { Credentials } from '../protocol/apiserver.ts';
import type { TokenUser } from './settings.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

const authenticated = 'system:authenticated';
export const anonymousUser: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Returns the user. Throws StatusError Unauthorized for a token that nobody has; anonymous is a user like any other here. */
export function authenticate(credentials: Credentials, tokens: readonly TokenUser[]): User {
  switch (credentials.type) {
    case 'anonymous':
      return anonymousUser;
    case 'certificate':
    case 'component':
      return { name: credentials.user, groups: withAuthenticated(credentials.groups) };
    case 'bearer': {
      const found = tokens.find(({ token }) => isSameSecret(token, credentials.token));
      if (found === undefined) throw unauthorized();
      return { name: found.user, groups: withAuthenticated(found.groups) };
    }
  }
}

function withAuthenticated(groups: readonly string[]): readonly string[] {
  return groups.includes(authenticated) ? groups : [...groups, authenticated];
}

/** Takes the same time wherever the texts differ. */
function isSameSecret(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index += 1) difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
