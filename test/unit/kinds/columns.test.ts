/** What kubectl prints: columns from the table, cells from the object. */
import { expect, test } from 'vitest';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { cellsByResource } from '../../../src/kinds/columns/cells.ts';
import { ColumnTable } from '../../../src/kinds/columns/table.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';

const columns = new ColumnTable();
const wallMs = 3600_000 as WallMs;
const metadata = { name: 'x', namespace: 'd', creationTimestamp: '1970-01-01T00:30:00Z' };

function print(group: string, resource: string, fields: object): string {
  const object = { apiVersion: 'v1', kind: 'X', metadata, ...fields } as AnyObject;
  const { cells } = columns.row({ group, version: 'v1', resource }, object, 'None', wallMs);
  return cells.join(' | ');
}

const running = (ready = true) => ({
  name: 'a',
  ready,
  restartCount: 0,
  image: 'i',
  imageID: '',
  state: { running: {} },
});
const waiting = (reason: string) => ({ ...running(false), state: { waiting: { reason } } });
const ended = (reason: string, exitCode: number) => ({
  ...running(false),
  state: { terminated: { reason, exitCode } },
});
const spec = { containers: [{ name: 'a', image: 'i' }], nodeName: 'n1' };

test.each<[string, object, string]>([
  ['pending', { spec, status: { phase: 'Pending' } }, '0/1 | Pending | 0'],
  ['running', { spec, status: { phase: 'Running', containerStatuses: [running()] } }, '1/1 | Running | 0'],
  [
    'crashing',
    { spec, status: { phase: 'Running', containerStatuses: [waiting('CrashLoopBackOff')] } },
    '0/1 | CrashLoopBackOff | 0',
  ],
  [
    'completed',
    { spec, status: { phase: 'Succeeded', containerStatuses: [ended('Completed', 0)] } },
    '0/1 | Completed | 0',
  ],
  ['failed by code', { spec, status: { phase: 'Failed', containerStatuses: [ended('', 3)] } }, '0/1 | ExitCode:3 | 0'],
  ['evicted', { spec, status: { phase: 'Failed', reason: 'Evicted' } }, '0/1 | Evicted | 0'],
  [
    'initializing',
    {
      spec: { ...spec, initContainers: [{ name: 'b' }, { name: 'c' }] },
      status: {
        phase: 'Pending',
        initContainerStatuses: [
          { ...ended('Completed', 0), name: 'b' },
          { ...waiting('PodInitializing'), name: 'c' },
        ],
      },
    },
    '0/1 | Init:1/2 | 0',
  ],
  [
    'failing to initialize',
    {
      spec: { ...spec, initContainers: [{ name: 'b' }] },
      status: { phase: 'Pending', initContainerStatuses: [{ ...ended('Error', 1), name: 'b' }] },
    },
    '0/1 | Init:Error | 0',
  ],
  [
    'gated',
    { spec: { ...spec, schedulingGates: [{ name: 'g' }] }, status: { phase: 'Pending' } },
    '0/1 | SchedulingGated | 0',
  ],
  [
    'restarted',
    {
      spec,
      status: {
        phase: 'Running',
        containerStatuses: [
          {
            ...running(),
            restartCount: 2,
            lastState: { terminated: { exitCode: 1, finishedAt: '1970-01-01T00:59:00Z' } },
          },
        ],
      },
    },
    '1/1 | Running | 2 (60s ago)',
  ],
])('a pod that is %s', (_, fields, want) => {
  expect(print('', 'pods', fields)).toBe(`x | ${want} | 30m | <none> | n1 | <none> | <none>`);
});

test('a pod that is being deleted is terminating', () => {
  const dying = {
    metadata: { ...metadata, deletionTimestamp: '1970-01-01T00:59:59Z' },
    spec,
    status: { phase: 'Running' },
  };
  expect(print('', 'pods', dying)).toContain('| Terminating |');
});

const template = {
  spec: {
    containers: [
      { name: 'a', image: 'i' },
      { name: 'b', image: 'j' },
    ],
  },
};
const selector = { matchLabels: { app: 'web' } };

