/** Each filter and score plugin as a table: which nodes it leaves to a pod, in which words it refuses, and how it ranks. */
import { describe, expect, test } from 'vitest';
import { labelSelectorOfMap } from '../../../src/api/label-selector.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { FilterPlugin } from '../../../src/scheduler/plugin.ts';
import { imageLocality } from '../../../src/scheduler/plugins/image-locality/image-locality.ts';
import {
  interPodAffinity,
  interPodAffinityWith,
} from '../../../src/scheduler/plugins/inter-pod-affinity/inter-pod-affinity.ts';
import { nodeAffinity, nodeAffinityWith } from '../../../src/scheduler/plugins/node-affinity/node-affinity.ts';
import { nodeName } from '../../../src/scheduler/plugins/node-name/node-name.ts';
import { nodePorts } from '../../../src/scheduler/plugins/node-ports/node-ports.ts';
import {
  nodeResourcesBalancedAllocation,
  nodeResourcesBalancedAllocationWith,
} from '../../../src/scheduler/plugins/node-resources/balanced-allocation.ts';
import { nodeResourcesFit, nodeResourcesFitWith } from '../../../src/scheduler/plugins/node-resources/fit.ts';
import { nodeUnschedulable } from '../../../src/scheduler/plugins/node-unschedulable/node-unschedulable.ts';
import {
  podTopologySpread,
  podTopologySpreadWith,
} from '../../../src/scheduler/plugins/pod-topology-spread/pod-topology-spread.ts';
import { taintToleration } from '../../../src/scheduler/plugins/taint-toleration/taint-toleration.ts';
import { emptySurroundings } from '../../../src/scheduler/surroundings.ts';
import { info, node, type PodShape, snapshotOf } from './builders.ts';
import { judgements, scores } from './judge.ts';

interface Row {
  readonly name: string;
  readonly plugin: FilterPlugin;
  readonly nodes: readonly Node[];
  readonly pod: PodShape;
  readonly placed?: readonly (readonly [string, PodShape])[];
  /** What selects the pods of the pod's owner. */
  readonly owner?: Readonly<Record<string, string>>;
  readonly want: Record<string, string>;
}

const taint = (key: string, effect: 'NoSchedule' | 'NoExecute' | 'PreferNoSchedule', value = 'v') => ({
  key,
  value,
  effect,
});
const requireNode = (...expressions: object[]): PodShape =>
  ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: expressions }] },
      },
    },
  }) as unknown as PodShape;
const near = (app: string, topologyKey: string, kind = 'podAffinity'): PodShape =>
  ({
    affinity: {
      [kind]: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app } }, topologyKey }],
      },
    },
  }) as unknown as PodShape;
const spread = (
  maxSkew: number,
  topologyKey: string,
  whenUnsatisfiable = 'DoNotSchedule',
  more: object = {},
): PodShape =>
  ({
    labels: { app: 'web' },
    topologySpreadConstraints: [
      { maxSkew, topologyKey, whenUnsatisfiable, labelSelector: { matchLabels: { app: 'web' } }, ...more },
    ],
  }) as unknown as PodShape;
const zone = (name: string) => ({ labels: { 'topology.kubernetes.io/zone': name } });
const zoneKey = 'topology.kubernetes.io/zone';
const web: PodShape = { labels: { app: 'web' } };

