/**
 * Unmodified kubectl, every version from 1.29 on that this machine has, against a running cluster of three masters whose leader dies in the
 * middle. Skipped, visibly, where there is no kubectl.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { type Binary, kubectlBinaries } from './binaries.ts';
import { Kubectl, printed } from './kubectl.ts';

const binaries = kubectlBinaries();
const none: Binary = { path: '', version: '(skipped: there is no kubectl 1.29 or newer on this machine)' };
const shop = readFileSync(new URL('../../examples/shop.yaml', import.meta.url), 'utf8');

let cluster: Cluster;

beforeAll(async () => {
  if (binaries.length > 0) cluster = await Cluster.start({ masters: 3, nodes: 3 });
});

afterAll(() => cluster?.stop());

describe.skipIf(binaries.length === 0).each(binaries.length === 0 ? [none] : binaries)('kubectl $version', (binary) => {
  const namespace = `shop-${binary.version.replace('.', '-')}`;
  let kubectl: Kubectl;

  beforeAll(() => {
    kubectl = new Kubectl(binary, cluster.kubeconfigPath);
  });

  afterAll(() => kubectl?.[Symbol.dispose]());

  test('create, get, describe and logs show the application', async () => {
    const created = await kubectl.ok(
      'create --validate=false -f -',
      shop.replaceAll('namespace: shop', `namespace: ${namespace}`).replace('name: shop\n', `name: ${namespace}\n`),
    );
    expect(created).toContain('deployment.apps/frontend created');
    expect(created).toContain('service/orders created');
    for (const name of ['frontend', 'catalog', 'cart', 'orders'])
      await cluster.waitFor(`deployment/${name}`, 'Available', { namespace });
    const deployments = await kubectl.ok(`-n ${namespace} get deployments`);
    expect(deployments).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\n/);
    expect(deployments).toMatch(/\nfrontend +3\/3 +3 +3 +\d+s/);
    expect(await kubectl.ok(`-n ${namespace} get pods -o wide`)).toMatch(
      /NOMINATED NODE +READINESS GATES\ncart-\w+-\w+ +2\/2 +Running +0 +\d+s +10\.244\.\d+\.\d+ +node-\d/,
    );
    expect(await kubectl.ok('get nodes')).toMatch(/\nnode-0 +Ready +<none> +\d+[sm]\d* +v1\.36\.0\n/);
    expect(await kubectl.ok(`-n ${namespace} get deployment frontend -o jsonpath={.status.readyReplicas}`)).toBe('3');
    const yaml = await kubectl.ok(`-n ${namespace} get deployment frontend -o yaml`);
    expect(yaml).toContain('maxSurge: 25%');
    const described = await kubectl.ok(`-n ${namespace} describe deployment frontend`);
    expect(described).toContain('ScalingReplicaSet');
    expect(described).toMatch(/Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable/);
    const pod = (await kubectl.ok(`-n ${namespace} get pods -l app=orders -o name`)).trim();
    const description = await kubectl.ok(`-n ${namespace} describe ${pod}`);
    for (const text of ['Scheduled', 'Pulled', 'Created', 'Started', 'ContainersReady', 'QoS Class:'])
      expect(description).toContain(text);
    expect((await kubectl.run(`-n ${namespace} logs ${pod}`)).code).toBe(0);
    expect(await kubectl.ok('describe node node-0')).toContain('kubernetes.io/hostname=node-0');
  });

  test('scale, a watch and delete go on while the leading master dies', async () => {
    const leader = await cluster.leader();
    const watching = kubectl.start(`-n ${namespace} get pods -l app=frontend -w`);
    await printed(watching, 'Running');
    await kubectl.ok(`-n ${namespace} scale deployment frontend --replicas=5`);
    await leader.kill();
    await cluster.waitFor(
      'deployment/frontend',
      (object) => (object as { status?: { readyReplicas?: number } }).status?.readyReplicas === 5,
      { namespace },
    );
    expect(await kubectl.ok(`-n ${namespace} get deployment frontend -o jsonpath={.status.readyReplicas}`)).toBe('5');
    watching.kill();
    expect(await kubectl.ok(`-n ${namespace} delete deployment catalog`)).toContain(
      'deployment.apps "catalog" deleted',
    );
    await leader.restart();
    await cluster.ready();
    expect(await kubectl.ok(`-n ${namespace} get deployments -o name`)).not.toContain('catalog');
  });

  test('what is wrong is said as Kubernetes says it', async () => {
    const missing = await kubectl.run('get deployment nothing');
    expect([missing.code, missing.stderr.trim()]).toEqual([
      1,
      'Error from server (NotFound): deployments.apps "nothing" not found',
    ]);
    const unknown = await kubectl.run('get gizmos');
    expect(unknown.stderr).toContain(`the server doesn't have a resource type "gizmos"`);
    const again = await kubectl.run(
      'create --validate=false -f -',
      `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"${namespace}"}}`,
    );
    expect(again.stderr).toContain('(AlreadyExists)');
    const wrong = await kubectl.run(
      'create --validate=false -f -',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"Wrong_Name"}}',
    );
    expect(wrong.stderr).toContain('metadata.name: Invalid value: "Wrong_Name"');
    const stranger = await kubectl.run('--token=wrong get pods');
    expect(stranger.stderr).toMatch(/Unauthorized|must be logged in/);
  });

  test('a namespace and all that is in it can be deleted', async () => {
    expect(await kubectl.ok(`delete namespace ${namespace} --wait=true`)).toContain(`namespace "${namespace}" deleted`);
    expect((await kubectl.run(`get namespace ${namespace}`)).stderr).toContain('NotFound');
  });
});
