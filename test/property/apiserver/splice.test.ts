/** The resourceVersion that is spliced in, and the managed fields that are cut out, against parsing and printing. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutManagedFields, withResourceVersion } from '../../../src/apiserver/splice.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';

const name = fc.oneof(
  fc.constantFrom('managedFields', 'labels', '"managedFields":[', 'a\\', '\\"', '}', '\u2028'),
  fc.string({ unit: 'binary' }),
);
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), name),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
})).value;

/** JavaScript puts names that are numbers before all others, which a splice does not. */
const field = name.filter((each) => !/^\d+$/.test(each));

test('any object keeps everything else, in its order', () => {
  const metadata = fc.dictionary(field, tree, { maxKeys: 5, noNullPrototype: true });
  const property = fc.property(metadata, tree, fc.option(tree), (rest, spec, managed) => {
    const fields = managed === null ? {} : { managedFields: managed };
    const object = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'web', ...rest, ...fields }, spec };
    const spliced = withResourceVersion(utf8(JSON.stringify(object)), 42);
    const all = Object.entries({ resourceVersion: '42', ...object.metadata });
    const kept = Object.fromEntries(all.filter(([key]) => key !== 'managedFields'));
    const wanted = JSON.stringify({ ...object, metadata: kept });
    expect(utf8Text(withoutManagedFields(spliced))).toBe(wanted);
  });
  fc.assert(property, { numRuns: 2_000 });
});

test('an object without them is not copied', () => {
  const bytes = withResourceVersion(utf8('{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web"}}'), 1);
  expect(withoutManagedFields(bytes)).toBe(bytes);
});
