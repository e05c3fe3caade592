/** Who asks, and as whom, as far as headers and a certificate tell: whether it is so, is for authentication to find out. */
import type { HttpRequest } from '../../actor/listener-port.ts';
import { unauthorized } from '../../api/status-errors.ts';
import type { Credentials, Impersonation, ResourceRequest } from '../../protocol/apiserver.ts';

export type Identity = Pick<ResourceRequest, 'credentials' | 'impersonation'>;

const extraHeader = 'impersonate-extra-';

/** Returns who asks, and as whom. Throws StatusError Unauthorized. */
export function identityOf(http: HttpRequest): Identity {
  const credentials = credentialsOf(http);
  const impersonation = impersonationOf(http);
  return impersonation === undefined ? { credentials } : { credentials, impersonation };
}

function credentialsOf(http: HttpRequest): Credentials {
  const authorization = http.headers['authorization'];
  const bearer = authorization === undefined ? null : /^Bearer +(\S+)$/i.exec(authorization.trim());
  if (bearer !== null) return { type: 'bearer', token: bearer[1] as string };
  if (http.isCertificateFalse === true) throw unauthorized();
  return http.certificate === null ? { type: 'anonymous' } : { type: 'certificate', ...http.certificate };
}

/** Returns as whom a request is to act; undefined when it acts as its sender, as nearly all do. */
function impersonationOf({ lists }: HttpRequest): Impersonation | undefined {
  if (lists === undefined) return undefined;
  const extra = Object.entries(lists).flatMap(([name, values]) =>
    name.startsWith(extraHeader) ? [[unescapeKey(name.slice(extraHeader.length)), values] as const] : [],
  );
  const user = lists['impersonate-user']?.[0] ?? '';
  const uid = lists['impersonate-uid']?.[0] ?? '';
  const groups = lists['impersonate-group'] ?? [];
  const isAsked = user !== '' || uid !== '' || groups.length > 0 || extra.length > 0;
  return isAsked ? { user, uid, groups, extra: Object.fromEntries(extra) } : undefined;
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
