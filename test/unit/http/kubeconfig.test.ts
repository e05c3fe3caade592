/** A user's kubeconfig file, shared with other clusters. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatKubeconfig, kubeconfig, mergeKubeconfig, removeFromKubeconfig } from '../../../src/http/kubeconfig.ts';

const config = (server: string) => kubeconfig({ name: 'threemaster-a', server, userName: 'admin', token: 't' });
const entries = {
  clusters: [{ name: 'threemaster-a' }],
  users: [{ name: 'threemaster-a-admin' }],
  contexts: [{ name: 'threemaster-a' }],
};
const others = `apiVersion: v1
kind: Config
preferences: { colors: true }
clusters: [{ name: other, cluster: { server: https://other } }]
users: [{ name: someone, user: { token: x } }]
contexts: [{ name: other, context: { cluster: other, user: someone } }]
current-context: other
`;

test('a cluster goes in beside the others and becomes current; a second time it replaces itself', () => {
  const once = mergeKubeconfig(others, config('https://one'));
  const twice = parse(mergeKubeconfig(once, config('https://two')));
  expect(twice['current-context']).toBe('threemaster-a');
  expect(twice.preferences).toEqual({ colors: true });
  expect(twice.clusters.map(({ name }: { name: string }) => name)).toEqual(['other', 'threemaster-a']);
  expect(twice.clusters[1].cluster.server).toBe('https://two');
  expect(twice.users.map(({ name }: { name: string }) => name)).toEqual(['someone', 'threemaster-a-admin']);
});

test('taken out again, it leaves what the others had, and no current context if it was it', () => {
  const after = parse(removeFromKubeconfig(mergeKubeconfig(others, config('https://one')), entries));
  expect(after).toEqual({ ...parse(others), 'current-context': '' });
  expect(parse(removeFromKubeconfig(others, entries))).toEqual(parse(others));
});

test('into an empty file it goes as into a new one', () => {
  expect(parse(mergeKubeconfig('', config('https://one')))).toEqual(parse(formatKubeconfig(config('https://one'))));
});

test.each([
  ['kind: Pod', 'it is no kubeconfig: kind is not Config'],
  ['kind: Config\nclusters: {}', 'it is no kubeconfig: clusters is no list'],
  ['just text', 'it is no kubeconfig: kind is not Config'],
])('%j is left alone', (text, message) => {
  expect(() => mergeKubeconfig(text, config('https://one'))).toThrow(message);
});
