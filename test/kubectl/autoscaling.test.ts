/** What a user of kubectl sees of metrics, autoscalers, quotas and limits. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { type Binary, kubectlBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

const binary = kubectlBinaries().at(-1);
const none: Binary = { path: '', version: '(skipped: there is no kubectl 1.29 or newer on this machine)' };
const patienceMs = { timeout: 20_000 };

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations: { threemaster.dev/cpu-millis: '90', threemaster.dev/memory-bytes: '10485760' }
    spec:
      containers:
        - name: web
          image: web:1
          resources: { requests: { cpu: 100m } }
`;

describe.skipIf(binary === undefined)(`kubectl ${(binary ?? none).version}`, () => {
  let cluster: Cluster;
  let kubectl: Kubectl;

  beforeAll(async () => {
    cluster = await Cluster.start({ masters: 1, nodes: 1 });
    kubectl = new Kubectl(binary ?? none, cluster.kubeconfigPath);
    await cluster.apply(web);
    await cluster.waitFor('deployment/web', 'Available');
  });

  afterAll(async () => {
    kubectl?.[Symbol.dispose]();
    await cluster?.stop();
  });

  test('top tells what nodes, pods and containers use', async () => {
    await vi.waitFor(async () => {
      expect(await kubectl.ok('top nodes')).toMatch(/^node-0\s+90m\s+\d+%\s+10Mi\s+\d+%/m);
      expect(await kubectl.ok('top pods')).toMatch(/^web-\S+\s+90m\s+10Mi/m);
    }, patienceMs);
    expect(await kubectl.ok('top pods -l app=web --containers --no-headers')).toMatch(/^web-\S+\s+web\s+90m\s+10Mi/m);
    expect(await kubectl.ok('get pods.metrics.k8s.io')).toMatch(/NAME\s+CPU\s+MEMORY\s+WINDOW/);
  });

  test('autoscale makes an autoscaler that scales, and get and describe tell of it', async () => {
    await kubectl.ok('autoscale deployment web --min=1 --max=4 --cpu-percent=30');
    await vi.waitFor(async () => {
      expect(await kubectl.ok('get hpa web')).toMatch(/^web\s+Deployment\/web\s+cpu: 90%\/30%\s+1\s+4\s+4/m);
    }, patienceMs);
    const described = await kubectl.ok('describe hpa web');
    expect(described).toMatch(/ScalingActive\s+True\s+ValidMetricFound/);
    expect(described).toMatch(/Normal\s+SuccessfulRescale\s.*New size: \d; reason: cpu resource utilization/);
    expect(
      await kubectl.ok(
        'get horizontalpodautoscalers.v1.autoscaling web -o jsonpath={.spec.targetCPUUtilizationPercentage}',
      ),
    ).toBe('30');
    await kubectl.ok('delete hpa web');
  });

  test('a quota says what it counts, and refuses what is too much', async () => {
    await kubectl.ok('create namespace small');
    await kubectl.ok('create quota few -n small --hard=pods=1,count/configmaps=3,services=0');
    await vi.waitFor(async () => {
      expect(await kubectl.ok('get quota few -n small')).toMatch(/count\/configmaps: 1\/3, pods: 0\/1, services: 0\/0/);
    }, patienceMs);
    await kubectl.ok('run one -n small --image=web:1');
    const { code, stderr } = await kubectl.run('run two -n small --image=web:1');
    expect([code, stderr.trim()]).toEqual([
      1,
      'Error from server (Forbidden): pods "two" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1',
    ]);
    expect(await kubectl.ok('describe quota few -n small')).toMatch(/pods\s+1\s+1/);
    expect(await kubectl.ok('describe namespace small')).toMatch(/Resource Quotas[\s\S]*Name:\s+few/);
    await kubectl.ok('delete pod one -n small --now');
    await vi.waitFor(async () => kubectl.ok('run two -n small --image=web:1'), patienceMs);
  });

  test('a limit range gives containers what they do not ask for', async () => {
    await cluster.apply(`
apiVersion: v1
kind: LimitRange
metadata: { name: sizes, namespace: small }
spec: { limits: [{ type: Container, max: { cpu: "1" }, defaultRequest: { cpu: 100m } }] }
`);
    expect(await kubectl.ok('describe limits sizes -n small')).toMatch(/Container\s+cpu\s+-\s+1\s+100m\s+1\s+-/);
    await kubectl.ok('delete pod two -n small --now');
    await vi.waitFor(async () => kubectl.ok('run sized -n small --image=web:1'), patienceMs);
    expect(await kubectl.ok('get pod sized -n small -o jsonpath={.spec.containers[0].resources}')).toBe(
      '{"limits":{"cpu":"1"},"requests":{"cpu":"100m"}}',
    );
  });
});
