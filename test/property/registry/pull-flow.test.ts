/** A pull under answers that are anything: it ends, with a message, and never believes content that is not what it asked for. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { pullImage } from '../../../src/registry/pull-flow.ts';
import { type ImageReference, parseReference } from '../../../src/registry/reference.ts';
import { digestOf } from '../../unit/registry/memory-registry.ts';

const digests = ['a', 'b', '{}'].map((text) => digestOf(utf8(text)));
const digest = fc.constantFrom(...digests, 'sha256:1', 5, null);
const mediaType = fc.constantFrom(
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd',
  7,
);
const descriptor = fc.record({ mediaType, digest, size: fc.constantFrom(1, -1, 1e12, 'x') }, { requiredKeys: [] });
const anything = fc
  .oneof(
    fc.record(
      {
        schemaVersion: fc.constantFrom(2, 2, 2, 1, 'x'),
        mediaType,
        config: fc.oneof(descriptor, fc.jsonValue()),
        layers: fc.oneof(fc.array(descriptor, { maxLength: 3 }), fc.jsonValue()),
        manifests: fc.oneof(fc.array(descriptor, { maxLength: 3 }), fc.jsonValue()),
        rootfs: fc.record({ diff_ids: fc.array(digest, { maxLength: 3 }) }),
        token: fc.constantFrom('t', 5),
      },
      { requiredKeys: [] },
    ),
    fc.jsonValue(),
  )
  .map((value) => JSON.stringify(value));
const challenge = fc.constantFrom(
  'Basic',
  'Bearer realm="http://auth/token"',
  'Bearer realm="',
  'Bearer realm="http://a",scope=',
  '',
);
const answer = fc.oneof(
  fc.record({
    type: fc.constant('response' as const),
    status: fc.constantFrom(200, 200, 200, 200, 401, 403, 404, 500),
    headers: challenge.map((text): Record<string, string> => ({ 'www-authenticate': text })),
    body: anything.map(utf8),
  }),
  fc.constant({ type: 'failed' as const, message: 'gone' }),
);

test('whatever a registry answers, a pull comes to an end', () => {
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 40 }), (answers) => {
      const flow = pullImage(parseReference('127.0.0.1:5000/a') as ImageReference, [{ username: 'u', password: 'p' }]);
      const fetched: string[] = [];
      let next = flow.next();
      let asked = 0;
      for (; next.done !== true; asked += 1) {
        expect(asked).toBeLessThan(1_000);
        const given = answers[asked] ?? { type: 'failed' as const, message: 'nothing more' };
        if (next.value.type === 'layer' && given.type === 'response' && given.status === 200) {
          fetched.push(next.value.layer.digest);
          next = flow.next({ type: 'stored' });
        } else next = flow.next(given.type === 'failed' ? given : { ...given, digest: digestOf(given.body) });
      }
      if (next.value.type === 'failed') expect(next.value.message).not.toBe('');
      else expect(next.value.layers).toEqual(fetched);
    }),
    { numRuns: 2_000 },
  );
});
