/** Discovery, version and health: what clients read before they know anything. */
import { expect, test } from 'vitest';
import { Harness, type Tree } from './harness.ts';

const harness = new Harness();
const anonymous = { type: 'anonymous' as const };
const component = { type: 'component' as const, user: 'test', groups: ['system:masters'] };
const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

test('the aggregated documents name every group, with the content type that was asked for', () => {
  const core = harness.path('/api', aggregated);
  expect(core.body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
  expect(core.response.contentType).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
  const groups = harness.path('/apis', aggregated).body.items.map((item: Tree) => item.metadata.name);
  expect(groups).toContain('apps');
});

test('the plain documents lead from the groups to the resources', () => {
  expect(harness.path('/api').body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  expect(harness.path('/apis').body.kind).toBe('APIGroupList');
  expect(harness.path('/apis/apps').body).toMatchObject({ kind: 'APIGroup', name: 'apps' });
  const names = harness.path('/apis/apps/v1').body.resources.map((resource: Tree) => resource.name);
  expect(names).toContain('deployments/scale');
  expect(harness.path('/api/v1').body.resources.length).toBeGreaterThan(20);
});

test('a document that the client has is not sent again', () => {
  const first = harness.path('/apis', aggregated).response;
  const etag = first.headers['ETag'] as string;
  const request = { type: 'nonResource', path: '/apis', parameters: {}, accept: aggregated } as const;
  const again = harness.call({ ...request, ifNoneMatch: etag, credentials: component }).response;
  expect(again.status).toBe(304);
  expect(again.bytes).toHaveLength(0);
});

test('the version is that of Kubernetes 1.36', () => {
  expect(harness.path('/version').body).toMatchObject({ major: '1', minor: '36', gitVersion: 'v1.36.0' });
});

test('health says ok; readiness only while the cache follows the store', () => {
  for (const path of ['/healthz', '/livez', '/readyz']) expect(harness.path(path).body).toEqual({ text: 'ok' });
  const lost = new Harness();
  lost.universe.killThread('store');
  lost.settle(50);
  expect(lost.path('/livez').status).toBe(200);
});

test('other paths are for those who have a right to them, and unknown ones are nowhere', () => {
  expect(harness.path('/metrics', '', anonymous).body.message).toBe(
    'forbidden: User "system:anonymous" cannot get path "/metrics"',
  );
  expect(harness.path('/metrics', '', component).body.text).toContain('apiserver_cache_revision ');
  expect(harness.path('/apis/none').body).toMatchObject({ code: 404, reason: 'NotFound' });
  expect(harness.path('/openapi/v2', '', component).body.swagger).toBe('2.0');
  expect(harness.path('/openapi/v3/apis/none/v1', '', component).status).toBe(404);
  expect(harness.path('/openapi/v3', '', anonymous).status).toBe(403);
  expect(harness.path('/readyz/ping', '', anonymous).status).toBe(403);
  for (const path of ['/version', '/healthz', '/readyz']) {
    expect(harness.path(path, '', anonymous).status).toBe(200);
  }
});

test('an OpenAPI document that is asked for by its hash may be kept for ever', () => {
  const somebody = { type: 'component' as const, user: 'somebody', groups: ['system:authenticated'] };
  const index = harness.path('/openapi/v3', '', somebody);
  expect(index.response.headers).not.toHaveProperty('Cache-Control');
  const [path, hash = ''] = index.body.paths['apis/apps/v1'].serverRelativeURL.split('?hash=');
  const request = { type: 'nonResource', path, parameters: { hash }, accept: '', credentials: somebody } as const;
  const { status, response, body } = harness.call(request);
  expect([status, body.openapi]).toEqual([200, '3.0.0']);
  expect(response.headers['Cache-Control']).toBe('public, immutable');
  expect(response.headers['Expires']).toMatch(/ GMT$/);
  const stale = harness.call({ ...request, parameters: { hash: 'OTHER' } });
  expect(stale.status).toBe(200);
  expect(stale.response.headers).not.toHaveProperty('Expires');
});

test('health is told in a word, by its checks, or one check at a time', () => {
  const harness = new Harness();
  const credentials = { type: 'bearer', token: 'secret' } as const;
  const ask = (path: string, parameters: Record<string, string> = {}, verb = 'get') =>
    harness.call({ type: 'nonResource', path, parameters, accept: '', credentials, verb });
  expect(ask('/readyz').body.text).toBe('ok');
  const { text } = ask('/readyz', { verbose: '' }).body;
  expect(text.split('\n')).toEqual([
    '[+]ping ok',
    '[+]informer-sync ok',
    '[+]poststarthook/bootstrap-objects ok',
    '[+]poststarthook/rbac/bootstrap-roles ok',
    'readyz check passed',
    '',
  ]);
  expect(ask('/livez', { verbose: '', exclude: 'ping' }).body.text).toBe('[+]ping excluded: ok\nlivez check passed\n');
  expect(ask('/readyz/informer-sync').body.text).toBe('ok');
  expect(ask('/readyz/mood').status).toBe(404);
  expect(ask('/version', {}, 'post').body).toMatchObject({ code: 405, reason: 'MethodNotAllowed' });
});
