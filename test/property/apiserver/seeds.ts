/** One good object of each kind that has a behaviour, and ways to spoil it: the requests that come close to being right find most. */
import fc from 'fast-check';
import type { Tree } from '../../unit/apiserver/harness.ts';

export interface Seed {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly isNamespaced: boolean;
  readonly tree: Tree;
}

const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'a', image: 'b:1' }] } };
const selector = { matchLabels: { app: 'x' } };
const container = {
  name: 'main',
  image: 'nginx',
  ports: [{ containerPort: 80, name: 'http' }],
  env: [{ name: 'A', value: 'b' }],
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1' } },
  readinessProbe: { httpGet: { path: '/', port: 'http' } },
  volumeMounts: [{ name: 'v', mountPath: '/v' }],
};

export const seeds: readonly Seed[] = [
  seed('', 'configmaps', true, { data: { a: '1' }, binaryData: { b: 'AA==' } }),
  seed('', 'secrets', true, { type: 'Opaque', stringData: { a: '1' } }),
  seed('', 'pods', true, {
    spec: { containers: [container], volumes: [{ name: 'v', emptyDir: {} }], tolerations: [{ operator: 'Exists' }] },
  }),
  seed('', 'services', true, { spec: { selector: { app: 'x' }, type: 'NodePort', ports: [{ port: 80 }] } }),
  seed('', 'namespaces', false, {}),
  seed('', 'nodes', false, { spec: { podCIDR: '10.244.0.0/24', taints: [{ key: 'a', effect: 'NoSchedule' }] } }),
  seed('', 'serviceaccounts', true, {}),
  seed('', 'endpoints', true, { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] }),
  seed('', 'events', true, {
    involvedObject: { kind: 'Pod', name: 'x', namespace: 'default' },
    reason: 'R',
    message: 'm',
  }),
  seed('events.k8s.io', 'events', true, {
    eventTime: '2026-01-01T00:00:00.000000Z',
    regarding: { kind: 'Pod', name: 'x', namespace: 'default' },
    type: 'Normal',
    reason: 'R',
    action: 'A',
    reportingController: 'example.com/c',
    reportingInstance: 'i',
    note: 'm',
  }),
  seed('', 'replicationcontrollers', true, { spec: { replicas: 1, selector: { app: 'x' }, template } }),
  seed('apps', 'deployments', true, { spec: { replicas: 2, selector, template, strategy: { type: 'RollingUpdate' } } }),
  seed('apps', 'replicasets', true, { spec: { replicas: 2, selector, template } }),
  seed('apps', 'statefulsets', true, { spec: { serviceName: 's', selector, template } }),
  seed('apps', 'daemonsets', true, { spec: { selector, template } }),
  seed('batch', 'jobs', true, { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } }),
  seed('batch', 'cronjobs', true, {
    spec: {
      schedule: '* * * * *',
      jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
    },
  }),
  seed('coordination.k8s.io', 'leases', true, { spec: { holderIdentity: 'me', leaseDurationSeconds: 10 } }),
  seed('discovery.k8s.io', 'endpointslices', true, {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ port: 80 }],
  }),
  seed('autoscaling', 'horizontalpodautoscalers', true, {
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'x' }, maxReplicas: 3, targetCPUUtilizationPercentage: 50 },
  }),
  seed('scheduling.k8s.io', 'priorityclasses', false, { value: 5, globalDefault: true }),
  seed('stable.example.com', 'crontabs', true, { spec: { cronSpec: '* * * * *', replicas: 2 } }),
  seed('networking.k8s.io', 'ingresses', true, { spec: { rules: [{ host: 'a.b' }] } }),
  seed('policy', 'poddisruptionbudgets', true, { spec: { minAvailable: 1, selector } }),
  seed('rbac.authorization.k8s.io', 'rolebindings', true, {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', name: 'joe', apiGroup: 'rbac.authorization.k8s.io' }],
  }),
  seed('rbac.authorization.k8s.io', 'clusterroles', false, {
    rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  }),
];

/** Serves the custom kind among the seeds. */
export const definition: Tree = {
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['cronSpec'],
                properties: {
                  cronSpec: { type: 'string', maxLength: 20 },
                  image: { type: 'string', default: 'busybox' },
                  replicas: { type: 'integer', minimum: 1 },
                },
                'x-kubernetes-validations': [{ rule: '!has(self.replicas) || self.replicas < 100' }],
              },
              status: { type: 'object', properties: { replicas: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
};

function seed(group: string, resource: string, isNamespaced: boolean, rest: Tree): Seed {
  const metadata = { name: 'x', labels: { app: 'x' }, annotations: { note: 'y' } };
  return { group, version: 'v1', resource, isNamespaced, tree: { metadata, ...rest } };
}

/** The paths of all values in a tree. */
function pathsOf(tree: Tree, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof tree !== 'object' || tree === null) return [path];
  return [path, ...Object.keys(tree).flatMap((key) => pathsOf(tree[key], [...path, key]))];
}

const oddValues = [
  '',
  'x',
  'Not Valid',
  -1,
  0,
  1,
  3.5,
  1e20,
  true,
  null,
  [],
  {},
  [null],
  [{}],
  { a: null },
  'é'.repeat(70),
];

/** The tree with up to two of its values replaced by odd ones, or with odd fields beside the good ones. */
export function spoilt(tree: Tree): fc.Arbitrary<Tree> {
  const paths = pathsOf(tree).filter((path) => path.length > 0);
  const spot = fc.record({
    path: fc.constantFrom(...paths),
    value: fc.oneof(fc.constantFrom(...oddValues), fc.jsonValue({ maxDepth: 2 })),
    extra: fc.constantFrom(
      undefined,
      undefined,
      'finalizers',
      'ownerReferences',
      'generateName',
      'deletionTimestamp',
      'uid',
    ),
  });
  return fc.array(spot, { maxLength: 2 }).map((spots) => {
    const copy = structuredClone(tree);
    for (const { path, value, extra } of spots) {
      put(copy, path, structuredClone(value));
      if (extra !== undefined && typeof copy.metadata === 'object' && copy.metadata !== null)
        copy.metadata[extra] = structuredClone(value);
    }
    return copy;
  });
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  let place = tree;
  for (const key of path.slice(0, -1)) {
    if (typeof place !== 'object' || place === null) return;
    place = place[key];
  }
  if (typeof place === 'object' && place !== null) place[path.at(-1) as string] = value;
}
