/** What a cluster's registry may be asked to be. */
import { expect, test } from 'vitest';
import { checkOptions } from '../../../actors/cluster/options.ts';
import { pushTo } from '../../../actors/cluster/push-image.ts';

test.each([
  [undefined, null],
  [false, null],
  [true, { port: 0, users: {} }],
  [{ port: 5_000 }, { port: 5_000, users: {} }],
  [{ users: { alice: 'a' } }, { port: 0, users: { alice: 'a' } }],
])('registry: %j', (registry, expected) => {
  expect(checkOptions(registry === undefined ? {} : { registry }).registry).toEqual(expected);
});

test.each([
  [{ registry: { port: 70_000 } }, 'registry.port must be a whole number from 0 to 65535'],
  [{ registry: { users: { 'a:b': 'c' } } }, 'registry.users must be passwords by name'],
  [{ registry: { users: { a: '' } } }, 'registry.users must be passwords by name'],
  [{ registry: true, simulated: { seed: 1 } }, 'it has no registry'],
])('%j is refused', (options, complaint) => {
  expect(() => checkOptions(options)).toThrow(complaint);
});

test('a name that tells no registry needs one of the cluster’s own', async () => {
  await expect(pushTo(null, 'shop:v1', {})).rejects.toThrow('"shop:v1" tells no registry, and the cluster has none');
  await expect(pushTo('127.0.0.1:5000', 'Shop', {})).rejects.toThrow('"Shop" is no name of an image');
});
