/** Each filter and score plugin as a table: which nodes it leaves to a pod, in which words it refuses, and how it ranks. */
import { describe, expect, test } from 'vitest';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { FilterPlugin, ScorePlugin } from '../../../src/scheduler/plugin.ts';
import { interPodAffinity } from '../../../src/scheduler/plugins/inter-pod-affinity/inter-pod-affinity.ts';
import { nodeAffinity } from '../../../src/scheduler/plugins/node-affinity/node-affinity.ts';
import { nodeName } from '../../../src/scheduler/plugins/node-name/node-name.ts';
import { nodePorts } from '../../../src/scheduler/plugins/node-ports/node-ports.ts';
import { nodeResourcesBalancedAllocation } from '../../../src/scheduler/plugins/node-resources/balanced-allocation.ts';
import { nodeResourcesFit } from '../../../src/scheduler/plugins/node-resources/fit.ts';
import { nodeUnschedulable } from '../../../src/scheduler/plugins/node-unschedulable/node-unschedulable.ts';
import { podTopologySpread } from '../../../src/scheduler/plugins/pod-topology-spread/pod-topology-spread.ts';
import { taintToleration } from '../../../src/scheduler/plugins/taint-toleration/taint-toleration.ts';
import type { PodInfo } from '../../../src/scheduler/pod-info.ts';
import type { Snapshot } from '../../../src/scheduler/snapshot.ts';
import { emptySurroundings } from '../../../src/scheduler/surroundings.ts';
import { info, node, type PodShape, snapshotOf } from './builders.ts';

/** `ok`, or the reasons, per node. */
function judgements(plugin: FilterPlugin, pod: PodInfo, snapshot: Snapshot): Record<string, string> {
  const prepared = plugin.prepare(pod, snapshot);
  const verdicts = snapshot.nodes().map(({ name }) => {
    const found = snapshot.node(name);
    if (prepared.type === 'skip' || found === undefined) return [name, 'ok'] as const;
    if (prepared.type === 'rejected') return [name, prepared.rejection.reasons.join(', ')] as const;
    const verdict = prepared.judge?.(found) ?? { type: 'success' as const };
    return [name, verdict.type === 'success' ? 'ok' : verdict.reasons.join(', ')] as const;
  });
  return Object.fromEntries(verdicts);
}

function scores(plugin: ScorePlugin, pod: PodInfo, snapshot: Snapshot): Record<string, number> | null {
  const nodes = snapshot.nodes();
  const scorer = plugin.scorer(pod, nodes, snapshot);
  if (scorer === null) return null;
  const values = nodes.map((each) => scorer.score(each));
  scorer.normalize?.(values, nodes);
  return Object.fromEntries(nodes.map(({ name }, index) => [name, values[index] ?? Number.NaN]));
}

interface Row {
  readonly name: string;
  readonly plugin: FilterPlugin;
  readonly nodes: readonly Node[];
  readonly pod: PodShape;
  readonly placed?: readonly (readonly [string, PodShape])[];
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

const rows: readonly Row[] = [
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

describe('filters', () => {
  test.each(rows)('$plugin.name: $name', ({ plugin, nodes, pod, placed = [], want }) => {
    const there = placed.map(([where, shape], index) => [where, info(`placed-${index}`, shape)] as const);
    expect(judgements(plugin, info('pod', pod), snapshotOf(nodes, there))).toEqual(want);
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
