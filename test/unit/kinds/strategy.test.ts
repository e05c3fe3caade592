/** Defaults, validation and the life of objects: what the API server asks a kind, in the order in which it asks. */
import { expect, test } from 'vitest';
import { formatFieldError } from '../../../src/api/field-error.ts';
import { cloneJson, type Json } from '../../../src/api/json.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import { must } from '../../../src/base/assert.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { decodeObject } from '../../../src/kinds/decode.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';
import { KindStrategy } from '../../../src/kinds/strategy.ts';

const registry = builtInRegistry();
const facts = () => ({ uid: 'u-1', wallMs: 0 as WallMs, random: new Random(1) });

function strategyOf(group: string, kind: string): KindStrategy {
  return new KindStrategy(
    must(registry.kind({ group, version: kind === 'HorizontalPodAutoscaler' ? 'v2' : 'v1', kind }), kind),
  );
}

function decoded(strategy: KindStrategy, tree: Json): AnyObject {
  const { object } = decodeObject(cloneJson(tree), strategy.info, builtInSchemas, 'Strict');
  strategy.setDefaults(object);
  return object;
}

function created(strategy: KindStrategy, tree: Json): AnyObject {
  const object = decoded(strategy, tree);
  strategy.prepareForCreate(object, facts());
  return object;
}

function updated(strategy: KindStrategy, old: AnyObject, tree: Json): AnyObject {
  const object = decoded(strategy, tree);
  strategy.prepareForUpdate(object, old);
  return object;
}

const complaints = (strategy: KindStrategy, tree: Json) =>
  strategy.validateCreate(created(strategy, tree)).map(formatFieldError);

const pods = strategyOf('', 'Pod');
const deployments = strategyOf('apps', 'Deployment');
const services = strategyOf('', 'Service');
const metadata = { name: 'x', namespace: 'default' };
const podTree = { metadata, spec: { containers: [{ name: 'a', image: 'nginx' }] } };
const webTree = {
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'nginx:1' }] } },
  },
};
const serviceTree = { metadata, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } };

test('a pod gets the defaults of Kubernetes', () => {
  const pod = created(pods, podTree);
  expect(pod.spec).toEqual({
    containers: [
      {
        name: 'a',
        image: 'nginx',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'Always',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
  });
  expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  expect(pod.metadata).toMatchObject({ uid: 'u-1', creationTimestamp: '1970-01-01T00:00:00Z', generation: 1 });
  expect(pods.validateCreate(pod)).toEqual([]);
});

test.each([
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['nginx:1.25', 'IfNotPresent'],
  ['registry:5000/nginx', 'Always'],
  ['registry:5000/nginx:1', 'IfNotPresent'],
  ['nginx@sha256:abc', 'IfNotPresent'],
])('the pull policy of %s is %s', (image, want) => {
  const pod = created(pods, { metadata, spec: { containers: [{ name: 'a', image }] } });
  expect(pod.spec).toMatchObject({ containers: [{ imagePullPolicy: want }] });
});

test('probes, ports, volumes and environment get their defaults', () => {
  const pod = created(pods, {
    metadata,
    spec: {
      volumes: [{ name: 'v' }, { name: 'c', configMap: { name: 'c' } }, { name: 'h', hostPath: { path: '/x' } }],
      containers: [
        {
          name: 'a',
          image: 'x',
          ports: [{ containerPort: 80 }],
          env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          livenessProbe: { httpGet: { port: 80 } },
        },
      ],
    },
  });
  expect(pod.spec).toMatchObject({
    volumes: [{ emptyDir: {} }, { configMap: { defaultMode: 420 } }, { hostPath: { type: '' } }],
    containers: [
      {
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        env: [{ valueFrom: { fieldRef: { apiVersion: 'v1' } } }],
        livenessProbe: {
          httpGet: { path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      },
    ],
  });
});

test.each<[Json, string]>([
  [{}, 'BestEffort'],
  [{ requests: { cpu: '1' } }, 'Burstable'],
  [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
  [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }, 'Burstable'],
])('resources %j make a pod %s', (resources, want) => {
  const pod = created(pods, { metadata, spec: { containers: [{ name: 'a', image: 'x', resources }] } });
  expect(pod.status).toMatchObject({ qosClass: want });
});

test('requests default to limits in a pod, not in a template', () => {
  const containers = [{ name: 'a', image: 'x', resources: { limits: { cpu: '1' } } }];
  expect(created(pods, { metadata, spec: { containers } }).spec).toMatchObject({
    containers: [{ resources: { requests: { cpu: '1' } } }],
  });
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers } };
  const web = created(deployments, { ...webTree, spec: { ...webTree.spec, template } });
  expect(JSON.stringify(web.spec)).not.toContain('requests');
  expect(JSON.stringify(web.spec)).not.toContain('enableServiceLinks');
});

test('a deployment gets the defaults of Kubernetes', () => {
  expect(created(deployments, webTree).spec).toMatchObject({
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    template: { spec: { restartPolicy: 'Always', securityContext: {} } },
  });
});

test('a service gets the defaults of Kubernetes', () => {
  const service = created(services, serviceTree);
  expect(service.spec).toEqual({
    selector: { app: 'web' },
    ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  });
  expect(service.status).toEqual({ loadBalancer: {} });
  expect(service.metadata).not.toHaveProperty('generation');
});

test('a service that changes its type loses what only the former type may have, unless that was changed too', () => {
  const balanced = { ...serviceTree.spec, type: 'LoadBalancer', ports: [{ port: 80, nodePort: 30_080 }] };
  const old = created(services, { metadata, spec: balanced });
  expect(old.spec).toMatchObject({ externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true });
  const patched = updated(services, old, { ...old, spec: { ...(old.spec as object), type: 'ClusterIP' } } as never);
  expect(patched.spec).toMatchObject({ type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] });
  for (const name of ['externalTrafficPolicy', 'allocateLoadBalancerNodePorts'])
    expect(patched.spec).not.toHaveProperty(name);
  expect(services.validateUpdate(patched, old)).toEqual([]);
  const other = { ...(old.spec as object), type: 'ClusterIP', ports: [{ port: 80, nodePort: 30_081 }] };
  const refused = updated(services, old, { ...old, spec: other } as never);
  expect(services.validateUpdate(refused, old).map(formatFieldError)).toEqual([
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ]);
});

test('a namespace is labelled with its name, active, and finalized by Kubernetes', () => {
  const namespaces = strategyOf('', 'Namespace');
  const namespace = created(namespaces, { metadata: { generateName: 'team-' } });
  const { name } = namespace.metadata;
  expect(name).toMatch(/^team-/);
  expect(namespace).toMatchObject({
    metadata: { labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  expect(namespaces.validateCreate(namespace)).toEqual([]);
});

test('text in a secret becomes data', () => {
  const secret = created(strategyOf('', 'Secret'), { metadata, data: { a: 'YQ==' }, stringData: { b: 'hé' } });
  expect(secret).toMatchObject({ type: 'Opaque', data: { a: 'YQ==', b: 'aMOp' } });
  expect(secret).not.toHaveProperty('stringData');
});

test('a job selects its pods by its own uid', () => {
  const job = created(strategyOf('batch', 'Job'), {
    metadata,
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] } } },
  });
  expect(job.spec).toMatchObject({
    completions: 1,
    parallelism: 1,
    backoffLimit: 6,
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u-1' } },
    template: { metadata: { labels: { 'batch.kubernetes.io/job-name': 'x', 'job-name': 'x' } } },
  });
});

const container = (extra: Json): Json => ({
  metadata,
  spec: { containers: [{ name: 'a', image: 'x', ...(extra as object) }] },
});

