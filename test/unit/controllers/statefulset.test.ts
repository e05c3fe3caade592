/** What a stateful set does about its pods, its claims and its revisions. */
import { expect, test } from 'vitest';
import type { KubeObject, ObjectMeta } from '../../../src/api/object-meta.ts';
import type { Plan } from '../../../src/controllers/plan.ts';
import { podResource } from '../../../src/controllers/resources.ts';
import { statefulSetController } from '../../../src/controllers/statefulset/keys.ts';
import type { ControllerRevision } from '../../../src/kinds/controllerrevision/types.ts';
import type { PersistentVolumeClaim } from '../../../src/kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { StatefulSet, StatefulSetSpec, StatefulSetStatus } from '../../../src/kinds/statefulset/types.ts';
import { caches, context, createdOf, events, nowMs, type PodOptions, pod, statusOf, told } from './builders.ts';

const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
const terminating = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const dataClaim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'] },
};

function statefulSet(spec: Partial<StatefulSetSpec> = {}, status: Partial<StatefulSetStatus> = {}): StatefulSet {
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } as const;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default', uid: 'sts', generation: 1, resourceVersion: '1' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      serviceName: 'web',
      template,
      updateStrategy,
      podManagementPolicy: 'OrderedReady',
      ...spec,
    },
    status: { replicas: 0, ...status },
  };
}

interface Seen {
  readonly pods?: readonly Pod[];
  readonly claims?: readonly KubeObject[];
  readonly revisions?: readonly ControllerRevision[];
}

function reconcile(set: StatefulSet, { pods = [], claims = [], revisions }: Seen = {}, extra = {}): Plan {
  const known = caches(statefulSetController, {
    statefulSets: [set],
    pods,
    claims,
    revisions: revisions ?? [revisionOf(set)],
  });
  const observed = statefulSetController.observe('default/web', known);
  if (observed === null) throw new Error('nothing observed');
  return statefulSetController.reconcile(observed, context(extra));
}

/** The revision that the controller itself makes of a stateful set. */
function revisionOf(set: StatefulSet, revision = 1): ControllerRevision {
  const [made] = createdOf<ControllerRevision>(reconcile(set, { revisions: [] }), 'controllerrevisions');
  if (made === undefined) throw new Error('no revision made');
  return { ...made, revision, metadata: { ...made.metadata, uid: `r${revision}`, resourceVersion: '1' } };
}

const present = revisionOf(statefulSet());
const former = revisionOf(
  statefulSet({ template: { ...template, spec: { containers: [{ name: 'web', image: 'web:0' }] } } }),
  0,
);
const nameOf = ({ metadata }: KubeObject): string => metadata.name ?? '';

function member(ordinal: number, options: PodOptions & { readonly revision?: ControllerRevision } = {}): Pod {
  const name = `web-${ordinal}`;
  const base = pod(name, { owner: statefulSet(), isReady: true, ...options });
  const own = {
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': String(ordinal),
    'controller-revision-hash': nameOf(options.revision ?? present),
  };
  return { ...base, metadata: { ...base.metadata, labels: { ...labels, ...own } } };
}

const changes = (plan: Plan): readonly string[] =>
  told(plan)
    .flat()
    .filter((text) => !text.includes('/status'));

function claim(name: string, metadata: ObjectMeta = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '7', ...metadata },
  };
}

test('the first pod is made alone, with its identity, after its revision and its claim', () => {
  const set = statefulSet({ volumeClaimTemplates: [dataClaim] });
  const plan = reconcile(set, { revisions: [] });
  expect(told(plan)).toEqual([
    [
      `create controllerrevisions ${nameOf(present)}`,
      'update statefulsets/status web',
      'create persistentvolumeclaims data-web-0',
    ],
    ['create pods web-0'],
  ]);
  expect(createdOf<Pod>(plan, 'pods')[0]).toMatchObject({
    metadata: {
      name: 'web-0',
      labels: {
        'statefulset.kubernetes.io/pod-name': 'web-0',
        'apps.kubernetes.io/pod-index': '0',
        'controller-revision-hash': nameOf(present),
      },
    },
    spec: {
      hostname: 'web-0',
      subdomain: 'web',
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-web-0' } }],
    },
  });
  expect(createdOf(plan, 'persistentvolumeclaims')[0]).toMatchObject({ metadata: { labels }, spec: dataClaim.spec });
  expect(events(plan)).toEqual(['Normal SuccessfulCreate: create Pod web-0 in StatefulSet web successful']);
});

const gone = (ordinal: number): Pod => member(ordinal, { metadata: terminating, isReady: false });

