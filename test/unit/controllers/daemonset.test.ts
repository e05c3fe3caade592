/** What a daemon set does about the nodes and pods that it sees. */
import { expect, test } from 'vitest';
import { daemonSetController } from '../../../src/controllers/daemonset/keys.ts';
import type { Plan } from '../../../src/controllers/plan.ts';
import type { ControllerRevision } from '../../../src/kinds/controllerrevision/types.ts';
import type { DaemonSet, DaemonSetSpec, DaemonSetStatus } from '../../../src/kinds/daemonset/types.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { caches, context, createdOf, events, node, nowMs, type PodOptions, pod, statusOf, told } from './builders.ts';

const hashLabel = 'controller-revision-hash';
const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
const terminating = { deletionTimestamp: '2026-01-01T00:00:00Z' };

function daemonSet(spec: Partial<DaemonSetSpec> = {}, status?: Partial<DaemonSetStatus>): DaemonSet {
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } } as const;
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'web', namespace: 'default', uid: 'ds', generation: 1, resourceVersion: '1' },
    spec: { selector: { matchLabels: labels }, template, updateStrategy, ...spec },
    ...(status === undefined ? {} : { status: status as DaemonSetStatus }),
  };
}

interface Seen {
  readonly set?: DaemonSet;
  readonly nodes?: readonly Node[];
  readonly pods?: readonly Pod[];
  readonly revisions?: readonly ControllerRevision[];
}

function reconcile({ set = daemonSet(), nodes = [node('a')], pods = [], revisions }: Seen, extra = {}): Plan {
  const known = caches(daemonSetController, {
    daemonSets: [set],
    nodes,
    pods,
    revisions: revisions ?? [revisionOf(set)],
  });
  const observed = daemonSetController.observe('default/web', known);
  if (observed === null) throw new Error('nothing observed');
  return daemonSetController.reconcile(observed, context({ memory: new Map(), ...extra } as never));
}

/** The revision that the controller itself makes of a daemon set. */
function revisionOf(set: DaemonSet, revision = 1): ControllerRevision {
  const [made] = createdOf<ControllerRevision>(reconcile({ set, nodes: [], revisions: [] }), 'controllerrevisions');
  if (made === undefined) throw new Error('no revision made');
  return { ...made, revision, metadata: { ...made.metadata, uid: `r${revision}`, resourceVersion: '1' } };
}

const hashOf = (set: DaemonSet): string => revisionOf(set).metadata.labels?.[hashLabel] ?? '';

function daemon(name: string, set: DaemonSet, options: PodOptions = {}): Pod {
  const base = pod(name, { owner: set, isReady: true, ...options });
  const hash = options.metadata?.labels?.[hashLabel] ?? hashOf(set);
  return {
    ...base,
    metadata: { ...base.metadata, labels: { ...labels, [hashLabel]: hash } },
    spec: { ...base.spec, nodeName: name.split('-')[0] ?? '', ...options.spec },
  };
}

const old = { metadata: { labels: { [hashLabel]: 'old' } } };

test('a new daemon set makes its revision first, and then a pod for each node', () => {
  const plan = reconcile({ nodes: [node('a'), node('b'), node('c')], revisions: [] });
  expect(told(plan).map((group) => group.map((text) => text.replace(/web-\w+$/, 'web-')))).toEqual([
    ['create controllerrevisions web-', 'update daemonsets/status web'],
    ['create pods web-'],
    ['create pods web-', 'create pods web-'],
  ]);
  const [revision] = createdOf<ControllerRevision>(plan, 'controllerrevisions');
  expect(revision).toMatchObject({
    revision: 1,
    data: { spec: { template: { $patch: 'replace', metadata: { labels } } } },
  });
});

test('a daemon names its node by affinity, tolerates its troubles, and carries the hash of its revision', () => {
  const set = daemonSet();
  const [made] = createdOf<Pod>(reconcile({ set }), 'pods');
  expect(made?.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual({
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }],
  });
  expect(made?.spec.tolerations?.map(({ key, effect }) => `${key}:${effect}`)).toEqual([
    'node.kubernetes.io/not-ready:NoExecute',
    'node.kubernetes.io/unreachable:NoExecute',
    'node.kubernetes.io/disk-pressure:NoSchedule',
    'node.kubernetes.io/memory-pressure:NoSchedule',
    'node.kubernetes.io/pid-pressure:NoSchedule',
    'node.kubernetes.io/unschedulable:NoSchedule',
  ]);
  expect(made?.metadata.labels).toEqual({ ...labels, [hashLabel]: hashOf(set) });
});