const rows: Row[] = [
  {
    name: 'a pod that names its node runs nowhere else',
    plugin: nodeName,
    nodes: [node('a'), node('b')],
    pod: { nodeName: 'b' },
    want: { a: "node(s) didn't match the requested node name", b: 'ok' },
  },
  {
    name: 'a cordoned node takes no pod',
    plugin: nodeUnschedulable,
    nodes: [node('a', { unschedulable: true }), node('b')],
    pod: {},
    want: { a: 'node(s) were unschedulable', b: 'ok' },
  },
  {
    name: 'a cordoned node takes a pod that tolerates it',
    plugin: nodeUnschedulable,
    nodes: [node('a', { unschedulable: true })],
    pod: { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] },
    want: { a: 'ok' },
  },
  {
    name: 'taints keep pods away unless they are tolerated, softly meant ones do not',
    plugin: taintToleration,
    nodes: [
      node('hard', { taints: [taint('k', 'NoSchedule')] }),
      node('evicting', { taints: [taint('x', 'NoExecute')] }),
      node('soft', { taints: [taint('k', 'PreferNoSchedule')] }),
      node('other', { taints: [taint('k', 'NoSchedule', 'w')] }),
    ],
    pod: { tolerations: [{ key: 'k', operator: 'Equal', value: 'w', effect: 'NoSchedule' }] },
    want: {
      hard: 'node(s) had untolerated taint {k: v}',
      evicting: 'node(s) had untolerated taint {x: v}',
      soft: 'ok',
      other: 'ok',
    },
  },
  {
    name: 'a toleration without a key covers every taint',
    plugin: taintToleration,
    nodes: [node('a', { taints: [taint('k', 'NoSchedule'), taint('x', 'NoExecute')] })],
    pod: { tolerations: [{ operator: 'Exists' }] },
    want: { a: 'ok' },
  },
  {
    name: 'nodeSelector and node affinity must both hold',
    plugin: nodeAffinity,
    nodes: [
      node('a', { labels: { disk: 'ssd', tier: '3' } }),
      node('b', { labels: { disk: 'ssd', tier: '1' } }),
      node('c', { labels: { tier: '3' } }),
    ],
    pod: { nodeSelector: { disk: 'ssd' }, ...requireNode({ key: 'tier', operator: 'Gt', values: ['2'] }) },
    want: {
      a: 'ok',
      b: "node(s) didn't match Pod's node affinity/selector",
      c: "node(s) didn't match Pod's node affinity/selector",
    },
  },
  {
    name: 'each operator of node affinity means what Kubernetes says',
    plugin: nodeAffinity,
    nodes: [node('a', { labels: { x: '1' } }), node('b', { labels: { x: '2', y: '' } }), node('c')],
    pod: requireNode(
      { key: 'x', operator: 'NotIn', values: ['2'] },
      { key: 'y', operator: 'DoesNotExist' },
      { key: 'x', operator: 'Exists' },
    ),
    want: {
      a: 'ok',
      b: "node(s) didn't match Pod's node affinity/selector",
      c: "node(s) didn't match Pod's node affinity/selector",
    },
  },
  {
    name: 'what is requested must be free',
    plugin: nodeResourcesFit,
    nodes: [node('full'), node('small', { cpu: '1', memory: '1Gi' }), node('free'), node('crowded', { pods: '1' })],
    pod: { cpu: '2', memory: '2Gi' },
    placed: [
      ['full', { cpu: '3' }],
      ['crowded', {}],
    ],
    want: {
      full: 'Insufficient cpu',
      small: 'Insufficient cpu, Insufficient memory',
      free: 'ok',
      crowded: 'Too many pods',
    },
  },
  {
    name: 'extended resources are counted like any other',
    plugin: nodeResourcesFit,
    nodes: [node('a', { extended: { 'example.com/gpu': '1' } }), node('b')],
    pod: { requests: { 'example.com/gpu': '1' } },
    want: { a: 'ok', b: 'Insufficient example.com/gpu' },
  },
  {
    name: 'two pods do not share a host port',
    plugin: nodePorts,
    nodes: [node('a'), node('b')],
    pod: { hostPort: 8080 },
    placed: [
      ['a', { hostPort: 8080 }],
      ['b', { hostPort: 8081 }],
    ],
    want: { a: "node(s) didn't have free ports for the requested pod ports", b: 'ok' },
  },
  {
    name: 'a hard spread constraint keeps zones within its skew',
    plugin: podTopologySpread,
    nodes: [node('a1', zone('a')), node('a2', zone('a')), node('b', zone('b')), node('none')],
    pod: spread(1, zoneKey),
    placed: [['a1', web]],
    want: {
      a1: "node(s) didn't match pod topology spread constraints",
      a2: "node(s) didn't match pod topology spread constraints",
      b: 'ok',
      none: "node(s) didn't match pod topology spread constraints (missing required label)",
    },
  },
  {
    name: 'fewer domains than wanted count as an empty one',
    plugin: podTopologySpread,
    nodes: [node('a', zone('a')), node('b', zone('b'))],
    pod: spread(1, zoneKey, 'DoNotSchedule', { minDomains: 3 }),
    placed: [
      ['a', web],
      ['b', { labels: { app: 'other' } }],
    ],
    want: { a: "node(s) didn't match pod topology spread constraints", b: 'ok' },
  },
  {
    name: 'affinity wants company in the same zone',
    plugin: interPodAffinity,
    nodes: [node('a1', zone('a')), node('a2', zone('a')), node('b', zone('b'))],
    pod: near('web', zoneKey),
    placed: [['a1', web]],
    want: { a1: 'ok', a2: 'ok', b: "node(s) didn't match pod affinity rules" },
  },
  {
    name: 'the first pod of a group that wants to be together may run anywhere',
    plugin: interPodAffinity,
    nodes: [node('a', zone('a')), node('b')],
    pod: { ...web, ...near('web', zoneKey) },
    want: { a: 'ok', b: "node(s) didn't match pod affinity rules" },
  },
  {
    name: 'anti-affinity keeps away, in both directions',
    plugin: interPodAffinity,
    nodes: [node('a'), node('b'), node('c')],
    pod: { ...web, ...near('db', 'kubernetes.io/hostname', 'podAntiAffinity') },
    placed: [
      ['a', { labels: { app: 'db' } }],
      ['b', near('web', 'kubernetes.io/hostname', 'podAntiAffinity')],
    ],
    want: {
      a: "node(s) didn't match pod anti-affinity rules",
      b: "node(s) didn't satisfy existing pods anti-affinity rules",
      c: 'ok',
    },
  },
];

