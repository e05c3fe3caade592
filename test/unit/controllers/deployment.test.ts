/** What a deployment does about what it sees, one step at a time. */
import { expect, test } from 'vitest';
import type { ObjectMeta } from '../../../src/api/object-meta.ts';
import { controllerReference } from '../../../src/api/object-meta.ts';
import { deploymentController } from '../../../src/controllers/deployment/keys.ts';
import { maxSurge, maxUnavailable } from '../../../src/controllers/deployment/sizes.ts';
import { isSameTemplate, templateHash } from '../../../src/controllers/deployment/template.ts';
import type { Plan } from '../../../src/controllers/plan.ts';
import type { Deployment } from '../../../src/kinds/deployment/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { ReplicaSet } from '../../../src/kinds/replicaset/types.ts';
import { caches, context, deployment, events, nowMs, pod, told } from './builders.ts';

interface SetOptions {
  readonly image?: string;
  readonly available?: number;
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly createdAt?: string;
}

/** A replica set of `owner` with a template of its own image. */
function setOf(owner: Deployment, name: string, size: number, options: SetOptions = {}): ReplicaSet {
  const { image = 'web:1', available = size, replicas = size, createdAt = '2025-01-01T00:00:00Z' } = options;
  const annotations = {
    'deployment.kubernetes.io/revision': '1',
    'deployment.kubernetes.io/desired-replicas': String(owner.spec.replicas),
    'deployment.kubernetes.io/max-replicas': String((owner.spec.replicas ?? 1) + maxSurge(owner)),
    ...options.annotations,
  };
  const metadata: ObjectMeta = {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    generation: 1,
    resourceVersion: '1',
    creationTimestamp: createdAt,
    labels: { app: 'web' },
    annotations,
    ownerReferences: [controllerReference(owner)],
  };
  const template = {
    metadata: { labels: { app: 'web', 'pod-template-hash': name } },
    spec: { containers: [{ name: 'web', image }] },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata,
    spec: { replicas: size, selector: { matchLabels: { app: 'web' } }, template, minReadySeconds: 0 },
    status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 },
  };
}

function reconcile(owner: Deployment, sets: readonly ReplicaSet[], pods: readonly Pod[] = [], extra = {}): Plan {
  const known = caches(deploymentController, { deployments: [owner], replicaSets: sets, pods });
  const observed = deploymentController.observe('default/web', known);
  if (observed === null) throw new Error('nothing observed');
  return deploymentController.reconcile(observed, context(extra));
}

const sizes = (plan: Plan): readonly string[] =>
  told(plan)
    .flat()
    .filter((text) => !text.includes('/status'));
const statusOf = (plan: Plan): Deployment['status'] =>
  (plan.groups.flat().find(({ subresource }) => subresource === 'status')?.body as Deployment | undefined)?.status;
const reason = (plan: Plan, type: string): string | undefined =>
  statusOf(plan)?.conditions?.find((condition) => condition.type === type)?.reason;

test('the first replica set has the full size, the hash of its template and revision 1', () => {
  const plan = reconcile(deployment(3), []);
  const made = plan.groups[0]?.[0]?.body as ReplicaSet;
  const hash = made.metadata.labels?.['pod-template-hash'];
  expect(made.metadata.name).toBe(`web-${hash}`);
  expect(made.spec).toMatchObject({
    replicas: 3,
    selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } },
    template: { metadata: { labels: { app: 'web', 'pod-template-hash': hash } } },
  });
  expect(made.metadata.annotations).toEqual({
    'deployment.kubernetes.io/revision': '1',
    'deployment.kubernetes.io/desired-replicas': '3',
    'deployment.kubernetes.io/max-replicas': '4',
  });
  expect(events(plan)).toEqual([`Normal ScalingReplicaSet: Scaled up replica set web-${hash} from 0 to 3`]);
  expect(reason(plan, 'Progressing')).toBe('NewReplicaSetCreated');
});

