/**
 * /livez, /readyz and the older /healthz: all checks together, one by one under their names, and listed with `verbose`.
 * Models apiserver pkg/server/healthz/healthz.go.
 */
import { notServed } from '../api/status-errors.ts';
import { utf8 } from '../base/bytes.ts';
import type { ApiResponse, ApiServerReadiness } from '../protocol/apiserver.ts';
import type { Environment } from './environment.ts';

interface Check {
  readonly name: string;
  readonly isPassed: (environment: Environment) => boolean;
}

const ping: Check = { name: 'ping', isPassed: () => true };
/** Alive as long as it answers; ready while its cache follows the store. */
const checksByRoot: ReadonlyMap<string, readonly Check[]> = new Map([
  ['healthz', [ping]],
  ['livez', [ping]],
  [
    'readyz',
    [
      ping,
      { name: 'informer-sync', isPassed: ({ cache }) => cache.isSynced },
      { name: 'poststarthook/bootstrap-objects', isPassed: ({ isBootstrapped }) => isBootstrapped },
      { name: 'poststarthook/rbac/bootstrap-roles', isPassed: ({ hasRights }) => hasRights },
    ],
  ],
]);

export function isHealthPath(path: string): boolean {
  return /^\/(healthz|livez|readyz)(\/|$)/.test(path);
}

export function readinessOf(environment: Environment): ApiServerReadiness {
  const isReady = checksByRoot.get('readyz')?.every(({ isPassed }) => isPassed(environment)) ?? false;
  return { isReady, isAtLeader: environment.replicas.isPreferredLeading };
}

/** Answers a path of `isHealthPath`. Throws StatusError NotFound for a check that there is not. */
export function healthOf(
  environment: Environment,
  path: string,
  parameters: Readonly<Record<string, string>>,
): ApiResponse {
  const [, root = '', ...rest] = path.split('/');
  const all = checksByRoot.get(root) ?? [];
  if (rest.length > 0) {
    const check = all.find(({ name }) => name === rest.join('/'));
    if (check === undefined) throw notServed();
    return check.isPassed(environment) ? plainText(200, 'ok') : plainText(500, 'internal server error: not ready\n');
  }
  const excluded = parameters['exclude'];
  const lines: string[] = [];
  let isPassed = true;
  for (const check of all) {
    if (check.name === excluded) lines.push(`[+]${check.name} excluded: ok`);
    else if (check.isPassed(environment)) lines.push(`[+]${check.name} ok`);
    else {
      lines.push(`[-]${check.name} failed: reason withheld`);
      isPassed = false;
    }
  }
  if (isPassed && parameters['verbose'] === undefined) return plainText(200, 'ok');
  lines.push(`${root} check ${isPassed ? 'passed' : 'failed'}`);
  return plainText(isPassed ? 200 : 500, `${lines.join('\n')}\n`);
}

export function plainText(status: number, text: string): ApiResponse {
  return { status, contentType: 'text/plain; charset=utf-8', bytes: utf8(text), warnings: [], headers: {} };
}