test.each<[string, KindStrategy, Json, readonly string[]]>([
  ['a pod without containers', pods, { metadata }, ['spec.containers: Required value']],
  [
    'a container without name and image',
    pods,
    { metadata, spec: { containers: [{}] } },
    ['spec.containers[0].name: Required value', 'spec.containers[0].image: Required value'],
  ],
  [
    'two containers of one name',
    pods,
    {
      metadata,
      spec: {
        containers: [
          { name: 'a', image: 'x' },
          { name: 'a', image: 'x' },
        ],
      },
    },
    ['spec.containers[1].name: Duplicate value: "a"'],
  ],
  [
    'a mount of no volume',
    pods,
    container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
    ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
  ],
  [
    'a port out of range',
    pods,
    container({ ports: [{ containerPort: 70_000 }] }),
    ['spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
  ],
  [
    'requests above limits',
    pods,
    container({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
    ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
  ],
  [
    'an unknown pull policy',
    pods,
    container({ imagePullPolicy: 'Maybe' }),
    [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"',
    ],
  ],
  [
    'a negative replica count',
    deployments,
    { ...webTree, spec: { ...webTree.spec, replicas: -1 } },
    ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  ],
  [
    'a selector that misses its own template',
    deployments,
    { ...webTree, spec: { ...webTree.spec, selector: { matchLabels: { app: 'other' } } } },
    ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
  ],
  [
    'no selector',
    deployments,
    { metadata, spec: { template: webTree.spec.template } },
    ['spec.selector: Required value'],
  ],
  [
    'a template whose pods do not restart',
    deployments,
    {
      ...webTree,
      spec: {
        ...webTree.spec,
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] },
        },
      },
    },
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    'a rollout that cannot move',
    deployments,
    { ...webTree, spec: { ...webTree.spec, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } },
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
  ],
  ['a service without ports', services, { metadata, spec: {} }, ['spec.ports: Required value']],
  [
    'unnamed ports',
    services,
    { metadata, spec: { ports: [{ port: 1 }, { port: 2, name: 'b' }] } },
    ['spec.ports[0].name: Required value'],
  ],
  [
    'a node port on a cluster address',
    services,
    { metadata, spec: { ports: [{ port: 1, nodePort: 30_000 }] } },
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  [
    'a config map with a bad key',
    strategyOf('', 'ConfigMap'),
    { metadata, data: { 'a/b': 'x' } },
    [
      "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ],
  [
    'an event in the wrong namespace',
    strategyOf('', 'Event'),
    { metadata, involvedObject: { namespace: 'other' } },
    ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
  ],
  [
    'a lease of no duration',
    strategyOf('coordination.k8s.io', 'Lease'),
    { metadata, spec: { leaseDurationSeconds: 0 } },
    ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
  ],
  [
    'no name',
    strategyOf('', 'ServiceAccount'),
    { metadata: { namespace: 'default' } },
    ['metadata.name: Required value: name or generateName is required'],
  ],
  [
    'a namespace where none belongs',
    strategyOf('', 'Namespace'),
    { metadata },
    ['metadata.namespace: Forbidden: not allowed on this type'],
  ],
])('%s is reported', (_, strategy, tree, want) => {
  expect(complaints(strategy, tree)).toEqual(want);
});

test('all faults are reported at once', () => {
  expect(
    complaints(deployments, { metadata: { name: 'X', namespace: 'default' }, spec: { replicas: -1 } }).length,
  ).toBeGreaterThan(3);
});

test('an update keeps status, counts the generation when desired state changes, and only then', () => {
  const old = { ...created(deployments, webTree), status: { replicas: 3 } };
  const same = updated(deployments, old, { ...webTree, status: { replicas: 9 } });
  expect(same.status).toEqual({ replicas: 3 });
  expect(same.metadata.generation).toBe(1);
  const scaled = updated(deployments, old, { ...webTree, spec: { ...webTree.spec, replicas: 2 } });
  expect(scaled.metadata.generation).toBe(2);
  expect(deployments.validateUpdate(scaled, old)).toEqual([]);
});

test('a status update keeps everything else', () => {
  const old = created(deployments, webTree);
  const object = decoded(deployments, {
    metadata: { ...webTree.metadata, labels: { a: 'b' } },
    spec: { replicas: 7 },
    status: { replicas: 2 },
  });
  deployments.prepareForStatusUpdate(object, old);
  expect(object.spec).toEqual(old.spec);
  expect(object.status).toEqual({ replicas: 2 });
  expect(object.metadata.generation).toBe(1);
  expect(deployments.validateStatusUpdate(object, old)).toEqual([]);
});

test('what is immutable cannot change', () => {
  const web = created(deployments, webTree);
  const labels = { app: 'b' };
  const moved = updated(deployments, web, {
    ...webTree,
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: webTree.spec.template.spec } },
  });
  expect(deployments.validateUpdate(moved, web).map(formatFieldError)).toEqual([
    'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
  ]);
  const renamed = updated(deployments, web, { ...webTree, metadata: { ...webTree.metadata, name: 'b' } });
  expect(deployments.validateUpdate(renamed, web).map(({ field }) => field)).toEqual(['metadata.name']);
});

test('of a pod the image may change, the command may not', () => {
  const pod = created(pods, podTree);
  const withImage = updated(pods, pod, container({ image: 'nginx:2', imagePullPolicy: 'Always' }));
  expect(pods.validateUpdate(withImage, pod)).toEqual([]);
  const withCommand = updated(pods, pod, container({ image: 'nginx', command: ['sh'] }));
  expect(pods.validateUpdate(withCommand, pod).map(formatFieldError)[0]).toMatch(
    /^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`/,
  );
  const withTwo = updated(pods, pod, {
    metadata,
    spec: { containers: [...podTree.spec.containers, { name: 'b', image: 'x' }] },
  });
  expect(pods.validateUpdate(withTwo, pod).map(({ field }) => field)).toEqual(['spec.containers']);
});

test('an allocated address stays unless it is named, and then may not differ', () => {
  const old = created(services, serviceTree);
  Object.assign(old.spec as object, { clusterIP: '10.0.0.9', clusterIPs: ['10.0.0.9'] });
  const replaced = updated(services, old, serviceTree);
  expect(replaced.spec).toMatchObject({ clusterIP: '10.0.0.9', clusterIPs: ['10.0.0.9'] });
  const moved = updated(services, old, { ...serviceTree, spec: { ...serviceTree.spec, clusterIP: '10.0.0.8' } });
  expect(services.validateUpdate(moved, old).map(formatFieldError)).toEqual([
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.8"]: may not change once set',
  ]);
});

test('finalizers may not be added to an object that is being deleted', () => {
  const old = created(pods, podTree);
  const dying = {
    ...old,
    metadata: { ...old.metadata, deletionTimestamp: '2024-01-01T00:00:00Z', finalizers: ['a/b'] },
  };
  const next = updated(pods, dying, { ...podTree, metadata: { ...metadata, finalizers: ['a/b', 'c/d'] } });
  expect(next.metadata.deletionTimestamp).toBe('2024-01-01T00:00:00Z');
  expect(pods.validateUpdate(next, dying).map(formatFieldError)).toEqual([
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
  ]);
});

test('every built-in kind has a strategy whose selectable fields are the ones it names', () => {
  for (const info of registry.resources.filter(({ verbs }) => verbs.includes('list'))) {
    const strategy = new KindStrategy(info);
    const object = decoded(strategy, { metadata: { name: 'x' } });
    // Those of a version that stores nothing are computed in the version that does.
    if (info.group === 'events.k8s.io') continue;
    expect(Object.keys(strategy.selectableFields(object)).sort()).toEqual([...strategy.fieldLabels].sort());
  }
});
