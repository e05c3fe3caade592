/** What is wrong with a pod, in Kubernetes' words: one row a rule. */
import { expect, test } from 'vitest';
import type { Json } from '../../../src/api/json.ts';
import { KindBench } from './validation-bench.ts';

const pods = new KindBench('', 'Pod');
const metadata = { name: 'x', namespace: 'default' };
const main = { name: 'a', image: 'x:1' };

function spec(extra: object): Json {
  return { metadata, spec: { containers: [main], ...extra } } as Json;
}

function container(extra: object, more: object = {}): Json {
  return spec({ containers: [{ ...main, ...extra }], ...more });
}

function volume(source: object): Json {
  return spec({ volumes: [{ name: 'v', ...source }] });
}

function projected(source: object): Json {
  return volume({ projected: { sources: [source] } });
}

function init(extra: object): Json {
  return spec({ initContainers: [{ name: 'i', image: 'x:1', ...extra }] });
}

const c0 = 'spec.containers[0]';
const v0 = 'spec.volumes[0]';
const qualified =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} };

const everything: Json = spec({
  volumes: [
    { name: 'c', configMap: { name: 'c', items: [{ key: 'k', path: 'a/b', mode: 256 }] } },
    { name: 's', secret: { secretName: 's', defaultMode: 256 } },
    { name: 'e', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
    { name: 'h', hostPath: { path: '/var', type: 'DirectoryOrCreate' } },
    { name: 'p', persistentVolumeClaim: { claimName: 'p' } },
    { name: 'd', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: "metadata.labels['a']" } }] } },
    {
      name: 'j',
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token' } },
          { configMap: { name: 'c' } },
          { secret: { name: 's', items: [{ key: 'k', path: 'k' }] } },
          {
            downwardAPI: {
              items: [{ path: 'cpu', resourceFieldRef: { containerName: 'a', resource: 'limits.cpu' } }],
            },
          },
        ],
      },
    },
  ],
  initContainers: [
    { name: 'sidecar', image: 'x', restartPolicy: 'Always', startupProbe: { exec: { command: ['true'] } } },
    { name: 'setup', image: 'x' },
  ],
  containers: [
    {
      ...main,
      ports: [{ containerPort: 80, name: 'http', hostPort: 8080, hostIP: '10.0.0.1' }],
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
        { name: 'C', valueFrom: { resourceFieldRef: { resource: 'requests.memory' } } },
        { name: 'D', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      ],
      envFrom: [{ prefix: 'X_', configMapRef: { name: 'c' } }],
      resources: { limits: { cpu: '1', 'example.com/gpu': '2' }, requests: { cpu: '1', memory: '1Gi' } },
      volumeMounts: [{ name: 'c', mountPath: '/c', subPath: 'a' }],
      livenessProbe: { httpGet: { port: 'http', httpHeaders: [{ name: 'X-A', value: 'b' }] } },
      readinessProbe: { grpc: { port: 80 }, successThreshold: 2 },
      lifecycle: { preStop: { sleep: { seconds: 5 } } },
      securityContext: { runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    },
  ],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          {
            matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }],
            matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }],
          },
        ],
      },
    },
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: {} } },
      ],
    },
  },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', minDomains: 2, labelSelector: {} },
  ],
  tolerations: [{ key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 }],
  securityContext: { fsGroup: 5, sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] },
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['1.1.1.1'], searches: ['a.b'], options: [{ name: 'ndots', value: '2' }] },
  hostAliases: [{ ip: '127.0.0.1', hostnames: ['foo.local'] }],
  readinessGates: [{ conditionType: 'example.com/ready' }],
  os: { name: 'linux' },
});

test('a pod that uses nearly everything as it should is fine', () => {
  expect(pods.complaints(everything)).toEqual([]);
});