test.each<[string, number, number | string, number | string, number, number]>([
  ['percentages: surge is rounded up, unavailable down', 10, '25%', '25%', 3, 2],
  ['numbers are taken as they are', 10, 2, 3, 2, 3],
  ['both at zero allow one to be unavailable', 1, '0%', '0%', 0, 1],
  ['no more can be unavailable than there are', 2, 0, 5, 0, 2],
  ['nothing can be unavailable of nothing', 0, 1, 1, 1, 0],
])('%s', (_name, replicas, surge, unavailable, wantSurge, wantUnavailable) => {
  const owner = deployment(replicas, {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
  });
  expect([maxSurge(owner), maxUnavailable(owner)]).toEqual([wantSurge, wantUnavailable]);
});

const old = { image: 'web:0', createdAt: '2024-01-01T00:00:00Z' };
const rolling = (replicas: number, surge: number, unavailable: number): Deployment =>
  deployment(replicas, {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
  });

test.each<[string, Deployment, (owner: Deployment) => readonly ReplicaSet[], readonly string[]]>([
  [
    'a new template starts as large as the surge allows',
    rolling(4, 1, 0),
    (owner) => [setOf(owner, 'old', 4, old)],
    ['create replicasets web-HASH=1'],
  ],
  [
    'the current one waits while there is no room',
    rolling(4, 1, 0),
    (owner) => [
      setOf(owner, 'old', 4, old),
      setOf(owner, 'new', 1, { available: 0, annotations: { 'deployment.kubernetes.io/revision': '2' } }),
    ],
    [],
  ],
  [
    'an old one shrinks by what became available',
    rolling(4, 1, 0),
    (owner) => [
      setOf(owner, 'old', 4, old),
      setOf(owner, 'new', 1, { annotations: { 'deployment.kubernetes.io/revision': '2' } }),
    ],
    ['update replicasets old=3'],
  ],
  [
    'an old one shrinks at once by what may be unavailable',
    rolling(4, 0, 2),
    (owner) => [
      setOf(owner, 'old', 4, old),
      setOf(owner, 'new', 0, { annotations: { 'deployment.kubernetes.io/revision': '2' } }),
    ],
    ['update replicasets old=2'],
  ],
  [
    'pods that are not healthy go first, and cost no availability',
    rolling(4, 1, 0),
    (owner) => [
      setOf(owner, 'old', 4, { ...old, available: 3 }),
      setOf(owner, 'new', 1, { annotations: { 'deployment.kubernetes.io/revision': '2' } }),
    ],
    ['update replicasets old=3'],
  ],
  [
    'the current one shrinks when the deployment does',
    deployment(2),
    (owner) => [setOf(owner, 'new', 5, { annotations: { 'deployment.kubernetes.io/desired-replicas': '5' } })],
    ['update replicasets new=2'],
  ],
])('%s', (_name, owner, sets, want) => {
  const hash = templateHash(owner.spec.template, 0);
  expect(sizes(reconcile(owner, sets(owner)))).toEqual(want.map((text) => text.replace('HASH', hash)));
});

test('amid an update a scaled deployment grows all its replica sets in proportion', () => {
  const owner = rolling(20, 0, 5);
  const formerly = { 'deployment.kubernetes.io/desired-replicas': '10', 'deployment.kubernetes.io/max-replicas': '10' };
  const sets = [
    setOf(owner, 'old', 8, { ...old, annotations: formerly }),
    setOf(owner, 'new', 2, { annotations: { ...formerly, 'deployment.kubernetes.io/revision': '2' } }),
  ];
  expect(sizes(reconcile(owner, sets)).toSorted()).toEqual(['update replicasets new=4', 'update replicasets old=16']);
});

test('a paused deployment changes no template, but its size', () => {
  const owner = deployment(3, { paused: true });
  const plan = reconcile(owner, [
    setOf(owner, 'old', 2, { ...old, annotations: { 'deployment.kubernetes.io/desired-replicas': '2' } }),
  ]);
  expect(sizes(plan)).toEqual(['update replicasets old=3']);
  expect(reason(plan, 'Progressing')).toBe('DeploymentPaused');
});