test.each<[string, string, object, string]>([
  [
    'apps',
    'deployments',
    {
      spec: { replicas: 3, selector, template },
      status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
    },
    'x | 1/3 | 2 | 1 | 30m | a,b | i,j | app=web',
  ],
  [
    'apps',
    'replicasets',
    { spec: { replicas: 3, selector, template }, status: { replicas: 2, readyReplicas: 1 } },
    'x | 3 | 2 | 1 | 30m | a,b | i,j | app=web',
  ],
  [
    'apps',
    'statefulsets',
    { spec: { replicas: 2, template }, status: { readyReplicas: 1 } },
    'x | 1/2 | 30m | a,b | i,j',
  ],
  [
    'apps',
    'daemonsets',
    { spec: { template, selector }, status: { desiredNumberScheduled: 2 } },
    'x | 2 | 0 | 0 | 0 | 0 | <none> | 30m | a,b | i,j | app=web',
  ],
  [
    'batch',
    'jobs',
    { spec: { completions: 2, template, selector }, status: { succeeded: 1, startTime: '1970-01-01T00:59:00Z' } },
    'x | Running | 1/2 | 60s | 30m | a,b | i,j | app=web',
  ],
  [
    'batch',
    'jobs',
    {
      spec: { template, parallelism: 3 },
      status: {
        conditions: [{ type: 'Complete', status: 'True' }],
        startTime: '1970-01-01T00:50:00Z',
        completionTime: '1970-01-01T00:50:05Z',
      },
    },
    'x | Complete | 0/1 of 3 | 5s | 30m | a,b | i,j | <none>',
  ],
  [
    '',
    'services',
    {
      spec: {
        type: 'NodePort',
        clusterIP: '10.0.0.1',
        ports: [
          { port: 80, nodePort: 30_080, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
        selector: { app: 'web' },
      },
    },
    'x | NodePort | 10.0.0.1 | <none> | 80:30080/TCP,53/UDP | 30m | app=web',
  ],
  [
    '',
    'services',
    { spec: { type: 'LoadBalancer', clusterIP: '10.0.0.1' } },
    'x | LoadBalancer | 10.0.0.1 | <pending> | <none> | 30m | <none>',
  ],
  ['', 'namespaces', { status: { phase: 'Active' } }, 'x | Active | 30m'],
  ['', 'configmaps', { data: { a: '1' }, binaryData: { b: '' } }, 'x | 2 | 30m'],
  ['', 'secrets', { type: 'Opaque', data: { a: '' } }, 'x | Opaque | 1 | 30m'],
  ['', 'serviceaccounts', {}, 'x | 30m'],
  [
    '',
    'endpoints',
    { subsets: [{ addresses: [{ ip: '1.1.1.1' }, { ip: '::1' }], ports: [{ port: 80 }, { port: 81 }] }] },
    'x | 1.1.1.1:80,1.1.1.1:81,[::1]:80 + 1 more... | 30m',
  ],
  [
    'discovery.k8s.io',
    'endpointslices',
    { addressType: 'IPv4', ports: [{ port: 80 }], endpoints: [{ addresses: ['1.1.1.1'] }] },
    'x | IPv4 | 80 | 1.1.1.1 | 30m',
  ],
  ['coordination.k8s.io', 'leases', { spec: { holderIdentity: 'me' } }, 'x | me | 30m'],
  [
    '',
    'events',
    {
      involvedObject: { kind: 'Pod', name: 'p' },
      type: 'Normal',
      reason: 'Started',
      message: 'ok ',
      count: 3,
      firstTimestamp: '1970-01-01T00:58:00Z',
      lastTimestamp: '1970-01-01T00:59:50Z',
      source: { component: 'kubelet', host: 'n1' },
    },
    '10s | Normal | Started | pod/p |  | kubelet, n1 | ok | 2m | 3 | x',
  ],
  ['storage.k8s.io', 'volumeattachments', {}, 'x | 30m'],
  ['rbac.authorization.k8s.io', 'roles', {}, 'x | 1970-01-01T00:30:00Z'],
  ['example.com', 'widgets', {}, 'x | 30m'],
])('%s %s are printed', (group, resource, fields, want) => {
  expect(print(group, resource, fields)).toBe(want);
});

test('a node shows readiness, roles and addresses', () => {
  const node = {
    metadata: {
      ...metadata,
      labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' },
    },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      nodeInfo: { kubeletVersion: 'v1.36.0', osImage: 'node' },
    },
  };
  expect(print('', 'nodes', node)).toBe(
    'x | Ready,SchedulingDisabled | control-plane,worker | 30m | v1.36.0 | 10.0.0.1 | <none> | node | <unknown> | <unknown>',
  );
  expect(print('', 'nodes', { spec: {}, status: {} })).toContain('x | Unknown | <none> |');
});

test('a row carries what was asked for', () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata } as AnyObject;
  const name = { group: '', version: 'v1', resource: 'configmaps' };
  const list = { resourceVersion: '7' };
  const table = columns.table(name, [object], list, 'Metadata', wallMs);
  expect(table).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: list });
  expect(table.rows[0]?.object).toEqual({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata });
  expect(columns.row(name, object, 'Object', wallMs).object).toBe(object);
  expect(columns.row(name, object, 'None', wallMs)).not.toHaveProperty('object');
});

