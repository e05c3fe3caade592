/** Well-formed and malformed names, versions and ages. */
import { expect, test } from 'vitest';
import { compareVersions, parseApiVersion, stabilityOf } from '../../../src/api/group-version.ts';
import { ageSince, humanDuration } from '../../../src/api/human-duration.ts';
import { scaledValue } from '../../../src/api/int-or-string.ts';
import { equalSemantic } from '../../../src/api/json.ts';
import * as names from '../../../src/api/names.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';

test.each<[string, names.NameCheck, string[], string[]]>([
  ['label', names.checkLabel, ['a', 'a-b', '1a'], ['', 'A', 'a.b', '-a', 'a'.repeat(64)]],
  ['subdomain', names.checkSubdomain, ['a.b', 'a-1.b'], ['', 'a..b', 'a_b', '.a']],
  ['service label', names.checkServiceLabel, ['a1'], ['1a', 'a.b']],
  ['qualified name', names.checkQualifiedName, ['a', 'A_b.c', 'x.y/z'], ['', '/a', 'x/', 'x/y/z', 'X/y', '-a']],
  ['label value', names.checkLabelValue, ['', 'a', 'A_1'], ['a b', '-a', 'a'.repeat(64)]],
  ['config key', names.checkConfigKey, ['a', '.a', 'A_b'], ['', '.', '..', '..a', 'a/b']],
  ['port name', names.checkPortName, ['http', 'a-1'], ['', '1', 'a--b', '-a', 'sixteen-letters-']],
  [
    'address',
    names.checkAddress,
    ['1.2.3.4', '::1', '2001:db8::ffff', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8'],
    ['1.2.3', '1.2.3.256', '01.2.3.4', ':::', '1::2::3', '1:2:3'],
  ],
  ['path segment', names.checkPathSegment, ['a:b'], ['.', '..', 'a/b', 'a%b']],
])('%s', (_, check, good, bad) => {
  expect(good.filter((text) => check(text).length > 0)).toEqual([]);
  expect(bad.filter((text) => check(text).length === 0)).toEqual([]);
});

test('complaints are worded as in Kubernetes', () => {
  expect(names.checkLabel('A')).toEqual([
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]);
  expect(names.checkLabel('a'.repeat(64))).toEqual(['must be no more than 63 bytes']);
});

test('a generated name keeps 58 characters of its base and adds five', () => {
  const random = new Random(1);
  expect(names.generateName('web-', random)).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(names.generateName('x'.repeat(80), random)).toHaveLength(63);
});

test('versions are ordered by stability, then by number', () => {
  const versions = ['v1alpha1', 'foo', 'v2', 'v1beta1', 'v10', 'v1', 'v1beta2', 'bar'];
  expect(versions.sort(compareVersions)).toEqual(['v10', 'v2', 'v1', 'v1beta2', 'v1beta1', 'v1alpha1', 'bar', 'foo']);
  expect(['v1', 'v1beta1', 'v1alpha1'].map(stabilityOf)).toEqual(['stable', 'beta', 'alpha']);
  expect(parseApiVersion('a/b/c')).toBeUndefined();
});

test.each([
  [-3000, '<invalid>'],
  [-500, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [200_000, '3m20s'],
  [600_000, '10m'],
  [3 * 3600_000, '3h'],
  [3 * 3600_000 + 60_000, '3h1m'],
  [47 * 3600_000, '47h'],
  [50 * 3600_000, '2d2h'],
  [9 * 86_400_000, '9d'],
  [800 * 86_400_000, '2y70d'],
  [9 * 365 * 86_400_000, '9y'],
])('%d ms read %s', (durationMs, want) => {
  expect(humanDuration(durationMs)).toBe(want);
});

test('an age counts from the timestamp', () => {
  expect(ageSince('1970-01-01T00:00:10Z', 15_000 as WallMs)).toBe('5s');
  expect(ageSince(undefined, 0 as WallMs)).toBe('<unknown>');
});

test('percentages scale and numbers stay', () => {
  expect([
    scaledValue('25%', 10, 'up'),
    scaledValue('25%', 10, 'down'),
    scaledValue(4, 10, 'up'),
    scaledValue('x', 1, 'up'),
  ]).toEqual([3, 2, 4, undefined]);
});

test('absent, null and an empty list mean the same', () => {
  expect(equalSemantic({ a: [], b: [1, { c: null }] }, { b: [1, {}] })).toBe(true);
  expect(equalSemantic({ a: 0 }, {})).toBe(false);
  expect(equalSemantic({ emptyDir: {} }, {})).toBe(false);
  expect(equalSemantic({ a: [1] }, { a: [2] })).toBe(false);
});
