/**
 * Unmodified kubectl, the newest that this machine has or with `KUBECTL_VERSIONS=all` every one from 1.28 on, against a running cluster of three masters
 * whose leader dies in the middle. Skipped, visibly, where there is no kubectl.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { type Binary, chosenBinaries } from './binaries.ts';
import { Kubectl, printed } from './kubectl.ts';

const binaries = chosenBinaries();
const none: Binary = { path: '', version: '(skipped: there is no kubectl 1.28 or newer on this machine)' };
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
      'create -f -',
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
      /NOMINATED NODE +READINESS GATES\ncart-\w+-\w+ +2\/2 +Running +0 +\d+s +[\d.]+ +node-\d/,
    );
    expect(await kubectl.ok('get nodes')).toMatch(/\nnode-0 +Ready +<none> +[\dms]+ +v1\.36\.0\n/);
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
      'create -f -',
      `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"${namespace}"}}`,
    );
    expect(again.stderr).toContain('(AlreadyExists)');
    const wrong = await kubectl.run(
      'create -f -',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"Wrong_Name"}}',
    );
    expect(wrong.stderr).toContain('metadata.name: Invalid value: "Wrong_Name"');
    const stranger = await kubectl.run('--token=wrong get pods');
    expect(stranger.stderr).toMatch(/Unauthorized|must be logged in/);
  });

  test('apply, diff, replace and edit need no flags, and apply is unchanged when repeated', async () => {
    const settings = (color: string): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace },
        data: { color },
      });
    expect(await kubectl.ok('apply -f -', settings('red'))).toBe('configmap/settings created\n');
    expect(await kubectl.ok('apply -f -', settings('red'))).toBe('configmap/settings unchanged\n');
    const difference = await kubectl.run('diff -f -', settings('blue'));
    expect(difference.code, difference.stderr).toBe(1);
    expect(difference.stdout).toContain('+  color: blue');
    expect(await kubectl.ok('apply -f -', settings('blue'))).toBe('configmap/settings configured\n');
    expect((await kubectl.run('diff -f -', settings('blue'))).code).toBe(0);
    expect(await kubectl.ok('replace -f -', settings('white'))).toBe('configmap/settings replaced\n');
    vi.stubEnv('KUBE_EDITOR', 'sed -i s/white/black/');
    expect(await kubectl.ok(`-n ${namespace} edit configmap settings`)).toBe('configmap/settings edited\n');
    vi.unstubAllEnvs();
    expect(await kubectl.ok(`-n ${namespace} get configmap settings -o jsonpath={.data.color}`)).toBe('black');
    const wrong = await kubectl.run('apply -f -', settings('red').replace('"data"', '"dta"'));
    expect(wrong.stderr).toContain('unknown field "dta"');
    const pair = (names: readonly string[], image: string): string =>
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'pair', namespace },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'pair' } },
          template: {
            metadata: { labels: { app: 'pair' } },
            spec: { containers: names.map((name) => ({ name, image })) },
          },
        },
      });
    await kubectl.ok('apply -f -', pair(['one', 'two'], 'nginx:1'));
    expect(await kubectl.ok('apply -f -', pair(['two', 'three'], 'nginx:2'))).toContain('configured');
    expect(await kubectl.ok('apply -f -', pair(['two', 'three'], 'nginx:2'))).toContain('unchanged');
    const names = '-o jsonpath={.spec.template.spec.containers[*].name}';
    expect(await kubectl.ok(`-n ${namespace} get deployment pair ${names}`)).toBe('two three');
    expect(await kubectl.ok('explain deployment.spec.strategy')).toContain('rollingUpdate');
  });

  test('what kubectl makes itself, in protobuf from 1.32 on, can be created, changed and rolled out', async () => {
    const own = `own-${namespace}`;
    const inOwn = (command: string, input?: string): Promise<string> => kubectl.ok(`-n ${own} ${command}`, input);
    expect(await kubectl.ok(`create namespace ${own}`)).toBe(`namespace/${own} created\n`);
    await inOwn('create configmap words --from-literal=one=eins --from-literal=two=zwei');
    expect(await inOwn('get configmap words -o jsonpath={.data}')).toBe('{"one":"eins","two":"zwei"}');
    await inOwn('create secret generic keys --from-literal=password=hunter2');
    expect(await inOwn('get secret keys -o jsonpath={.data.password}')).toBe('aHVudGVyMg==');
    await inOwn('create serviceaccount robot');
    await inOwn('create role reader --verb=get,list --resource=pods');
    await inOwn('create job once --image=busybox -- true');
    expect(await inOwn('get job once -o jsonpath={.spec.template.spec.containers[0].command}')).toBe('["true"]');
    expect(await inOwn('create deployment web --image=nginx:1 --replicas=2 --port=8080')).toContain('created');
    expect(await inOwn('rollout status deployment web --timeout=50s')).toContain('successfully rolled out');
    expect(await inOwn('get deployment web -o jsonpath={.spec.replicas},{.status.readyReplicas}')).toBe('2,2');
    await inOwn('expose deployment web --port=80 --target-port=8080');
    expect(await inOwn('get service web -o jsonpath={.spec.ports[0].targetPort}')).toBe('8080');
    await inOwn('set image deployment/web nginx=nginx:2');
    await inOwn('rollout status deployment web --timeout=50s');
    await inOwn('label deployment web tier=front');
    await inOwn('annotate deployment web note=kept');
    await inOwn('patch deployment web -p {"spec":{"replicas":1}}');
    const found = '-o jsonpath={.spec.replicas},{.metadata.labels.tier},{.metadata.annotations.note}';
    expect(await inOwn(`get deployment web ${found}`)).toBe('1,front,kept');
    expect(await kubectl.ok('auth can-i create pods')).toBe('yes\n');
    expect(await kubectl.ok('auth whoami')).toContain('Username');
    await kubectl.ok(`delete namespace ${own} --wait=false`);
  });

  test('a namespace and all that is in it can be deleted', async () => {
    expect(await kubectl.ok(`delete namespace ${namespace} --wait=true`)).toContain(`namespace "${namespace}" deleted`);
    expect((await kubectl.run(`get namespace ${namespace}`)).stderr).toContain('NotFound');
  });
});