test.each<[string, Node, Partial<DaemonSetSpec>, boolean, boolean]>([
  ['a plain node', node('a'), {}, true, true],
  [
    'a cordoned node',
    node('a', {}, { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] }),
    {},
    true,
    true,
  ],
  [
    'a node that is not ready',
    node('a', {}, { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] }),
    {},
    true,
    true,
  ],
  [
    'a node with a taint of its own',
    node('a', {}, { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }),
    {},
    false,
    true,
  ],
  ['a node whose taint evicts', node('a', {}, { taints: [{ key: 'gpu', effect: 'NoExecute' }] }), {}, false, false],
  [
    'a node without the label',
    node('a'),
    { template: { ...template, spec: { ...template.spec, nodeSelector: { disk: 'ssd' } } } },
    false,
    false,
  ],
  [
    'a node with the label',
    node('a', { labels: { disk: 'ssd' } }),
    { template: { ...template, spec: { ...template.spec, nodeSelector: { disk: 'ssd' } } } },
    true,
    true,
  ],
])('%s: a pod is made there, and one that is there stays', (_what, place, spec, isMade, stays) => {
  const set = daemonSet(spec);
  expect(createdOf(reconcile({ set, nodes: [place] }), 'pods')).toHaveLength(isMade ? 1 : 0);
  const plan = reconcile({ set, nodes: [place], pods: [daemon('a-1', set)] });
  expect(told(plan).flat().includes('delete pods a-1')).toBe(!stays);
  expect(statusOf<DaemonSetStatus>(plan)).toMatchObject({
    desiredNumberScheduled: isMade ? 1 : 0,
    numberMisscheduled: isMade ? 0 : 1,
  });
});

test('of two pods on a node the younger goes, and one that is going is waited for', () => {
  const set = daemonSet();
  const younger = daemon('a-2', set, { metadata: { creationTimestamp: '2025-06-01T00:00:00Z' } });
  expect(told(reconcile({ set, pods: [younger, daemon('a-1', set)] })).flat()).toContain('delete pods a-2');
  const going = daemon('a-1', set);
  const plan = reconcile({ set, pods: [{ ...going, metadata: { ...going.metadata, ...terminating } }] });
  expect(told(plan).flat()).toEqual(['update daemonsets/status web']);
});

test('failed and succeeded daemons are replaced, the next failure on that node only after a while', () => {
  const set = daemonSet();
  const memory = new Map();
  const failed = daemon('a-1', set, { status: { phase: 'Failed' } });
  const first = reconcile({ set, pods: [failed] }, { memory });
  expect(told(first).flat()).toContain('delete pods a-1');
  expect(events(first)[0]).toBe(
    'Warning FailedDaemonPod: Found failed daemon pod default/a-1 on node a, will try to kill it',
  );
  const second = reconcile({ set, pods: [failed] }, { memory });
  expect(told(second).flat()).not.toContain('delete pods a-1');
  expect(second.requeueAfterMs).toBe(1_000);
  const third = reconcile({ set, pods: [failed] }, { memory, monotonicMs: 2_000 });
  expect(told(third).flat()).toContain('delete pods a-1');
  const fourth = reconcile({ set, pods: [failed] }, { memory, monotonicMs: 2_000 });
  expect(fourth.requeueAfterMs).toBe(2_000);
  const succeeded = daemon('a-1', set, { status: { phase: 'Succeeded' } });
  expect(events(reconcile({ set, pods: [succeeded] }))[0]).toMatch(/^Normal SucceededDaemonPod/);
});

test('a pod that waits for a node that is gone is deleted', () => {
  const set = daemonSet();
  const [made] = createdOf<Pod>(reconcile({ set, nodes: [node('gone')] }), 'pods');
  const waiting = { ...(made as Pod), metadata: { ...(made as Pod).metadata, name: 'waiting', uid: 'w' } };
  expect(told(reconcile({ set, pods: [waiting, daemon('a-1', set)] })).flat()).toContain('delete pods waiting');
});

const nodes = ['a', 'b', 'c', 'd'].map((name) => node(name));

test.each<[string, number | string, readonly Pod[], readonly string[]]>([
  ['one at a time', 1, ['a-1', 'b-1', 'c-1', 'd-1'].map((name) => daemon(name, daemonSet(), old)), ['a-1']],
  ['half of them', '50%', ['a-1', 'b-1', 'c-1', 'd-1'].map((name) => daemon(name, daemonSet(), old)), ['a-1', 'b-1']],
  [
    'none while a new one is not ready',
    1,
    [
      daemon('a-1', daemonSet(), { isReady: false }),
      ...['b-1', 'c-1', 'd-1'].map((name) => daemon(name, daemonSet(), old)),
    ],
    [],
  ],
  [
    'an old one that is not ready, whatever the bound',
    1,
    [
      daemon('a-1', daemonSet(), { isReady: false }),
      daemon('b-1', daemonSet(), { ...old, isReady: false }),
      ...['c-1', 'd-1'].map((name) => daemon(name, daemonSet(), old)),
    ],
    ['b-1'],
  ],
])('an update deletes %s', (_what, maxUnavailable, pods, want) => {
  const set = daemonSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge: 0 } } });
  const deleted = told(reconcile({ set, nodes, pods }))
    .flat()
    .filter((text) => text.startsWith('delete'));
  expect(deleted).toEqual(want.map((name) => `delete pods ${name}`));
});