test('with Recreate the new pods wait for the last of the old', () => {
  const owner = deployment(2, { strategy: { type: 'Recreate' } });
  const set = setOf(owner, 'old', 2, old);
  const going = pod('a', { owner: set });
  expect(sizes(reconcile(owner, [set], [going]))).toEqual(['update replicasets old=0']);
  const emptied = setOf(owner, 'old', 0, old);
  expect(sizes(reconcile(owner, [emptied], [going]))).toEqual([]);
  const hash = templateHash(owner.spec.template, 0);
  expect(sizes(reconcile(owner, [emptied], []))).toEqual([`create replicasets web-${hash}=2`]);
});

test('an old template that is current again gets the next revision and keeps its history', () => {
  const owner = deployment(1);
  const sets = [
    setOf(owner, 'first', 0, { createdAt: '2024-01-01T00:00:00Z' }),
    setOf(owner, 'second', 1, { image: 'web:2', annotations: { 'deployment.kubernetes.io/revision': '2' } }),
  ];
  const written = reconcile(owner, sets).groups[0]?.[0]?.body as ReplicaSet;
  expect(written.metadata.name).toBe('first');
  expect(written.metadata.annotations).toMatchObject({
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
  });
});

test('replica sets beyond the history limit go when the update is complete, the oldest first', () => {
  const plain = deployment(1, { revisionHistoryLimit: 1 });
  const done = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, observedGeneration: 1 };
  const owner = { ...plain, status: done };
  const revision = (number: number) => ({ 'deployment.kubernetes.io/revision': String(number) });
  const sets = [
    setOf(owner, 'b', 0, { image: 'web:b', annotations: revision(2) }),
    setOf(owner, 'a', 0, { image: 'web:a', annotations: revision(1) }),
    setOf(owner, 'c', 1, { annotations: revision(3) }),
  ];
  expect(sizes(reconcile(owner, sets))).toEqual(['delete replicasets a']);
});

test('an update without progress has failed at its deadline', () => {
  const since = new Date(nowMs - 601_000).toISOString().replace('.000', '');
  const progressing = {
    type: 'Progressing',
    status: 'True',
    reason: 'ReplicaSetUpdated',
    lastUpdateTime: since,
  } as const;
  const owner = { ...deployment(1), status: { replicas: 1, updatedReplicas: 1, conditions: [progressing] } };
  const plan = reconcile(owner, [setOf(owner, 'new', 1, { available: 0 })]);
  expect(statusOf(plan)?.conditions).toContainEqual(
    expect.objectContaining({ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }),
  );
});

test('an update that is complete says so, and is left alone', () => {
  const owner = deployment(2);
  const set = setOf(owner, 'new', 2);
  const plan = reconcile(owner, [set]);
  expect(reason(plan, 'Progressing')).toBe('NewReplicaSetAvailable');
  expect(reason(plan, 'Available')).toBe('MinimumReplicasAvailable');
  const settled = {
    ...owner,
    metadata: { ...owner.metadata, annotations: { 'deployment.kubernetes.io/revision': '1' } },
    status: statusOf(plan) ?? {},
  };
  expect(reconcile(settled, [set]).groups).toEqual([]);
});

test('a name that another replica set holds is avoided by counting the collision', () => {
  const owner = deployment(1);
  const name = `web-${templateHash(owner.spec.template, 0)}`;
  const foreign = { ...setOf(owner, name, 1, old), metadata: { name, namespace: 'default', uid: 'foreign' } };
  const plan = reconcile(owner, [
    {
      ...foreign,
      spec: { ...foreign.spec, template: { ...foreign.spec.template, metadata: { labels: { app: 'other' } } } },
    } as ReplicaSet,
  ]);
  expect(statusOf(plan)?.collisionCount).toBe(1);
  expect(sizes(plan)).toEqual([]);
});

test('templates are compared without their hash, and equal ones have equal hashes', () => {
  const { template } = deployment(1).spec;
  const hashed = { ...template, metadata: { labels: { 'pod-template-hash': 'x', app: 'web' } } };
  expect(isSameTemplate(template, hashed)).toBe(true);
  const reordered = { spec: template.spec, metadata: { labels: { app: 'web' } } };
  expect(templateHash(reordered, 0)).toBe(templateHash(template, 0));
  expect(templateHash(template, 1)).not.toBe(templateHash(template, 0));
});
