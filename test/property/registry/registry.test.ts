/** The registry under requests that nobody would send: each has one answer, nothing throws, and what it says that it has it can give. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { digestOf, MemoryRegistry } from '../../unit/registry/memory-registry.ts';

const contents = [
  '',
  'one',
  '{"schemaVersion":2}',
  `{"schemaVersion":2,"layers":[{"digest":"${digestOf(utf8('one'))}"}]}`,
];
const digest = fc.constantFrom(...contents.map((text) => digestOf(utf8(text))), 'sha256:1', 'x');
const repository = fc.constantFrom('a', 'b', 'a/b', 'A', '..');
const reference = fc.oneof(digest, fc.constantFrom('v1', 'v2', '-', ''));
/** `*`: the place of the upload that was opened last. */
const target = fc.oneof(
  fc.constantFrom('/v2/', '/v2/_catalog', '/', '*', '*', '*'),
  fc.tuple(digest).map(([each]) => `*?digest=${each}`),
  fc.tuple(repository, reference).map(([name, each]) => `/v2/${name}/manifests/${each}`),
  fc.tuple(repository, digest).map(([name, each]) => `/v2/${name}/blobs/${each}`),
  fc.tuple(repository).map(([name]) => `/v2/${name}/blobs/uploads/`),
  fc
    .tuple(repository, digest, repository)
    .map(([to, each, from]) => `/v2/${to}/blobs/uploads/?mount=${each}&from=${from}`),
  fc.tuple(repository, digest).map(([name, each]) => `/v2/${name}/blobs/uploads/?digest=${each}`),
  fc.tuple(repository).map(([name]) => `/v2/${name}/tags/list`),
  fc.webPath(),
);
const request = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'TRACE'),
  target,
  headers: fc.record(
    {
      'content-range': fc.constantFrom('0-2', '3-5', 'x'),
      range: fc.constantFrom('bytes=0-0', 'bytes=-1', 'bytes=9-', 'x'),
    },
    { requiredKeys: [] },
  ),
  body: fc.constantFrom(...contents),
});

test('any requests have one answer each, and a restart changes nothing of what was acknowledged', () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
      let registry = new MemoryRegistry();
      let place = '/v2/a/blobs/uploads/none';
      for (const { method, target: asked, headers, body } of requests) {
        const type = { 'content-type': 'application/json' };
        const answer = registry.send(method, asked.replace('*', place), { ...headers, ...type } as never, body);
        expect(answer.status).toBeGreaterThanOrEqual(200);
        expect(answer.status).toBeLessThan(500);
        place = answer.headers['location'] ?? place;
      }
      const listed = (): object[] => {
        const { repositories } = JSON.parse(utf8Text(registry.send('GET', '/v2/_catalog').body)) as {
          repositories: string[];
        };
        return repositories.map((name) => {
          const { tags } = JSON.parse(utf8Text(registry.send('GET', `/v2/${name}/tags/list`).body)) as {
            tags: string[];
          };
          for (const tag of tags) {
            const read = registry.send('GET', `/v2/${name}/manifests/${tag}`);
            expect(digestOf(read.body)).toBe(read.headers['docker-content-digest']);
          }
          return { name, tags };
        });
      };
      const before = listed();
      registry = new MemoryRegistry({ users: {} }, registry.folder);
      expect(listed()).toEqual(before);
    }),
    { numRuns: 500 },
  );
});
