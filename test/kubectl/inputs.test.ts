/**
 * Goal: manifests as their projects publish them run here. Method: each is applied twice, each into a namespace of its own; the second time nothing
 * changes, and every pod runs. They stand beside the repository, not in it: skipped, visibly, where they are absent, and without a kubectl.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { kubectlBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

const folder = resolve('../shared/inputs');
const binary = kubectlBinaries().at(-1);
const title = existsSync(folder) ? 'real manifests' : 'real manifests (skipped: there is no ../shared/inputs)';

describe.skipIf(binary === undefined || !existsSync(folder))(title, () => {
  let cluster: Cluster;
  let kubectl: Kubectl;

  beforeAll(async () => {
    cluster = await Cluster.start({ masters: 3, nodes: 5 });
    kubectl = new Kubectl(binary ?? { path: '', version: '' }, cluster.kubeconfigPath);
  });

  afterAll(async () => {
    kubectl?.[Symbol.dispose]();
    await cluster?.stop();
  });

  test.each([
    ['guestbook-all-in-one.yaml', 'guestbook', 3, 6],
    ['online-boutique.yaml', 'boutique', 12, 12],
  ])('%s', async (file, namespace, deployments, pods) => {
    await kubectl.ok(`create namespace ${namespace}`);
    const apply = `-n ${namespace} apply -f ${folder}/${file}`;
    expect(await kubectl.ok(apply)).not.toMatch(/unchanged|configured/);
    expect(await kubectl.ok(apply)).not.toMatch(/created|configured/);
    await kubectl.ok(`-n ${namespace} wait deployment --all --for=condition=Available --timeout=60s`);
    const found = JSON.parse(await kubectl.ok(`-n ${namespace} get deployments,pods -o json`)) as {
      items: { kind: string; status: { phase?: string } }[];
    };
    expect(found.items.filter(({ kind }) => kind === 'Deployment')).toHaveLength(deployments);
    const phases = found.items.filter(({ kind }) => kind === 'Pod').map(({ status }) => status.phase);
    expect(phases).toEqual(Array(pods).fill('Running'));
  });

  test('cassandra-statefulset.yaml', async () => {
    await kubectl.ok('create namespace cassandra');
    const apply = `-n cassandra apply -f ${folder}/cassandra-statefulset.yaml`;
    expect(await kubectl.ok(apply)).not.toMatch(/unchanged|configured/);
    // The claim templates are atomic and have defaults, so kubectl sends them each time, as to any cluster.
    expect(await kubectl.ok(apply)).toContain('service/cassandra unchanged');
    await kubectl.ok('-n cassandra wait pod/cassandra-0 --for=create --timeout=30s');
    await kubectl.ok('-n cassandra wait pod/cassandra-0 --for=jsonpath={.status.phase}=Running --timeout=30s');
    const phases = '-n cassandra get pvc,pods -o jsonpath={.items[*].status.phase}';
    expect(await kubectl.ok(phases)).toBe('Bound Running');
    // Each pod is asked whether it is ready only 15 s after its start, and the next waits for that.
    if (process.env['KUBECTL_VERSIONS'] === undefined) return;
    await kubectl.ok('-n cassandra rollout status statefulset/cassandra --timeout=90s');
    expect(await kubectl.ok(phases)).toBe('Bound Bound Bound Running Running Running');
  });

  test('cert-manager-crds.yaml', async () => {
    const apply = `apply -f ${folder}/cert-manager-crds.yaml`;
    expect(await kubectl.ok(apply)).not.toMatch(/unchanged|configured/);
    expect(await kubectl.ok(apply)).not.toMatch(/created|configured/);
    await kubectl.ok('wait crd --all --for=condition=Established --timeout=30s');
    expect(await kubectl.ok('explain certificate.spec.secretName')).toContain('Name of the Secret resource');
  });
});
