/** Server-side apply as unmodified kubectl does it, every version from 1.28 on that this machine has. Skipped, visibly, where there is no kubectl. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { type Binary, chosenBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

const binaries = chosenBinaries();
const none: Binary = { path: '', version: '(skipped: there is no kubectl 1.28 or newer on this machine)' };

let cluster: Cluster;

beforeAll(async () => {
  if (binaries.length > 0) cluster = await Cluster.start({ masters: 1, nodes: 1 });
});

afterAll(() => cluster?.stop());

describe.skipIf(binaries.length === 0).each(binaries.length === 0 ? [none] : binaries)('kubectl $version', (binary) => {
  const name = `web-${binary.version.replace('.', '-')}`;
  let kubectl: Kubectl;

  beforeAll(() => {
    kubectl = new Kubectl(binary, cluster.kubeconfigPath);
  });

  afterAll(() => kubectl?.[Symbol.dispose]());

  const deployment = (replicas: number): string =>
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu: '1000m' } } }] },
        },
      },
    });
  const settings = (color: string): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { color } });

  test('apply creates, changes nothing when repeated, and shows differences before', async () => {
    expect(await kubectl.ok('apply --server-side -f -', deployment(1))).toBe(
      `deployment.apps/${name} serverside-applied\n`,
    );
    await kubectl.ok('apply --server-side -f -', deployment(1));
    const own = settings('red').replace(name, `${name}-own`);
    const found = `get configmap ${name}-own -o jsonpath={.metadata.resourceVersion}`;
    await kubectl.ok('apply --server-side -f -', own);
    const before = await kubectl.ok(found);
    await kubectl.ok('apply --server-side -f -', own);
    expect(await kubectl.ok(found)).toBe(before);
    expect((await kubectl.run('diff --server-side -f -', deployment(1))).code).toBe(0);
    const difference = await kubectl.run('diff --server-side -f -', deployment(2));
    expect(difference.code, difference.stderr).toBe(1);
    expect(difference.stdout).toContain('+  replicas: 2');
    expect(await kubectl.ok(`get deployment ${name} -o jsonpath={.metadata.generation}`)).toBe('1');
  });

  test('a field of another manager is a conflict until it is forced', async () => {
    await kubectl.ok(`scale deployment ${name} --replicas=3`);
    const { code, stderr } = await kubectl.run('apply --server-side -f -', deployment(2));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Apply failed with 1 conflict: conflict with "kubectl[^"]*" with subresource "scale" using apps\/v1: \.spec\.replicas/,
    );
    expect(await kubectl.ok('apply --server-side --force-conflicts -f -', deployment(2))).toContain(
      'serverside-applied',
    );
    expect(await kubectl.ok(`get deployment ${name} -o jsonpath={.spec.replicas}`)).toBe('2');
    const wrong = await kubectl.run('apply --server-side -f -', deployment(2).replace('"replicas"', '"replica"'));
    expect(wrong.stderr).toContain('.spec.replica: field not declared in schema');
    await kubectl.ok(`delete deployment ${name}`);
  });

  test('what was applied by the client is taken over by the server, and owners stay out of sight', async () => {
    await kubectl.ok('apply -f -', settings('red'));
    expect(await kubectl.ok('apply --server-side -f -', settings('blue'))).toContain('serverside-applied');
    const managers = await kubectl.ok(
      `get configmap ${name} --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}`,
    );
    expect(managers.split(' ')).not.toContain('kubectl-client-side-apply');
    expect(managers.split(' ')).toContain('kubectl');
    expect(await kubectl.ok(`get configmap ${name} -o yaml`)).not.toContain('managedFields');
    const other = await kubectl.run('apply --server-side --field-manager=ci -f -', settings('green'));
    expect(other.stderr).toContain('conflict with "kubectl": .data.color');
    expect(await kubectl.ok('apply -f -', settings('white'))).toContain('configured');
  });
});
