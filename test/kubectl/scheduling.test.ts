/** What a user of kubectl sees of a pod that fits nowhere, and of one that was displaced. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { type Binary, kubectlBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

const binary = kubectlBinaries().at(-1);
const none: Binary = { path: '', version: '(skipped: there is no kubectl 1.28 or newer on this machine)' };

const pod = (name: string, cpu: string, more: object = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu } } }],
      terminationGracePeriodSeconds: 1,
      ...more,
    },
  });

describe.skipIf(binary === undefined)(`kubectl ${(binary ?? none).version}`, () => {
  let cluster: Cluster;
  let kubectl: Kubectl;

  beforeAll(async () => {
    cluster = await Cluster.start({ nodes: 2 });
    kubectl = new Kubectl(binary ?? none, cluster.kubeconfigPath);
  });

  afterAll(async () => {
    kubectl?.[Symbol.dispose]();
    await cluster?.stop();
  });

  test('describe says why a pod fits nowhere', async () => {
    await kubectl.ok('taint node node-1 dedicated=gpu:NoSchedule');
    await cluster.apply(pod('huge', '1000'));
    const message =
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {dedicated: gpu}. ' +
      'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';
    await vi.waitFor(async () => expect(await kubectl.ok('describe pod huge')).toContain(message), 10_000);
    const described = await kubectl.ok('describe pod huge');
    expect(described).toMatch(
      /Warning\s+FailedScheduling\s+\S+( \(.*\))?\s+default-scheduler\s+0\/2 nodes are available/,
    );
    expect(described).toMatch(/PodScheduled\s+False/);
    expect(await kubectl.ok('get pod huge')).toMatch(/huge\s+0\/1\s+Pending/);
  });

  test('describe of a gated pod names its state', async () => {
    await cluster.apply(pod('gated', '1', { schedulingGates: [{ name: 'example.com/wait' }] }));
    expect(await kubectl.ok('get pod gated')).toMatch(/gated\s+0\/1\s+SchedulingGated/);
  });

  test('events tell of a displaced pod', async () => {
    await kubectl.ok('create priorityclass vital --value=1000');
    await cluster.apply(pod('modest', '3'));
    await cluster.waitFor('pod/modest', 'Ready');
    await cluster.apply(pod('vital', '3', { priorityClassName: 'vital' }));
    await cluster.waitFor('pod/vital', 'Ready');
    expect(await kubectl.ok('get events')).toMatch(
      /Normal\s+Preempted\s+pod\/modest\s+Preempted by pod \S+ on node node-0/,
    );
  });
});