test.each<[string, Partial<StatefulSetSpec>, readonly Pod[], readonly string[]]>([
  ['the next pod waits for the one before', {}, [member(0, { isReady: false })], []],
  ['the next pod comes when the one before is ready', {}, [member(0)], ['create pods web-1']],
  ['a pod that is lost is made before any higher one', {}, [member(0), member(2)], ['create pods web-1']],
  ['a pod that is going is waited for', {}, [member(0), gone(1)], []],
  ['a failed pod is deleted to come again', {}, [member(0, { status: { phase: 'Failed' } })], ['delete pods web-0']],
  [
    'a failed pod that is going is waited for',
    {},
    [member(0, { status: { phase: 'Failed' }, metadata: terminating })],
    [],
  ],
  ['too many pods go from the highest', { replicas: 1 }, [0, 1, 2].map((each) => member(each)), ['delete pods web-2']],
  ['one that goes is waited for before the next', { replicas: 1 }, [member(0), member(1), gone(2)], []],
  [
    'a pod too many that is not ready goes only if none below it is in trouble',
    { replicas: 1 },
    [member(0), member(1, { isReady: false }), member(2, { isReady: false })],
    [],
  ],
  [
    'the lowest in trouble goes',
    { replicas: 1 },
    [member(0), member(1), member(2, { isReady: false })],
    ['delete pods web-2'],
  ],
  ['scaling down waits for the pods that stay', { replicas: 1 }, [member(0, { isReady: false }), member(1)], []],
  [
    'ordinals begin where they are told to',
    { ordinals: { start: 5 }, replicas: 2 },
    [member(5)],
    ['create pods web-6'],
  ],
  [
    'a pod below the start is too many',
    { ordinals: { start: 1 }, replicas: 1 },
    [member(0), member(1)],
    ['delete pods web-0'],
  ],
  [
    'in parallel all come at once',
    { podManagementPolicy: 'Parallel' },
    [member(1, { isReady: false })],
    ['create pods web-0', 'create pods web-2'],
  ],
  [
    'in parallel all go at once',
    { podManagementPolicy: 'Parallel', replicas: 1 },
    [member(0, { isReady: false }), member(1), member(2)],
    ['delete pods web-2', 'delete pods web-1'],
  ],
])('%s', (_what, spec, pods, want) => {
  expect(changes(reconcile(statefulSet(spec), { pods }))).toEqual(want);
});

const old = (ordinal: number, options: PodOptions = {}): Pod => member(ordinal, { revision: former, ...options });
const rolling = (rollingUpdate: object, more: object = {}): Partial<StatefulSetSpec> => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, ...rollingUpdate } },
  ...more,
});

test.each<[string, Partial<StatefulSetSpec>, readonly Pod[], readonly string[]]>([
  ['begins at the highest ordinal', {}, [old(0), old(1), old(2)], ['delete pods web-2']],
  ['goes on when the updated pod is ready', {}, [old(0), old(1), member(2)], ['delete pods web-1']],
  ['waits for the updated pod', {}, [old(0), old(1), member(2, { isReady: false })], []],
  ['stops at the partition', rolling({ partition: 2 }), [old(0), old(1), member(2)], []],
  [
    'makes a lost pod below the partition as it was',
    rolling({ partition: 2 }),
    [old(0), member(2)],
    ['create pods web-1'],
  ],
  [
    'may replace several at once',
    rolling({ maxUnavailable: 2 }),
    [old(0), old(1), old(2)],
    ['delete pods web-2', 'delete pods web-1'],
  ],
  [
    'counts what is away already',
    rolling({ maxUnavailable: 2 }, { podManagementPolicy: 'Parallel' }),
    [old(0), old(1), member(2, { isReady: false })],
    ['delete pods web-1'],
  ],
  [
    'in parallel replaces what is broken before it takes away what serves',
    rolling({}, { podManagementPolicy: 'Parallel' }),
    [old(0, { isReady: false }), old(1), member(2)],
    ['delete pods web-0'],
  ],
  ['leaves pods alone with OnDelete', { updateStrategy: { type: 'OnDelete' } }, [old(0), old(1), old(2)], []],
])('an update %s', (_what, spec, pods, want) => {
  const set = statefulSet(spec, { currentRevision: nameOf(former) });
  const plan = reconcile(set, { pods, revisions: [former, present] });
  expect(changes(plan)).toEqual(want);
  const [made] = createdOf<Pod>(plan, 'pods');
  if (made !== undefined) expect(made.spec.containers[0]?.image).toBe('web:0');
});

