/** What kubectl prints: columns from the table, cells from the object. */
import { expect, test } from 'vitest';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { cellsByResource } from '../../../src/kinds/columns/cells.ts';
import { ColumnTable } from '../../../src/kinds/columns/table.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import { columnTable } from '../../../src/kinds/tables/columns.ts';

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
    const name = { group, version: registry.preferredResource({ group, resource })?.version ?? '', resource };
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

const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'u', controller: true };
const autoscaler = {
  scaleTargetRef: { kind: 'Deployment', name: 'web' },
  minReplicas: 1,
  maxReplicas: 5,
  metrics: [
    { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } },
    { type: 'Pods', pods: { target: { averageValue: '10' } } },
    { type: 'External', external: { target: { value: '3' } } },
  ],
};

/** Group, resource, the object, its row. Together with those above: every resource that Kubernetes has columns for. */
const rows: readonly (readonly [string, string, object, string])[] = [
  ['apiregistration.k8s.io', 'apiservices', {}, 'x | Local | Unknown | 30m'],
  [
    'apiregistration.k8s.io',
    'apiservices',
    {
      spec: { service: { namespace: 'n', name: 's' } },
      status: { conditions: [{ type: 'Available', status: 'False', reason: 'Gone' }] },
    },
    'x | n/s | False (Gone) | 30m',
  ],
  [
    'apps',
    'controllerrevisions',
    { metadata: { ...metadata, ownerReferences: [owner] }, revision: 3 },
    'x | statefulset.apps/db | 3 | 30m',
  ],
  [
    'events.k8s.io',
    'events',
    {
      regarding: { kind: 'Pod', name: 'p' },
      type: 'Normal',
      reason: 'Started',
      note: 'ok',
      eventTime: '1970-01-01T00:59:00Z',
      reportingController: 'kubelet',
      reportingInstance: 'n1',
      series: { count: 4, lastObservedTime: '1970-01-01T00:59:50Z' },
    },
    '10s | Normal | Started | pod/p |  | kubelet, n1 | ok | 60s | 4 | x',
  ],
  [
    'autoscaling',
    'horizontalpodautoscalers',
    {
      spec: autoscaler,
      status: {
        currentReplicas: 2,
        currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 7 } } }],
      },
    },
    'x | Deployment/web | cpu: 7%/80%, <unknown>/10 + 1 more... | 1 | 5 | 2 | 30m',
  ],
  [
    'batch',
    'cronjobs',
    { spec: { schedule: '* * * * *', suspend: false, jobTemplate: { spec: { template } } }, status: { active: [{}] } },
    'x | * * * * * | <none> | False | 1 | <none> | 30m | a,b | i,j | <none>',
  ],
  [
    'certificates.k8s.io',
    'certificatesigningrequests',
    {
      spec: { signerName: 's', username: 'jane', expirationSeconds: 3600 },
      status: { conditions: [{ type: 'Approved', status: 'True' }], certificate: 'YQ==' },
    },
    'x | 30m | s | jane | 60m | Approved,Issued',
  ],
  [
    'networking.k8s.io',
    'ingressclasses',
    { spec: { controller: 'c', parameters: { apiGroup: 'g', kind: 'K', name: 'n' } } },
    'x | c | K.g/n | 30m',
  ],
  [
    'networking.k8s.io',
    'ingresses',
    {
      spec: { ingressClassName: 'c', tls: [{}], rules: [{ host: 'a' }, { host: 'b' }, { host: 'c' }, { host: 'd' }] },
      status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }] } },
    },
    'x | c | a,b,c + 1 more... | 1.1.1.1 | 80, 443 | 30m',
  ],
  ['networking.k8s.io', 'ingresses', { spec: { rules: [{}] } }, 'x | <none> | * |  | 80 | 30m'],
  [
    'networking.k8s.io',
    'ipaddresses',
    { spec: { parentRef: { resource: 'services', namespace: 'd', name: 's' } } },
    'x | services/d/s',
  ],
  ['networking.k8s.io', 'networkpolicies', { spec: { podSelector: { matchLabels: { a: 'b' } } } }, 'x | a=b | 30m'],
  ['networking.k8s.io', 'servicecidrs', { spec: { cidrs: ['10.96.0.0/16'] } }, 'x | 10.96.0.0/16 | 30m'],
  [rbac, 'clusterroles', {}, 'x | 1970-01-01T00:30:00Z'],
  ['storage.k8s.io', 'csidrivers', { spec: {} }, 'x | true | false | false | <unset> | false | <none> | 30m'],
  ['storage.k8s.io', 'csinodes', { spec: { drivers: [{}] } }, 'x | 1 | 30m'],
  ['storage.k8s.io', 'csistoragecapacities', {}, 'x | 1970-01-01T00:30:00Z'],
  [
    'storage.k8s.io',
    'storageclasses',
    {
      metadata: { ...metadata, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'p',
    },
    'x (default) | p | Delete | Immediate | false | 30m',
  ],
  [
    'storage.k8s.io',
    'volumeattachments',
    { spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'v' } }, status: { attached: true } },
    'x | a | v | n | true | 30m',
  ],
  ['storage.k8s.io', 'volumeattributesclasses', { driverName: 'd' }, 'x | d | 30m'],
  [
    'admissionregistration.k8s.io',
    'mutatingadmissionpolicies',
    { spec: { mutations: [{}, {}], paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } } },
    'x | 2 | v1/ConfigMap | 30m',
  ],
  [
    'admissionregistration.k8s.io',
    'mutatingadmissionpolicybindings',
    { spec: { policyName: 'p', paramRef: { namespace: 'd', name: 'c' } } },
    'x | p | d/c | 30m',
  ],
  ['admissionregistration.k8s.io', 'mutatingwebhookconfigurations', { webhooks: [{}] }, 'x | 1 | 30m'],
  [
    'admissionregistration.k8s.io',
    'validatingadmissionpolicies',
    { spec: { validations: [{}] } },
    'x | 1 | <unset> | 30m',
  ],
  [
    'admissionregistration.k8s.io',
    'validatingadmissionpolicybindings',
    { spec: { policyName: 'p' } },
    'x | p | <unset> | 30m',
  ],
  ['admissionregistration.k8s.io', 'validatingwebhookconfigurations', {}, 'x | 0 | 30m'],
  ['apiextensions.k8s.io', 'customresourcedefinitions', {}, 'x | 1970-01-01T00:30:00Z'],
  ['node.k8s.io', 'runtimeclasses', { handler: 'runc' }, 'x | runc | 30m'],
  ['resource.k8s.io', 'deviceclasses', {}, 'x | 30m'],
  [
    'resource.k8s.io',
    'resourceclaims',
    { status: { allocation: {}, reservedFor: [{}] } },
    'x | allocated,reserved | 30m',
  ],
  ['resource.k8s.io', 'resourceclaimtemplates', {}, 'x | 30m'],
  [
    'resource.k8s.io',
    'resourceslices',
    { spec: { nodeName: 'n', driver: 'd', pool: { name: 'p' } } },
    'x | n | d | p | 30m',
  ],
  [
    'flowcontrol.apiserver.k8s.io',
    'flowschemas',
    {
      spec: { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 1 },
      status: { conditions: [{ type: 'Dangling', status: 'False' }] },
    },
    'x | exempt | 1 | <none> | 30m | False',
  ],
  [
    'flowcontrol.apiserver.k8s.io',
    'prioritylevelconfigurations',
    {
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 30,
          limitResponse: { queuing: { queues: 64, handSize: 6, queueLengthLimit: 50 } },
        },
      },
    },
    'x | Limited | 30 | 64 | 6 | 50 | 30m',
  ],
  [
    '',
    'componentstatuses',
    { conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] },
    'x | Healthy | ok | ',
  ],
  ['', 'limitranges', {}, 'x | 1970-01-01T00:30:00Z'],
  ['', 'nodes', { spec: {} }, 'x | Unknown | <none> | 30m |  | <none> | <none> | <unknown> | <unknown> | <unknown>'],
  [
    '',
    'persistentvolumeclaims',
    {
      spec: { volumeName: 'v', storageClassName: 'fast', volumeMode: 'Filesystem' },
      status: { phase: 'Bound', accessModes: ['ReadWriteMany', 'ReadWriteOnce'], capacity: { storage: '1Gi' } },
    },
    'x | Bound | v | 1Gi | RWO,RWX | fast | <unset> | 30m | Filesystem',
  ],
  ['', 'persistentvolumeclaims', { status: { phase: 'Pending' } }, 'x | Pending |  |  |  |  | <unset> | 30m | <unset>'],
  [
    '',
    'persistentvolumes',
    {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        claimRef: { namespace: 'd', name: 'c' },
        persistentVolumeReclaimPolicy: 'Retain',
      },
      status: { phase: 'Bound' },
    },
    'x | 1Gi | RWO | Retain | Bound | d/c |  | <unset> |  | 30m | <unset>',
  ],
  ['', 'podtemplates', { template: { metadata: { labels: { a: 'b' } }, ...template } }, 'x | a,b | i,j | a=b'],
  [
    '',
    'replicationcontrollers',
    { spec: { replicas: 2, selector: { a: 'b' }, template }, status: { replicas: 1 } },
    'x | 2 | 1 | 0 | 30m | a,b | i,j | a=b',
  ],
  [
    '',
    'resourcequotas',
    { status: { hard: { pods: '3', 'limits.cpu': '2', cpu: '1' }, used: { pods: '1' } } },
    'x | cpu: 0/1, pods: 1/3 | limits.cpu: 0/2 | 30m',
  ],
];

test.each(rows)('%s/%s has the row of Kubernetes: %#', (group, resource, fields, cells) => {
  expect(print(group, resource, fields)).toBe(cells);
});

test('every resource that Kubernetes has columns for has them here, with a cell in each', () => {
  const tested = new Set(rows.map(([group, resource]) => `${group}/${resource}`));
  for (const line of columnTable.split('\n')) {
    const [group = '', version = '', resource = '', ...texts] = line.split('|');
    const names = columns.columns({ group, version, resource }).map(({ name }) => name);
    expect(names).toEqual(texts.map((text) => text.split(':')[0]));
    const common = names.every((name) => ['Name', 'Age', 'Created At'].includes(name));
    const isFilled = common || cellsByResource.has(`${group}/${resource}`) || tested.has(`${group}/${resource}`);
    expect(isFilled, `${group}/${resource}`).toBe(true);
  }
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
