/** What pull secrets hold for which image, and what a kubelet does with them. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { ObjectSource } from '../../../src/kubelet/object-shelf.ts';
import { needsOf } from '../../../src/kubelet/pod-needs.ts';
import { pullSecretsOf } from '../../../src/kubelet/pull-secrets.ts';
import { NodeBench } from './node-bench.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function secret(auths: object, type = 'kubernetes.io/dockerconfigjson'): object {
  const isOld = type === 'kubernetes.io/dockercfg';
  const data = isOld ? { '.dockercfg': auths } : { '.dockerconfigjson': { auths } };
  return {
    type,
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(JSON.stringify(value))])),
  };
}

function podWith(...names: string[]): Pod {
  const spec = { containers: [{ name: 'main' }], imagePullSecrets: names.map((name) => ({ name })) };
  return { metadata: { name: 'web', namespace: 'shop' }, spec } as unknown as Pod;
}

/** Secrets by name; a name that is not here is not known yet. */
function source(secrets: Readonly<Record<string, object | null>>): ObjectSource {
  return {
    find: <T extends KubeObject>(_resource: string, namespace: string, name: string) =>
      (namespace === 'shop' ? secrets[name] : null) as T | null | undefined,
    list: () => undefined,
  };
}

const entry = (user: string): object => ({ auth: base64(`${user}:p:${user}`) });
const credential = (user: string): object => ({ username: user, password: `p:${user}` });

describe('pull secrets', () => {
  test.each([
    ['127.0.0.1:5000', '127.0.0.1:5000/a:v1', true],
    ['http://127.0.0.1:5000', '127.0.0.1:5000/a:v1', true],
    ['127.0.0.1:5001', '127.0.0.1:5000/a:v1', false],
    ['reg.io', 'reg.io/a/b', true],
    ['reg.io/a', 'reg.io/a/b', true],
    ['reg.io/a/', 'reg.io/a', true],
    ['reg.io/ab', 'reg.io/a/b', false],
    ['reg.io/a', 'reg.io/ab', false],
    ['*.reg.io', 'eu.reg.io/a', true],
    ['e*.reg.io', 'eu.reg.io/a', true],
    ['*.reg.io', 'reg.io/a', false],
    ['*.reg.io', 'a.b.reg.io/a', false],
    ['https://index.docker.io/v1/', 'docker.io/library/a', true],
    ['docker.io', 'index.docker.io/library/a', true],
    ['reg.io', 'nginx', false],
    ['reg.io', 'file:///reg.io/a', false],
  ])('for %s, with the image %s: %s', (key, image, isMeant) => {
    const found = pullSecretsOf(podWith('one'), image, source({ one: secret({ [key]: entry('u') }) }));
    expect(found).toEqual({ type: 'found', credentials: isMeant ? [credential('u')] : [], missing: [] });
  });

  test('the most specific comes first, of all secrets and of both forms', () => {
    const secrets = source({
      one: secret({ 'reg.io': { username: 'a', password: 'p:a' }, 'reg.io/team/app': entry('b') }),
      two: secret({ 'reg.io/team': entry('c') }, 'kubernetes.io/dockercfg'),
    });
    const found = pullSecretsOf(podWith('one', 'two'), 'reg.io/team/app', secrets);
    expect(found).toMatchObject({ credentials: ['b', 'c', 'a'].map(credential) });
  });

  test('one that is not known yet is waited for; one that is not there is told', () => {
    const pod = podWith('one', 'two');
    expect(pullSecretsOf(pod, 'reg.io/a', source({ one: null }))).toEqual({ type: 'waiting' });
    expect(pullSecretsOf(pod, 'reg.io/a', source({ one: null, two: secret({ 'reg.io': entry('u') }) }))).toEqual({
      type: 'found',
      credentials: [credential('u')],
      missing: ['one'],
    });
  });

  test.each([
    [{}],
    [{ type: 'kubernetes.io/dockerconfigjson' }],
    [{ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('x') } }],
    [{ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('{"auths":5}') } }],
    [secret({ 'reg.io': null })],
    [secret({ 'reg.io': { auth: base64('nocolon') } })],
    [secret({ 'reg.io': { username: 'a' } })],
  ])('one that is malformed holds nothing: %j', (malformed) => {
    const found = pullSecretsOf(podWith('one'), 'reg.io/a', source({ one: malformed }));
    expect(found).toEqual({ type: 'found', credentials: [], missing: [] });
  });

  test('are watched while the pod is there', () => {
    const needs = needsOf(podWith('one', 'one', ''), source({}));
    expect(needs.filter(({ resource }) => resource === 'secrets')).toEqual([
      { resource: 'secrets', namespace: 'shop', name: 'one' },
    ]);
  });

  test('one that is not there is told in an event, and the pull is tried without it', () => {
    const bench = new NodeBench();
    bench.setObject('secrets', 'there', secret({ 'reg.io': entry('u') }));
    bench.setObject('secrets', 'missing', null);
    const containers = [{ name: 'main', image: 'reg.io/app:v1', imagePullPolicy: 'Always' as const }];
    bench.add('web', { containers, imagePullSecrets: [{ name: 'there' }, { name: 'missing' }] });
    bench.runFor(1_000);
    expect(bench.container('web').state?.running).toBeDefined();
    expect(bench.events).toContainEqual(
      expect.stringContaining(
        'FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (missing); attempting to pull',
      ),
    );
  });
});
