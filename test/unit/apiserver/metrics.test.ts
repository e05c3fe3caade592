/** metrics.k8s.io over a scripted kubelet: which measurements are served, to whom, and what a silent node costs. */
import { expect, test } from 'vitest';
import type { WallMs } from '../../../src/base/brand.ts';
import type { Usage, UsageSummary } from '../../../src/protocol/kubelet.ts';
import { Harness, pod, type Tree } from './harness.ts';

const used = (cpuNanocores: number, workingSetBytes: number): Usage => ({
  cpuNanocores,
  cpuNanoseconds: 0,
  workingSetBytes,
});

interface Stage {
  readonly harness: Harness;
  readonly uids: Record<string, string>;
  asked: number;
}

function stage(answer: (uids: Record<string, string>) => UsageSummary | null = summaryOf): Stage {
  const uids: Record<string, string> = {};
  const harness = new Harness({
    usage: () => {
      made.asked += 1;
      return answer(uids);
    },
  });
  const made: Stage = { harness, uids, asked: 0 };
  harness.create('core/v1/-/nodes', { metadata: { name: 'node-0', labels: { zone: 'a' } } });
  for (const name of ['web', 'db']) {
    const { body } = harness.create(
      'core/v1/default/pods',
      pod(name, { nodeName: 'node-0' }, { labels: { app: name } }),
    );
    uids[name] = body.metadata.uid;
  }
  return made;
}

function summaryOf(uids: Record<string, string>): UsageSummary {
  const pods = Object.entries(uids).map(([name, uid], index) => ({
    namespace: 'default',
    name,
    uid,
    containers: [{ name: 'main', ...used(1_234_567 + index, 3 * 1024 * 1024) }],
  }));
  return { type: 'measured', measuredAtMs: 1_000 as WallMs, windowMs: 1_000, node: used(2_000_000_000, 1024), pods };
}

const names = (body: Tree): string[] => body.items.map((item: Tree) => item.metadata.name);

test('pods and nodes are measured in the form of metrics-server', () => {
  const { harness } = stage();
  const { body } = harness.get('metrics.k8s.io/v1beta1/default/pods/web');
  expect(body).toMatchObject({
    kind: 'PodMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
    timestamp: '1970-01-01T00:00:01Z',
    window: '1s',
    containers: [{ name: 'main', usage: { cpu: '1234567n', memory: '3Mi' } }],
  });
  const nodes = harness.list('metrics.k8s.io/v1beta1/-/nodes').body;
  expect(nodes).toMatchObject({ kind: 'NodeMetricsList', items: [{ usage: { cpu: '2', memory: '1Ki' } }] });
});

test('lists are selected as the pods themselves are, and printed with their columns', () => {
  const { harness } = stage();
  const list = (parameters: Record<string, string>): string[] =>
    names(harness.list('metrics.k8s.io/v1beta1/default/pods', { parameters }).body);
  expect(list({})).toEqual(['db', 'web']);
  expect(list({ labelSelector: 'app=db' })).toEqual(['db']);
  expect(list({ fieldSelector: 'metadata.name=web' })).toEqual(['web']);
  const table = harness.list('metrics.k8s.io/v1beta1/default/pods', { output: 'table' }).body;
  expect(table.columnDefinitions.map((column: Tree) => column.name)).toEqual(['Name', 'cpu', 'memory', 'Window']);
  expect(table.rows[1].cells).toEqual(['web', '1234567n', '3Mi', '1s']);
});

test('many who ask at once cost one round of the kubelets', () => {
  const made = stage();
  const before = made.asked;
  for (let index = 0; index < 5; index += 1) made.harness.list('metrics.k8s.io/v1beta1/-/nodes');
  expect(made.asked - before).toBe(1);
});

test('a node that does not answer is left out, and its pods with it', () => {
  const { harness } = stage(() => null);
  expect(names(harness.list('metrics.k8s.io/v1beta1/default/pods').body)).toEqual([]);
  expect(harness.get('metrics.k8s.io/v1beta1/default/pods/web').status).toBe(404);
  expect(names(harness.list('metrics.k8s.io/v1beta1/-/nodes').body)).toEqual([]);
});

test('who may view a namespace may see what its pods use', () => {
  const { harness } = stage();
  const credentials = { type: 'component', user: 'ann', groups: [] } as const;
  expect(harness.list('metrics.k8s.io/v1beta1/default/pods', { credentials }).status).toBe(403);
  harness.create('rbac.authorization.k8s.io/v1/default/rolebindings', {
    metadata: { name: 'ann' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'ann' }],
  });
  harness.settle();
  expect(harness.list('metrics.k8s.io/v1beta1/default/pods', { credentials }).status).toBe(200);
});

test('nothing can be written there', () => {
  const { harness } = stage();
  expect(harness.create('metrics.k8s.io/v1beta1/default/pods', pod('x')).status).toBe(405);
  expect(harness.path('/apis/metrics.k8s.io/v1beta1').body.resources).toHaveLength(2);
});