test('wide columns have a priority, and the name its format', () => {
  const definitions = columns.columns({ group: '', version: 'v1', resource: 'pods' });
  expect(definitions[0]).toMatchObject({ name: 'Name', type: 'string', format: 'name', priority: 0 });
  expect(definitions.find(({ name }) => name === 'Node')?.priority).toBe(1);
});

test('every function of cells belongs to a resource, and fills only columns that it has', () => {
  const registry = builtInRegistry();
  for (const [key, cellsOf] of cellsByResource) {
    const [group = '', resource = ''] = key.split('/');
    const name = { group, version: 'v1', resource };
    expect(registry.resource(name)?.resource).toBe(resource);
    const known = new Set(columns.columns(name).map((column) => column.name));
    const filled = Object.keys(
      cellsOf({ apiVersion: 'v1', kind: 'X', metadata, spec: {}, status: {}, roleRef: {} } as AnyObject, wallMs),
    );
    expect(filled.filter((column) => !known.has(column))).toEqual([]);
  }
});

const rbac = 'rbac.authorization.k8s.io';

test.each<[string, string, object, string]>([
  [
    rbac,
    'rolebindings',
    {
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'User', name: 'jane' },
        { kind: 'Group', name: 'dev' },
        { kind: 'Group', name: 'ops' },
        { kind: 'ServiceAccount', name: 'bot', namespace: 'd' },
      ],
    },
    'x | ClusterRole/view | 30m | jane | dev, ops | d/bot',
  ],
  [
    rbac,
    'clusterrolebindings',
    { roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' } },
    'x | ClusterRole/view | 30m |  |  | ',
  ],
  ['scheduling.k8s.io', 'priorityclasses', { value: 5, preemptionPolicy: 'Never' }, 'x | 5 | false | 30m | Never'],
  [
    'policy',
    'poddisruptionbudgets',
    { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 2 } },
    'x | 50% | N/A | 2 | 30m',
  ],
])('%s/%s show what they rule', (group, resource, fields, cells) => {
  expect(print(group, resource, fields)).toBe(cells);
});

test.each<[string, string, object, string]>([
  [
    'policy',
    'poddisruptionbudgets',
    { spec: { maxUnavailable: '20%' }, status: { disruptionsAllowed: 2 } },
    'x | N/A | 20% | 2 | 30m',
  ],
  [
    'apps',
    'controllerrevisions',
    {
      metadata: {
        ...metadata,
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: 'u', controller: true }],
      },
      revision: 3,
    },
    'x | daemonset.apps/agent | 3 | 30m',
  ],
  [
    '',
    'replicationcontrollers',
    { spec: { replicas: 2, selector: { app: 'a' }, template: { spec } }, status: { replicas: 2, readyReplicas: 1 } },
    'x | 2 | 2 | 1 | 30m | a | i | app=a',
  ],
  [
    'batch',
    'cronjobs',
    { spec: { schedule: '@daily', suspend: true, jobTemplate: { spec: { template: { spec } } } } },
    'x | @daily | <none> | True | 0 | <none> | 30m | a | i | <none>',
  ],
])('%s/%s is printed as Kubernetes prints it', (group, resource, fields, want) => {
  expect(print(group, resource, fields)).toBe(want);
});