test('an update with surge makes the new pod first and deletes the old one when the new one is available', () => {
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } as const;
  const set = daemonSet({ updateStrategy });
  const olds = ['a-1', 'b-1', 'c-1', 'd-1'].map((name) => daemon(name, set, old));
  expect(createdOf(reconcile({ set, nodes, pods: olds }), 'pods')).toHaveLength(1);
  const surging = reconcile({ set, nodes, pods: [...olds, daemon('a-2', set, { isReady: false })] });
  expect(told(surging)).toEqual([['update daemonsets/status web']]);
  const done = reconcile({ set, nodes, pods: [...olds, daemon('a-2', set)] });
  expect(told(done).flat()).toContain('delete pods a-1');
});

test('OnDelete leaves old pods alone', () => {
  const set = daemonSet({ updateStrategy: { type: 'OnDelete' } });
  const plan = reconcile({ set, pods: [daemon('a-1', set, old)] });
  expect(told(plan)).toEqual([['update daemonsets/status web']]);
  expect(statusOf<DaemonSetStatus>(plan)).toMatchObject({ updatedNumberScheduled: 0, numberReady: 1 });
});

test('the status counts each node by its oldest pod, available only after minReadySeconds', () => {
  const set = daemonSet({ minReadySeconds: 10 });
  const readySince = new Date(nowMs - 4_000).toISOString().replace('.000', '');
  const plan = reconcile({
    set,
    nodes: [node('a'), node('b')],
    pods: [daemon('a-1', set), daemon('b-1', set, { readySince })],
  });
  expect(statusOf<DaemonSetStatus>(plan)).toEqual({
    currentNumberScheduled: 2,
    numberMisscheduled: 0,
    desiredNumberScheduled: 2,
    numberReady: 2,
    observedGeneration: 1,
    updatedNumberScheduled: 2,
    numberAvailable: 1,
    numberUnavailable: 1,
  });
  expect(plan.requeueAfterMs).toBe(6_000);
});

test('a template that comes back gives its revision a new number; revisions beyond the limit go, the oldest first', () => {
  const set = daemonSet({ revisionHistoryLimit: 1 });
  const mine = revisionOf(set, 1);
  const others = ['web:2', 'web:3', 'web:4'].map((image, index) => {
    const other = daemonSet({ template: { ...template, spec: { containers: [{ name: 'web', image }] } } });
    return revisionOf(other, index + 2);
  });
  const plan = reconcile({ set, pods: [daemon('a-1', set)], revisions: [mine, ...others] });
  const update = plan.groups.flat().find(({ verb, subresource }) => verb === 'update' && subresource === '');
  expect(update?.body).toMatchObject({ revision: 5, metadata: { name: mine.metadata.name } });
  expect(told(plan).at(-1)).toEqual(
    others.slice(0, 2).map(({ metadata }) => `delete controllerrevisions ${metadata.name}`),
  );
});

test('a revision name that is taken by something else counts the collisions up', () => {
  const set = daemonSet();
  const taken = { ...revisionOf(set), data: { spec: {} } };
  const plan = reconcile({ set, revisions: [taken] });
  expect(told(plan)).toEqual([['update daemonsets/status web']]);
  expect(statusOf<DaemonSetStatus>(plan)?.collisionCount).toBe(1);
});

test.each([
  ['its own changes', { cache: 'daemonSets', old: null, object: daemonSet() }, ['default/web']],
  ['a new node', { cache: 'nodes', old: null, object: node('a') }, ['default/web']],
  ['no heartbeat', { cache: 'nodes', old: node('a'), object: { ...node('a'), status: { phase: 'x' } } }, []],
  [
    'a taint',
    { cache: 'nodes', old: node('a'), object: node('a', {}, { taints: [{ key: 'x', effect: 'NoSchedule' }] }) },
    ['default/web'],
  ],
  ['a pod it could adopt', { cache: 'pods', old: null, object: pod('a') }, ['default/web']],
])('a daemon set looks at %s', (_what, change, want) => {
  const known = caches(daemonSetController, { daemonSets: [daemonSet()] });
  expect(daemonSetController.keys(change as never, known)).toEqual(want);
});
