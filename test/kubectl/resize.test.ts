/** `kubectl patch` and `kubectl edit --subresource resize` by an unmodified kubectl (1.32 or newer), on simulated and on real programs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import type { Pod } from '../../src/kinds/pod/types.ts';
import { type Binary, kubectlBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

const binaries = kubectlBinaries()
  .filter(({ version }) => Number(version.split('.')[1]) >= 32)
  .slice(-1);
const none: Binary = { path: '', version: '(skipped: there is no kubectl 1.32 or newer on this machine)' };

function podNamed(name: string, runtimeClassName: string, more: object = {}): string {
  const resources = { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } };
  const command = ['sleep', '1000'];
  const containers = [{ name: 'main', image: 'busybox', command, resources, ...more }];
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { runtimeClassName, containers } });
}

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 1 });
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
  const manifests = {
    simulated: podNamed('simulated', 'simulated'),
    worker: podNamed('worker', 'worker'),
    process: podNamed('process', 'process'),
    restarted: podNamed('restarted', 'worker', { resizePolicy }),
  };
  for (const manifest of Object.values(manifests)) await cluster.apply(manifest);
  for (const name of Object.keys(manifests)) await cluster.waitFor(`pod/${name}`, 'Ready');
});

afterAll(() => cluster?.stop());

function given(object: unknown): { readonly memory: string | undefined; readonly restarts: number } {
  const status = (object as Pod).status?.containerStatuses?.[0];
  return { memory: status?.resources?.limits?.['memory'], restarts: status?.restartCount ?? 0 };
}

function pendingOf(object: unknown): { readonly reason?: string; readonly message?: string } {
  return (object as Pod).status?.conditions?.find(({ type }) => type === 'PodResizePending') ?? {};
}

describe.skipIf(binaries.length === 0).each(binaries.length === 0 ? [none] : binaries)('kubectl $version', (binary) => {
  let kubectl: Kubectl;

  beforeAll(() => {
    kubectl = new Kubectl(binary, cluster.kubeconfigPath);
  });

  afterAll(() => kubectl?.[Symbol.dispose]());

  function resize(name: string, resources: object): Promise<string> {
    const patch = JSON.stringify({ spec: { containers: [{ name: 'main', resources }] } });
    return kubectl.ok(`patch pod ${name} --subresource resize --patch ${patch}`);
  }

  test.each(['simulated', 'process'])('patch changes the limit of a running container: %s', async (name) => {
    expect(await resize(name, { limits: { memory: '256Mi' } })).toContain('patched');
    await cluster.waitFor(`pod/${name}`, (pod) => given(pod).memory === '256Mi');
    expect(given(await cluster.api.get(`pod/${name}`)).restarts).toBe(0);
  });

  test('a process that holds more than its new limit is killed', async () => {
    await resize('process', { requests: { memory: '64Ki' }, limits: { memory: '64Ki' } });
    await cluster.waitFor('pod/process', (pod) => {
      const [status] = (pod as unknown as Pod).status?.containerStatuses ?? [];
      return [status?.state, status?.lastState].some((state) => state?.terminated?.reason === 'OOMKilled');
    });
  });

  test('edit does the same', async () => {
    const former = process.env['KUBE_EDITOR'];
    process.env['KUBE_EDITOR'] = 'sed -i s/cpu:.100m/cpu:\\ 150m/';
    const edited = await kubectl.ok('edit pod simulated --subresource=resize');
    if (former === undefined) delete process.env['KUBE_EDITOR'];
    else process.env['KUBE_EDITOR'] = former;
    expect(edited).toContain('edited');
    await cluster.waitFor('pod/simulated', (pod) => {
      return (pod as unknown as Pod).status?.containerStatuses?.[0]?.allocatedResources?.['cpu'] === '150m';
    });
  });

  test('a worker thread keeps its memory limit: that is said, and its other resources change', async () => {
    await resize('worker', { limits: { memory: '256Mi' } });
    await cluster.waitFor('pod/worker', (pod) => pendingOf(pod).reason === 'Infeasible');
    const pod = await cluster.api.get('pod/worker');
    expect(pendingOf(pod).message).toContain('the memory limit of a worker thread cannot be changed');
    expect(given(pod)).toEqual({ memory: '128Mi', restarts: 0 });
    await resize('worker', { requests: { cpu: '200m' }, limits: { memory: '128Mi' } });
    await cluster.waitFor('pod/worker', (each) => {
      const told = (each as unknown as Pod).status?.containerStatuses?.[0];
      return told?.allocatedResources?.['cpu'] === '200m' && pendingOf(each).reason === undefined;
    });
  });

  test('a worker thread whose policy allows it is started again with another limit', async () => {
    await resize('restarted', { limits: { memory: '256Mi' } });
    await cluster.waitFor('pod/restarted', (pod) => given(pod).restarts === 1 && given(pod).memory === '256Mi');
  });

  test('what may not change is refused in the words of Kubernetes', async () => {
    const patch = JSON.stringify({ spec: { containers: [{ name: 'main', resources: { limits: { memory: null } } }] } });
    const { stderr } = await kubectl.run(`patch pod simulated --subresource resize --patch ${patch}`);
    expect(stderr).toContain('resource limits cannot be removed');
  });
});