const inNamespace = (topologyKey: string, more: object): PodShape =>
  ({
    labels: { app: 'web', revision: '1' },
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { app: 'web' } }, topologyKey, ...more },
        ],
      },
    },
  }) as unknown as PodShape;
const container = (name: string, cpu: string, more: object = {}) => ({
  name,
  image: 'x',
  resources: { requests: { cpu } },
  ...more,
});

const taintedThird = [
  node('a', zone('a')),
  node('b', zone('b')),
  node('c', { ...zone('c'), taints: [taint('k', 'NoSchedule')] }),
];

rows.push(
  {
    name: 'affinity of the profile holds for every pod',
    plugin: nodeAffinityWith({
      addedAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'Exists' }] }],
        },
      },
    }),
    nodes: [node('a', { labels: { pool: 'x' } }), node('b')],
    pod: {},
    want: { a: 'ok', b: "node(s) didn't match scheduler-enforced node affinity" },
  },
  {
    name: 'the hungriest init container counts, with the sidecars that were started before it',
    plugin: nodeResourcesFit,
    nodes: [node('three', { cpu: '3' }), node('four', { cpu: '4' })],
    pod: {
      containers: [container('main', '1')],
      initContainers: [container('sidecar', '1', { restartPolicy: 'Always' }), container('init', '3')],
    },
    want: { three: 'Insufficient cpu', four: 'ok' },
  },
  {
    name: 'overhead is added to what the pod asks for as a whole',
    plugin: nodeResourcesFit,
    nodes: [node('two', { cpu: '2' }), node('three', { cpu: '3' })],
    pod: { containers: [container('main', '4')], resources: { requests: { cpu: '2' } }, overhead: { cpu: '500m' } },
    want: { two: 'Insufficient cpu', three: 'ok' },
  },
  {
    name: 'ignored resources are not counted, by name or by group',
    plugin: nodeResourcesFitWith({ ignoredResources: ['a.com/x'], ignoredResourceGroups: ['b.com'] }),
    nodes: [node('a')],
    pod: { requests: { 'a.com/x': '1', 'b.com/y': '1', 'c.com/z': '1' } },
    want: { a: 'Insufficient c.com/z' },
  },
  {
    name: 'anti-affinity may look into other namespaces',
    plugin: interPodAffinity,
    nodes: [node('a'), node('b')],
    pod: inNamespace('kubernetes.io/hostname', { namespaces: ['other'] }),
    placed: [
      ['a', { ...web, namespace: 'other' }],
      ['b', web],
    ],
    want: { a: "node(s) didn't match pod anti-affinity rules", b: 'ok' },
  },
  {
    name: 'matchLabelKeys tells revisions apart',
    plugin: interPodAffinity,
    nodes: [node('a'), node('b')],
    pod: inNamespace('kubernetes.io/hostname', { matchLabelKeys: ['revision'] }),
    placed: [
      ['a', { labels: { app: 'web', revision: '1' } }],
      ['b', { labels: { app: 'web', revision: '0' } }],
    ],
    want: { a: "node(s) didn't match pod anti-affinity rules", b: 'ok' },
  },
  {
    name: 'by default an empty zone counts though its taint keeps the pod away',
    plugin: podTopologySpread,
    nodes: taintedThird,
    pod: spread(1, zoneKey),
    placed: [
      ['a', web],
      ['b', web],
    ],
    want: {
      a: "node(s) didn't match pod topology spread constraints",
      b: "node(s) didn't match pod topology spread constraints",
      c: 'ok',
    },
  },
  {
    name: 'with nodeTaintsPolicy Honor it does not',
    plugin: podTopologySpread,
    nodes: taintedThird,
    pod: spread(1, zoneKey, 'DoNotSchedule', { nodeTaintsPolicy: 'Honor' }),
    placed: [
      ['a', web],
      ['b', web],
    ],
    want: { a: 'ok', b: 'ok', c: 'ok' },
  },
  {
    name: 'constraints of the profile hold for pods that state none',
    plugin: podTopologySpreadWith({
      defaultingType: 'List',
      defaultConstraints: [{ maxSkew: 1, topologyKey: zoneKey, whenUnsatisfiable: 'DoNotSchedule' }],
    }),
    nodes: [node('a', zone('a')), node('b', zone('b'))],
    pod: web,
    placed: [['a', web]],
    owner: { app: 'web' },
    want: { a: "node(s) didn't match pod topology spread constraints", b: 'ok' },
  },
);

