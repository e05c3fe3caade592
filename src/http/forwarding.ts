/**
 * Requests that the API passes on to the port of a pod: what of them goes there, and what of the answer comes back. Only what concerns one
 * connection alone is left out, and what proved to the API who asks.
 * Models apimachinery pkg/util/proxy/upgradeaware.go, transport.go and pkg/util/net/port_split.go.
 */

/** `[SCHEME:]NAME[:PORT]`, as the path of a proxy names a pod, a service or a node. */
export interface ForwardName {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  /** A number or a name; empty: the first that there is. */
  readonly port: string;
}

/** The parts of a target such as `/api/v1/namespaces/d/pods/web:80/proxy/a/b?c=d`, as they came. */
export interface ForwardTarget {
  /** `/api/v1/namespaces/d/pods/web:80/proxy` */
  readonly prefix: string;
  /** `/a/b`; empty when nothing follows the prefix. */
  readonly path: string;
  /** `?c=d`, or empty. */
  readonly query: string;
}

type Headers = Readonly<Record<string, string>>;

/** What is said to a port once it is connected to. */
export interface ForwardHandshake {
  readonly to: 'port';
  readonly isSecure: boolean;
  readonly target: string;
  /** The path under which the client sees what is there. */
  readonly prefix: string;
  readonly headers: Headers;
}

const forwarded = /^(\/api\/v1\/namespaces\/[^/?]+\/(?:pods|services)\/[^/?]+\/proxy)(\/[^?]*)?(\?.*)?$/s;
/** RFC 9110 section 7.6.1, and what is of the same nature without standing there. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Whoever forwards has answered it already. */
const expectation = 'expect';

/** Returns null for a target that is not passed on to a pod. */
export function forwardTargetOf(target: string): ForwardTarget | null {
  const parts = target.includes('/proxy') ? forwarded.exec(target) : null;
  if (parts === null) return null;
  const [, prefix = '', path = '', query = ''] = parts;
  return { prefix, path, query };
}

/** Returns null for a name that is malformed. */
export function parseForwardName(text: string): ForwardName | null {
  const parts = text.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme)) return null;
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

/** Returns what is said to the port that `name` and `target` are of; `headers` are the client's. */
export function forwardHandshake(name: string, target: ForwardTarget, headers: Headers): ForwardHandshake {
  const { prefix, path, query } = target;
  return {
    to: 'port',
    isSecure: parseForwardName(name)?.scheme === 'https',
    target: `${path === '' ? '/' : path}${query}`,
    prefix,
    headers: forwardedHeaders(headers, target, headers['host'] ?? ''),
  };
}

/** Returns the headers for the pod. `host` is the one that the client named. */
export function forwardedHeaders(headers: Headers, target: ForwardTarget, host: string): Headers {
  const passed = Object.entries(headers).filter(
    ([name]) =>
      !isHopByHop(name, headers['connection']) &&
      name !== expectation &&
      name !== 'authorization' &&
      !name.startsWith('impersonate-'),
  );
  return {
    ...Object.fromEntries(passed),
    host,
    'x-forwarded-host': host,
    'x-forwarded-proto': 'https',
    'x-forwarded-uri': target.prefix + target.path,
  };
}

/** Returns the headers for the client. `rawHeaders` alternates names and values, as they came. A redirect within the pod stays within the proxy. */
export function returnedHeaders(rawHeaders: readonly string[], prefix: string, host: string): Record<string, string[]> {
  const headers = collect(rawHeaders, (name) => name.toLowerCase());
  const connection = headers.get('connection')?.join();
  const locations = headers.get('location');
  if (locations !== undefined) {
    const within = locations.map((location) => locationOf(location, prefix, host));
    headers.set('location', within);
  }
  return Object.fromEntries([...headers].filter(([name]) => !isHopByHop(name, connection)));
}

/** Returns the headers of an answer 101 for the client: all of them, written as they came. `rawHeaders` alternates names and values. */
export function switchedHeaders(rawHeaders: readonly string[]): Record<string, string[]> {
  return Object.fromEntries(collect(rawHeaders, (name) => name));
}

/** A map, because a pod may name a header `constructor`, which every plain object already has. */
function collect(rawHeaders: readonly string[], nameOf: (name: string) => string): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = nameOf(rawHeaders[at] as string);
    const value = rawHeaders[at + 1] as string;
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return headers;
}

function isHopByHop(name: string, connection: string | undefined): boolean {
  if (hopByHop.has(name)) return true;
  return (
    connection !== undefined &&
    connection
      .toLowerCase()
      .split(/\s*,\s*/)
      .includes(name)
  );
}

function locationOf(location: string, prefix: string, host: string): string {
  const [, named = '', path = ''] = /^(?:(?:https?:)?\/\/([^/?#]*))?(.*)$/s.exec(location) ?? [];
  const isElsewhere = named !== '' && named !== host;
  if (isElsewhere || !path.startsWith('/')) return location;
  return path.startsWith(`${prefix}/`) ? path : prefix + path;
}