test.each<[string, Json, readonly string[]]>([
  ['a config map volume without a name', volume({ configMap: {} }), [`${v0}.configMap.name: Required value`]],
  ['a secret volume without a name', volume({ secret: {} }), [`${v0}.secret.secretName: Required value`]],
  [
    'a claim without a name',
    volume({ persistentVolumeClaim: {} }),
    [`${v0}.persistentVolumeClaim.claimName: Required value`],
  ],
  [
    'a mode that is none',
    volume({ secret: { secretName: 's', defaultMode: 512 } }),
    [`${v0}.secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive`],
  ],
  [
    'items without key and path',
    volume({ configMap: { name: 'c', items: [{}] } }),
    [`${v0}.configMap.items[0].key: Required value`, `${v0}.configMap.items[0].path: Required value`],
  ],
  [
    'a path that climbs',
    volume({ configMap: { name: 'c', items: [{ key: 'k', path: '../x' }] } }),
    [`${v0}.configMap.items[0].path: Invalid value: "../x": must not contain '..'`],
  ],
  [
    'an absolute path in a volume',
    volume({ configMap: { name: 'c', items: [{ key: 'k', path: '/x' }] } }),
    [`${v0}.configMap.items[0].path: Invalid value: "/x": must be a relative path`],
  ],
  [
    'a host path of an unknown type',
    volume({ hostPath: { path: '/x', type: 'Device' } }),
    [
      `${v0}.hostPath.type: Unsupported value: "Device": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"`,
    ],
  ],
  ['a host path without a path', volume({ hostPath: {} }), [`${v0}.hostPath.path: Required value`]],
  [
    'two sources of one volume',
    volume({ emptyDir: {}, secret: { secretName: 's' } }),
    [`${v0}.secret: Forbidden: may not specify more than 1 volume type`],
  ],
  [
    'a token that lives too short',
    projected({ serviceAccountToken: { path: 't', expirationSeconds: 60 } }),
    [
      `${v0}.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes`,
    ],
  ],
  [
    'two projections in one',
    projected({ secret: { name: 's' }, configMap: { name: 'c' } }),
    [`${v0}.projected.sources[0]: Forbidden: may not specify more than 1 volume type`],
  ],
  [
    'a file that tells nothing',
    volume({ downwardAPI: { items: [{ path: 'a' }] } }),
    [`${v0}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`],
  ],
  [
    'a file that tells a field that only variables can',
    volume({ downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'status.podIP' } }] } }),
    [
      `${v0}.downwardAPI.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"`,
    ],
  ],
  [
    'a field that there is not',
    container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nothing' } } }] }),
    [
      `${c0}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nothing": error converting fieldPath: field label not supported: spec.nothing`,
    ],
  ],
  [
    'a key reference without a key',
    container({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c' } } }] }),
    [`${c0}.env[0].valueFrom.configMapKeyRef.key: Required value`],
  ],
  [
    'a value and a source',
    container({ env: [{ name: 'A', value: 'b', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] }),
    [`${c0}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`],
  ],
  [
    'an environment from nowhere',
    container({ envFrom: [{}] }),
    [`${c0}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``],
  ],
  [
    'an environment of a nameless secret',
    container({ envFrom: [{ secretRef: {} }] }),
    [`${c0}.envFrom[0].secretRef.name: Required value`],
  ],
  [
    'a resource that only others could have',
    container({ resources: { limits: { gpus: '1' } } }),
    [
      `${c0}.resources.limits[gpus]: Invalid value: "gpus": must be a standard resource for containers`,
      `${c0}.resources.requests[gpus]: Invalid value: "gpus": must be a standard resource for containers`,
    ],
  ],
  [
    'half of a device',
    container({ resources: { limits: { 'example.com/gpu': '500m' } } }),
    [
      `${c0}.resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer`,
      `${c0}.resources.requests[example.com/gpu]: Invalid value: "500m": must be an integer`,
    ],
  ],
  [
    'fewer devices asked for than allowed',
    container({ resources: { limits: { 'example.com/gpu': '2' }, requests: { 'example.com/gpu': '1' } } }),
    [`${c0}.resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2`],
  ],
  [
    'huge pages alone',
    container({ resources: { limits: { 'hugepages-2Mi': '2Mi' } } }),
    [`${c0}.resources: Forbidden: HugePages require cpu or memory`],
  ],
  [
    'a mount with two paths inside its volume',
    container(
      { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a', subPathExpr: 'b' }] },
      { volumes: [{ name: 'v', emptyDir: {} }] },
    ),
    [`${c0}.volumeMounts[0].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive`],
  ],
  [
    'a liveness that has to succeed twice',
    container({ livenessProbe: { exec: { command: ['a'] }, successThreshold: 2 } }),
    [`${c0}.livenessProbe.successThreshold: Invalid value: 2: must be 1`],
  ],
  [
    'a probe without a handler',
    container({ readinessProbe: {} }),
    [`${c0}.readinessProbe: Required value: must specify a handler type`],
  ],
  [
    'a readiness with a grace of its own',
    container({ readinessProbe: { exec: { command: ['a'] }, terminationGracePeriodSeconds: 5 } }),
    [`${c0}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes`],
  ],
  [
    'a header that is none',
    container({ livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'a b', value: '' }] } } }),
    [
      `${c0}.livenessProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
    ],
  ],
  [
    'a pause that is longer than the grace',
    container({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
    [
      `${c0}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
    ],
  ],
  [
    'an init container with a probe',
    init({ livenessProbe: { exec: { command: ['a'] } } }),
    [
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
  ],
  [
    'a container with a restart policy of its own that there is not',
    init({ restartPolicy: 'Sometimes' }),
    [
      'spec.initContainers[0].restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    ],
  ],
  [
    'ephemeral containers from the start',
    spec({ ephemeralContainers: [{ name: 'e', image: 'x' }] }),
    ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  ],
  [
    'one port of the node for two containers',
    spec({
      containers: [
        { ...main, ports: [{ containerPort: 80, hostPort: 80 }] },
        { ...main, name: 'b', ports: [{ containerPort: 81, hostPort: 80 }] },
      ],
    }),
    ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
  ],
  [
    'a node affinity without terms',
    spec({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } } }),
    [
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
  ],
  [
    'a node affinity that asks for none of nothing',
    spec({
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 0, preference: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
          ],
        },
      },
    }),
    [
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
      "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
  ],
  [
    'a pod affinity without a topology',
    spec({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: {} }] } } }),
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
      `spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part ${qualified}`,
    ],
  ],
  [
    'a spread that nobody could keep',
    spec({
      topologySpreadConstraints: [
        { maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 1, labelSelector: {} },
      ],
    }),
    [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
    ],
  ],
  [
    'the same spread twice',
    spec({
      topologySpreadConstraints: [spread, spread],
    }),
    ['spec.topologySpreadConstraints[1].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"'],
  ],
  [
    'a toleration of everything that equals',
    spec({ tolerations: [{ operator: 'Equal', tolerationSeconds: 1 }] }),
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      'spec.tolerations[0].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
  ],
  [
    'a user below zero',
    spec({ securityContext: { runAsUser: -1 } }),
    ['spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
  ],
  [
    'privileges without their escalation',
    container({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    [
      `${c0}.securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ],
  ],
  [
    'a profile without its file',
    spec({ securityContext: { seccompProfile: { type: 'Localhost' } } }),
    [
      'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ],
  ],
  [
    'name resolution by nobody',
    spec({ dnsPolicy: 'None' }),
    ['spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None'],
  ],
  [
    'a pod that is bound and gated',
    spec({ nodeName: 'n', schedulingGates: [{ name: 'example.com/wait' }] }),
    ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
  ],
  [
    'a port of the host network that differs',
    container({ ports: [{ containerPort: 80, hostPort: 81 }] }, { hostNetwork: true }),
    [`${c0}.ports[0].containerPort: Invalid value: 80: must match \`hostPort\` when \`hostNetwork\` is true`],
  ],
])('%s is reported', (_, tree, want) => {
  expect(pods.complaints(tree)).toEqual(want);
});

test('a template cannot have ephemeral containers', () => {
  const deployments = new KindBench('apps', 'Deployment');
  const template = {
    metadata: { labels: { app: 'x' }, annotations: { 'bad key': '' } },
    spec: { containers: [main], ephemeralContainers: [{ name: 'e', image: 'x' }] },
  };
  expect(deployments.complaints({ metadata, spec: { selector: { matchLabels: { app: 'x' } }, template } })).toEqual([
    `spec.template.metadata.annotations: Invalid value: "bad key": name part ${qualified}`,
    'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
  ]);
});

test('containers of a stateful set may mount its claims', () => {
  const sets = new KindBench('apps', 'StatefulSet');
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: { containers: [{ ...main, volumeMounts: [{ name: 'data', mountPath: '/d' }] }] },
  };
  const tree = (claims: Json): Json => ({
    metadata,
    spec: { selector: { matchLabels: { app: 'x' } }, template, volumeClaimTemplates: claims },
  });
  expect(sets.complaints(tree([{ metadata: { name: 'data' }, spec: {} }]))).toEqual([]);
  expect(sets.complaints(tree([]))).toEqual([
    'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
  ]);
});