describe('filters', () => {
  test.each(rows)('$plugin.name: $name', ({ plugin, nodes, pod, placed = [], owner, want }) => {
    const there = placed.map(([where, shape], index) => [where, info(`placed-${index}`, shape)] as const);
    const ownerSelector = () => (owner === undefined ? null : labelSelectorOfMap(owner));
    const snapshot = snapshotOf(nodes, there, { ...emptySurroundings, ownerSelector });
    expect(judgements(plugin, info('pod', pod), snapshot)).toEqual(want);
  });
});

describe('scores', () => {
  test('the emptier node is better', () => {
    const snapshot = snapshotOf([node('a'), node('b')], [['a', info('x', { cpu: '2', memory: '4Gi' })]]);
    expect(scores(nodeResourcesFit, info('p', { cpu: '1', memory: '2Gi' }), snapshot)).toEqual({ a: 25, b: 75 });
  });

  test('the node that is used more evenly is better', () => {
    const nodes = [node('even', { cpu: '4', memory: '4Gi' }), node('odd', { cpu: '4', memory: '16Gi' })];
    const pod = info('p', { cpu: '2', memory: '2Gi' });
    expect(scores(nodeResourcesBalancedAllocation, pod, snapshotOf(nodes))).toEqual({ even: 100, odd: 81 });
    expect(scores(nodeResourcesBalancedAllocation, info('q'), snapshotOf(nodes))).toBe(null);
  });

  test('the fuller node is better where pods are to be packed', () => {
    const plugin = nodeResourcesFitWith({ scoringStrategy: { type: 'MostAllocated' } });
    const snapshot = snapshotOf([node('a'), node('b')], [['a', info('x', { cpu: '2', memory: '4Gi' })]]);
    expect(scores(plugin, info('p', { cpu: '1', memory: '2Gi' }), snapshot)).toEqual({ a: 75, b: 25 });
  });

  test('a shape says how much use is best', () => {
    const shape = [
      { utilization: 0, score: 0 },
      { utilization: 50, score: 10 },
      { utilization: 100, score: 2 },
    ];
    const resources = [{ name: 'cpu', weight: 3 }, { name: 'example.com/gpu' }];
    const plugin = nodeResourcesFitWith({
      scoringStrategy: { type: 'RequestedToCapacityRatio', resources, requestedToCapacityRatio: { shape } },
    });
    const placed = [
      ['half', info('x', { cpu: '1' })],
      ['full', info('y', { cpu: '3' })],
    ] as const;
    const snapshot = snapshotOf([node('empty'), node('half'), node('full')], placed);
    expect(scores(plugin, info('p', { cpu: '1' }), snapshot)).toEqual({ empty: 50, half: 100, full: 20 });
  });

  test('balance counts the resources that the profile names', () => {
    const plugin = nodeResourcesBalancedAllocationWith({ resources: [{ name: 'cpu' }, { name: 'example.com/gpu' }] });
    const nodes = [node('a', { cpu: '4', extended: { 'example.com/gpu': '4' } }), node('b', { cpu: '4' })];
    const pod = info('p', { cpu: '4', requests: { 'example.com/gpu': '2' } });
    expect(scores(plugin, pod, snapshotOf(nodes))).toEqual({ a: 75, b: 100 });
  });

  test('a node that has the images is better, the more so the more nodes have them', () => {
    const megabytes = 1_024 * 1_024;
    const having = (name: string) => {
      const images = [{ names: ['app:1', 'app@sha256:0'], sizeBytes: 523 * megabytes }];
      return { ...node(name), status: { ...node(name).status, images } };
    };
    const pod = info('p', { containers: [{ name: 'main', image: 'app:1' }] });
    expect(scores(imageLocality, pod, snapshotOf([having('a'), node('b')]))).toEqual({ a: 24, b: 0 });
    expect(scores(imageLocality, pod, snapshotOf([having('a'), having('b')]))).toEqual({ a: 51, b: 51 });
    expect(scores(imageLocality, info('q'), snapshotOf([having('a'), node('b')]))).toBe(null);
  });

  test('required affinity of placed pods is worth what the profile says', () => {
    const placed = [['a', info('x', near('web', 'kubernetes.io/hostname'))]] as const;
    const snapshot = snapshotOf([node('a'), node('b')], placed);
    expect(scores(interPodAffinityWith({ hardPodAffinityWeight: 0 }), info('p', web), snapshot)).toEqual({
      a: 0,
      b: 0,
    });
    expect(scores(interPodAffinity, info('p', web), snapshot)).toEqual({ a: 100, b: 0 });
  });

  test('soft taints count against a node', () => {
    const nodes = [node('a', { taints: [taint('k', 'PreferNoSchedule'), taint('l', 'PreferNoSchedule')] }), node('b')];
    expect(scores(taintToleration, info('p'), snapshotOf(nodes))).toEqual({ a: 0, b: 100 });
    expect(scores(taintToleration, info('p'), snapshotOf([node('b')]))).toBe(null);
  });

  test('preferred node affinity adds up its weights', () => {
    const preference = (value: string) => ({ matchExpressions: [{ key: 'x', operator: 'In', values: [value] }] });
    const pod = info('p', {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 80, preference: preference('1') },
            { weight: 20, preference: preference('2') },
          ],
        },
      },
    } as PodShape);
    const nodes = [node('a', { labels: { x: '1' } }), node('b', { labels: { x: '2' } }), node('c')];
    expect(scores(nodeAffinity, pod, snapshotOf(nodes))).toEqual({ a: 100, b: 25, c: 0 });
  });

  test('a soft spread constraint prefers the emptier zone', () => {
    const nodes = [node('a', zone('a')), node('b', zone('b')), node('none')];
    const placed = [
      ['a', info('x', web)],
      ['a', info('y', web)],
    ] as const;
    const ranked = scores(
      podTopologySpread,
      info('p', spread(1, zoneKey, 'ScheduleAnyway')),
      snapshotOf(nodes, placed),
    );
    expect(ranked).toEqual({ a: 0, b: 100, none: 0 });
  });

  test('pods of one owner spread over hosts by default, with or without zones', () => {
    const selector = { requirements: [{ key: 'app', operator: '=' as const, values: ['web'] }] };
    const surroundings = {
      ...emptySurroundings,
      namespaceLabels: () => ({}),
      namespacesOf: ({ namespaces }: { readonly namespaces: readonly string[] }) => namespaces,
      ownerSelector: () => selector,
    };
    const snapshot = snapshotOf([node('a'), node('b')], [['a', info('x', web)]], surroundings);
    const ranked = scores(podTopologySpread, info('p', web), snapshot);
    expect(ranked?.['b']).toBe(100);
    expect(ranked?.['a']).toBeLessThan(100);
  });

  test('preferred affinity draws near and preferred anti-affinity keeps away', () => {
    const term = (app: string, weight: number) => ({
      weight,
      podAffinityTerm: { labelSelector: { matchLabels: { app } }, topologyKey: 'kubernetes.io/hostname' },
    });
    const pod = info('p', {
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term('cache', 10)] },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term('web', 10)] },
      },
    } as PodShape);
    const placed = [
      ['a', info('x', { labels: { app: 'cache' } })],
      ['b', info('y', web)],
    ] as const;
    const ranked = scores(interPodAffinity, pod, snapshotOf([node('a'), node('b'), node('c')], placed));
    expect(ranked).toEqual({ a: 100, b: 0, c: 50 });
  });
});
