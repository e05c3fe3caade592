/** Who may do what, as unmodified kubectl sees it: roles, tokens of service accounts, client certificates, acting as others. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { formatKubeconfig, kubeconfig } from '../../src/http/kubeconfig.ts';
import { type Binary, chosenBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

/** The oldest, which sends JSON, and the newest, which sends protobuf. */
const binaries = chosenBinaries();
const none: Binary = { path: '', version: '(skipped: there is no kubectl 1.28 or newer on this machine)' };

let cluster: Cluster;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'threemaster-rights-'));
  if (binaries.length > 0) cluster = await Cluster.start({ masters: 2, nodes: 1 });
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(binaries.length === 0).each(binaries.length === 0 ? [none] : binaries)('kubectl $version', (binary) => {
  const namespace = `rights-${binary.version.replace('.', '-')}`;
  let admin: Kubectl;

  beforeAll(async () => {
    admin = new Kubectl(binary, cluster.kubeconfigPath);
    await admin.ok(`create namespace ${namespace}`);
  });

  afterAll(() => admin?.[Symbol.dispose]());

  test('a role that is granted to a user holds when acting as that user', async () => {
    await admin.ok(`-n ${namespace} create role reader --verb=get,list --resource=pods`);
    await admin.ok(`-n ${namespace} create rolebinding jane --role=reader --user=jane`);
    expect(await admin.ok(`-n ${namespace} get pods --as=jane`)).toBe('');
    const refused = await admin.run(`-n ${namespace} get secrets --as=jane`);
    expect(refused.stderr).toBe(
      'Error from server (Forbidden): secrets is forbidden: User "jane" cannot list resource "secrets" ' +
        `in API group "" in the namespace "${namespace}"\n`,
    );
    expect(await admin.ok(`-n ${namespace} auth can-i list pods --as=jane`)).toBe('yes\n');
    expect((await admin.run(`-n ${namespace} auth can-i delete pods --as=jane`)).stdout).toBe('no\n');
    expect(await admin.ok(`-n ${namespace} auth can-i --list --as=jane`)).toMatch(/\npods +\[\] +\[\] +\[get list\]\n/);
    expect(await admin.ok('auth whoami --as=jane --as-group=dev')).toMatch(/Groups +\[dev system:authenticated\]/);
  });

  test('the token of a service account carries its rights and nothing more', async () => {
    await admin.ok(`-n ${namespace} create serviceaccount robot`);
    await admin.ok(`create clusterrole ${namespace}-nodes --verb=get --resource=nodes`);
    await admin.ok(
      `create clusterrolebinding ${namespace} --clusterrole=${namespace}-nodes --serviceaccount=${namespace}:robot`,
    );
    const token = (await admin.ok(`-n ${namespace} create token robot --duration=20m`)).trim();
    const { url, authority } = cluster.access;
    const path = join(folder, `${namespace}.yaml`);
    const config = kubeconfig({
      name: 'robot',
      server: url,
      userName: 'robot',
      authorityCertificate: authority,
      token,
    });
    writeFileSync(path, formatKubeconfig(config));
    using robot = new Kubectl(binary, path);
    expect(await robot.ok('get node node-0 -o name')).toBe('node/node-0\n');
    expect((await robot.run('get nodes')).stderr).toContain(
      `nodes is forbidden: User "system:serviceaccount:${namespace}:robot" cannot list resource "nodes"`,
    );
    expect(await robot.ok('auth whoami')).toContain(`system:serviceaccount:${namespace}:robot`);
    expect((await robot.run('get node node-0 --as=jane')).stderr).toContain('cannot impersonate resource "users"');
    await admin.ok(`-n ${namespace} delete serviceaccount robot`);
    expect((await robot.run('get node node-0')).stderr).toContain('Unauthorized');
  });

  test('a client certificate names its user and his groups', async () => {
    const path = join(folder, `${namespace}-certificate.yaml`);
    writeFileSync(path, await cluster.kubeconfigFor('olga', ['dev', 'ops, night']));
    using olga = new Kubectl(binary, path);
    expect(await olga.ok('auth whoami')).toMatch(/Username +olga\nGroups +\[dev ops, night system:authenticated\]/);
    expect((await olga.run('get nodes')).stderr).toContain(
      'nodes is forbidden: User "olga" cannot list resource "nodes"',
    );
    await admin.ok(`create clusterrolebinding ${namespace}-dev --clusterrole=view --group=dev`);
    expect((await olga.run(`-n ${namespace} get configmaps -o name`)).stdout).toContain('configmap/kube-root-ca.crt');
    const greedy = await olga.run(`-n ${namespace} create rolebinding mine --clusterrole=admin --user=olga`);
    expect(greedy.stderr).toContain('rolebindings.rbac.authorization.k8s.io is forbidden');
  });

  test('a pod has its token volume, and a role is reconciled', async () => {
    await admin.ok(`-n ${namespace} run web --image=nginx`);
    const volumes = await admin.ok(`-n ${namespace} get pod web -o jsonpath={.spec.volumes[*].name}`);
    expect(volumes).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    const role = JSON.stringify({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'reader', namespace },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    });
    expect(await admin.ok('auth reconcile -f -', role)).toContain('role.rbac.authorization.k8s.io/reader reconciled');
    expect(await admin.ok(`-n ${namespace} auth can-i get secrets --as=jane`)).toBe('yes\n');
  });
});
