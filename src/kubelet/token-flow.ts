/** Asks the API server for a token of a pod's service account, bound to the pod: it ends with it. */
import { type Flow, sleep } from '../actor/flow.ts';
import type { ApiClient } from '../protocol/api-client.ts';
import type { TokenAnswer } from './turn.ts';
import type { TokenDemand } from './volume-verdict.ts';

const accounts = { group: '', version: 'v1', resource: 'serviceaccounts' };
const attemptTimeoutMs = 5_000;
/** So often another server is tried before the pod hears that nobody answers. */
const attemptsMax = 5;

export function* requestToken(api: ApiClient, demand: TokenDemand, retryMs: number): Flow<TokenAnswer> {
  const { namespace, account, pod, audience, expirationSeconds } = demand;
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      ...(audience === '' ? {} : { audiences: [audience] }),
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...pod },
    },
  };
  const place = { resource: accounts, namespace, name: account, subresource: 'token' };
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const answer = yield* api.call({ ...place, verb: 'create', body }, attemptTimeoutMs);
    if (answer.type === 'refused') return { type: 'refused', message: answer.status.message ?? '' };
    if (answer.type === 'done') {
      const { spec, status } = answer.object as { spec?: { expirationSeconds?: number }; status?: { token?: string } };
      const lifetimeMs = (spec?.expirationSeconds ?? expirationSeconds) * 1000;
      return { type: 'issued', token: status?.token ?? '', lifetimeMs };
    }
    yield* sleep(retryMs);
  }
  return { type: 'unreachable' };
}