test('the status tells both revisions, and an update is over when all pods are new and ready', () => {
  const set = statefulSet({}, { currentRevision: nameOf(former), observedGeneration: 1 });
  const revisions = [former, present];
  const amid = reconcile(set, { pods: [old(0), old(1), member(2)], revisions });
  expect(statusOf<StatefulSetStatus>(amid)).toEqual({
    observedGeneration: 1,
    replicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    currentReplicas: 2,
    updatedReplicas: 1,
    currentRevision: nameOf(former),
    updateRevision: nameOf(present),
    collisionCount: 0,
  });
  const over = reconcile(set, { pods: [0, 1, 2].map((each) => member(each)), revisions });
  expect(statusOf<StatefulSetStatus>(over)).toMatchObject({ currentReplicas: 3, currentRevision: nameOf(present) });
});

test('the next pod waits until the one before has been ready for minReadySeconds', () => {
  const readySince = new Date(nowMs - 4_000).toISOString().replace('.000', '');
  const plan = reconcile(statefulSet({ minReadySeconds: 10 }), { pods: [member(0, { readySince })] });
  expect(changes(plan)).toEqual([]);
  expect(plan.requeueAfterMs).toBe(6_000);
  expect(statusOf<StatefulSetStatus>(plan)).toMatchObject({ readyReplicas: 1, availableReplicas: 0 });
});

test('claims stay unless they are told to go with the set, or with the pod that is scaled away', () => {
  const spec = {
    replicas: 1,
    volumeClaimTemplates: [dataClaim],
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
  };
  const ownerOf = (uid: string): object => ({ metadata: { ownerReferences: [{ uid }] } });
  const pods = [member(0), member(1)];
  const claims = [claim('data-web-0'), claim('data-web-1')];
  const plan = reconcile(statefulSet(spec), { pods, claims });
  expect(changes(plan)).toEqual([
    'patch persistentvolumeclaims data-web-0',
    'patch persistentvolumeclaims data-web-1',
    'delete pods web-1',
  ]);
  const patches = plan.groups.flat().filter(({ verb }) => verb === 'patch');
  expect(patches[0]?.body).toMatchObject(ownerOf('sts'));
  expect(patches[1]?.body).toMatchObject(ownerOf('uid-web-1'));
  const kept = reconcile(statefulSet({ ...spec, persistentVolumeClaimRetentionPolicy: {} }), { pods, claims });
  expect(changes(kept)).toEqual(['delete pods web-1']);
});

test('a pod waits for a claim that goes with the pod before it, and comes with a new one', () => {
  const set = statefulSet({ replicas: 1, volumeClaimTemplates: [dataClaim] });
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: 'earlier' }];
  expect(changes(reconcile(set, { claims: [claim('data-web-0', { ownerReferences })] }))).toEqual([]);
  expect(changes(reconcile(set, { claims: [claim('data-web-0', terminating)] }))).toEqual([]);
  expect(changes(reconcile(set, { claims: [claim('data-web-0')] }))).toEqual(['create pods web-0']);
});

test('a pod that waits gets a claim that is lost', () => {
  const set = statefulSet({ volumeClaimTemplates: [dataClaim] });
  const waiting = member(0, { status: { phase: 'Pending' }, isReady: false });
  expect(changes(reconcile(set, { pods: [waiting] }))).toEqual(['create persistentvolumeclaims data-web-0']);
});

test('an orphan is adopted by its name and gets the labels of its place; another one is left alone', () => {
  const orphan = pod('web-0', { isReady: true });
  const plan = reconcile(statefulSet({ replicas: 1 }), { pods: [orphan, pod('other-0')] });
  expect(changes(plan)).toEqual(['patch pods web-0', 'patch pods web-0', 'delete pods web-0']);
});

test('a creation that is refused is told', () => {
  const write = { verb: 'create', resource: podResource, subresource: '', name: '' } as const;
  const failure = { write, status: { message: 'pods "web-0" is forbidden', code: 403 } };
  expect(events(reconcile(statefulSet(), {}, { failure }))[0]).toBe(
    'Warning FailedCreate: create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden',
  );
});

test('a set that is going makes and deletes nothing', () => {
  const set = statefulSet();
  const going = { ...set, metadata: { ...set.metadata, ...terminating } };
  expect(changes(reconcile(going, { pods: [member(0), member(4)], revisions: [present] }))).toEqual([]);
});

test('revisions that nobody uses go beyond the limit', () => {
  const set = statefulSet({ replicas: 1, revisionHistoryLimit: 0 }, { currentRevision: nameOf(present) });
  const plan = reconcile(set, { pods: [member(0)], revisions: [former, present] });
  expect(changes(plan)).toEqual([`delete controllerrevisions ${nameOf(former)}`]);
  const held = reconcile(
    { ...set, spec: { ...set.spec, updateStrategy: { type: 'OnDelete' } } },
    { pods: [old(0)], revisions: [former, present] },
  );
  expect(changes(held)).toEqual([]);
});
