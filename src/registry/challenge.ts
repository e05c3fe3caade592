/**
 * How a registry wants to be convinced: the challenge of an answer 401, and the header that meets it. Models opencontainers/distribution-spec and
 * the token authentication of distribution/distribution.
 */
import { encodeBase64 } from '../base/base64.ts';
import { utf8 } from '../base/bytes.ts';

export interface Credential {
  readonly username: string;
  readonly password: string;
}

export type Challenge =
  | { readonly type: 'basic' }
  /** `url` is where a token is to be had, with its query. */
  | { readonly type: 'bearer'; readonly url: string }
  | { readonly type: 'unknown' };

/** Reads the header `WWW-Authenticate`. `scope` is asked for when the challenge names none. */
export function parseChallenge(header: string, scope: string): Challenge {
  const scheme = /^\s*(\w+)/.exec(header)?.[1]?.toLowerCase();
  if (scheme === 'basic') return { type: 'basic' };
  if (scheme !== 'bearer') return { type: 'unknown' };
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, plain] of header.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,"]+))/g)) {
    parameters.set(name.toLowerCase(), quoted ?? plain ?? '');
  }
  const realm = parameters.get('realm') ?? '';
  if (!/^https?:\/\//.test(realm)) return { type: 'unknown' };
  const service = parameters.get('service');
  const query = [
    ...(service === undefined ? [] : [`service=${encodeURIComponent(service)}`]),
    `scope=${encodeURIComponent(parameters.get('scope') ?? scope)}`,
  ].join('&');
  return { type: 'bearer', url: `${realm}${realm.includes('?') ? '&' : '?'}${query}` };
}

/** The header value that shows a name and a password. */
export function basicHeader({ username, password }: Credential): string {
  return `Basic ${encodeBase64(utf8(`${username}:${password}`))}`;
}
