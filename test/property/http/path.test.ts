/** Paths and queries round-trip, whatever names hold. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ResourceRequest } from '../../../src/api/request.ts';
import { StatusError } from '../../../src/api/status.ts';
import { formatPath, parseTarget } from '../../../src/http/path.ts';
import { parseQuery } from '../../../src/http/query.ts';

const name = fc.string({ minLength: 1, unit: 'binary' });
const word = fc.constantFrom('pods', 'deployments', 'nodes', 'x');
const methods = { get: 'GET', create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;

const named = fc.record({
  verb: fc.constantFrom(...(Object.keys(methods) as (keyof typeof methods)[])),
  group: fc.constantFrom('', 'apps', 'example.com'),
  version: fc.constantFrom('v1', 'v1beta1'),
  resource: word,
  subresource: fc.constantFrom('', 'status', 'log'),
  subpath: fc.constant(''),
  namespace: fc.oneof(fc.constant(''), name),
  name,
});

test('a request for a named object survives its path', () => {
  fc.assert(
    fc.property(named, (request) => {
      const { info } = parseTarget(methods[request.verb], formatPath(request));
      expect(info).toEqual({ type: 'resource', ...request } satisfies ResourceRequest);
    }),
  );
});

test('a request for a collection survives its path', () => {
  const verbs = { list: 'GET', create: 'POST', deletecollection: 'DELETE' } as const;
  const collection = fc.tuple(named, fc.constantFrom(...(Object.keys(verbs) as (keyof typeof verbs)[])));
  fc.assert(
    fc.property(collection, ([request, verb]) => {
      const wanted = { ...request, name: '', subresource: '', verb };
      expect(parseTarget(verbs[verb], formatPath(wanted)).info).toEqual({ type: 'resource', ...wanted });
    }),
  );
});

test('any target is parsed or refused as a bad request', () => {
  const target = fc.array(
    fc.constantFrom('/', 'api', 'apis', 'v1', 'namespaces', 'watch', 'pods', '%2F', '%', '?', '&', '=', 'a'),
    { maxLength: 10 },
  );
  fc.assert(
    fc.property(fc.constantFrom('GET', 'POST', 'DELETE'), target, (method, parts) => {
      try {
        parseTarget(method, `/${parts.join('')}`);
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError);
      }
    }),
  );
});

test('a query survives its text', () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (pairs) => {
      const line = pairs.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('&');
      const want = new Map<string, string[]>();
      for (const [key, value] of pairs) want.set(key, [...(want.get(key) ?? []), value]);
      expect(parseQuery(line)).toEqual(want);
    }),
  );
});
