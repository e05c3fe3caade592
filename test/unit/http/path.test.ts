/** Which request a URL is. */
import { expect, test } from 'vitest';
import { formatPath, parseTarget } from '../../../src/http/path.ts';

const parse = (line: string) => {
  const [method = '', target = ''] = line.split(' ');
  const { info } = parseTarget(method, target);
  if (info.type === 'nonResource') return `nonResource ${info.verb} ${info.path}`;
  const resource = [info.resource, info.subresource, info.subpath].filter((part) => part !== '').join('/');
  return `${info.verb} ${info.group}/${info.version} ${resource} ns=${info.namespace} name=${info.name}`;
};

test.each([
  ['GET /api/v1/pods', 'list /v1 pods ns= name='],
  ['GET /api/v1/pods?watch=true', 'watch /v1 pods ns= name='],
  ['GET /api/v1/pods?watch=1', 'watch /v1 pods ns= name='],
  ['GET /api/v1/pods?watch=false', 'list /v1 pods ns= name='],
  ['GET /api/v1/namespaces/d/pods', 'list /v1 pods ns=d name='],
  ['GET /api/v1/namespaces/d/pods/x', 'get /v1 pods ns=d name=x'],
  ['HEAD /api/v1/namespaces/d/pods/x', 'get /v1 pods ns=d name=x'],
  ['GET /api/v1/namespaces/d/pods/x/log?follow=true', 'get /v1 pods/log ns=d name=x'],
  ['POST /api/v1/namespaces/d/pods', 'create /v1 pods ns=d name='],
  ['POST /api/v1/namespaces/d/pods/x/eviction', 'create /v1 pods/eviction ns=d name=x'],
  ['PUT /apis/apps/v1/namespaces/d/deployments/x/scale', 'update apps/v1 deployments/scale ns=d name=x'],
  ['PATCH /apis/apps/v1/namespaces/d/deployments/x', 'patch apps/v1 deployments ns=d name=x'],
  ['DELETE /apis/apps/v1/namespaces/d/deployments/x', 'delete apps/v1 deployments ns=d name=x'],
  ['DELETE /apis/apps/v1/namespaces/d/deployments', 'deletecollection apps/v1 deployments ns=d name='],
  ['GET /api/v1/namespaces', 'list /v1 namespaces ns= name='],
  ['GET /api/v1/namespaces/d', 'get /v1 namespaces ns=d name=d'],
  ['PUT /api/v1/namespaces/d/finalize', 'update /v1 namespaces/finalize ns=d name=d'],
  ['PUT /api/v1/namespaces/d/status', 'update /v1 namespaces/status ns=d name=d'],
  ['GET /api/v1/nodes/n', 'get /v1 nodes ns= name=n'],
  ['GET /api/v1/watch/namespaces/d/pods', 'watch /v1 pods ns=d name='],
  ['GET /api/v1/namespaces/d/services/https:x:443/proxy/a/b/', 'get /v1 services/proxy/a/b/ ns=d name=https:x:443'],
  [
    'GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    'get rbac.authorization.k8s.io/v1 clusterroles ns= name=system:node',
  ],
  ['GET /api', 'nonResource get /api'],
  ['GET /api/v1', 'nonResource get /api/v1'],
  ['GET /apis/apps/v1', 'nonResource get /apis/apps/v1'],
  ['GET /openapi/v3?hash=1', 'nonResource get /openapi/v3'],
  ['GET /', 'nonResource get /'],
  ['OPTIONS /api/v1/pods', 'nonResource options /api/v1/pods'],
])('%s is %s', (line, want) => {
  expect(parse(line)).toBe(want);
});

test('a malformed escape is a bad request', () => {
  expect(() => parseTarget('GET', '/api/v1/pods/%zz')).toThrow('invalid URL escape');
  expect(() => parseTarget('GET', '/api/v1/pods?a=%f')).toThrow('invalid URL escape');
});

test('a path is written with its parts escaped', () => {
  const request = {
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: 'log',
    subpath: '',
    namespace: 'd',
    name: 'a/b',
  };
  expect(formatPath(request)).toBe('/api/v1/namespaces/d/pods/a%2Fb/log');
});
