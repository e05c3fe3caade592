/** How many evictions a disruption budget allows. */
import { expect, test } from 'vitest';
import { controllerReference } from '../../../src/api/object-meta.ts';
import { disruptionController } from '../../../src/controllers/disruption/keys.ts';
import type { Plan } from '../../../src/controllers/plan.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type {
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
  PodDisruptionBudgetStatus,
} from '../../../src/kinds/poddisruptionbudget/types.ts';
import { caches, context, deployment, events, nowMs, pod, replicaSet, statusOf } from './builders.ts';

const at = (beforeMs: number): string => new Date(nowMs - beforeMs).toISOString().replace('.000', '');
const parent = deployment(4);
const set = replicaSet(3, {}, { ownerReferences: [controllerReference(parent)] });

function budget(spec: PodDisruptionBudgetSpec, status?: Partial<PodDisruptionBudgetStatus>): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default', uid: 'pdb', generation: 2, resourceVersion: '1' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    ...(status === undefined ? {} : { status: status as PodDisruptionBudgetStatus }),
  };
}

function reconcile(subject: PodDisruptionBudget, pods: readonly Pod[]): Plan {
  const known = caches(disruptionController, { budgets: [subject], pods, replicaSets: [set], deployments: [parent] });
  const observed = disruptionController.observe('default/web', known);
  if (observed === null) throw new Error('nothing observed');
  return disruptionController.reconcile(observed, context());
}

const status = (plan: Plan): PodDisruptionBudgetStatus | undefined => statusOf<PodDisruptionBudgetStatus>(plan);
const ready = (name: string): Pod => pod(name, { owner: set, isReady: true });
const four = ['a', 'b', 'c', 'd'].map(ready);
const three = [...four.slice(0, 3), pod('d', { owner: set })];

test.each<[PodDisruptionBudgetSpec, readonly Pod[], number, number, number]>([
  [{ minAvailable: 2 }, four, 4, 2, 2],
  [{ minAvailable: 2 }, three, 4, 2, 1],
  [{ minAvailable: '50%' }, four, 4, 2, 2],
  [{ minAvailable: '60%' }, four, 4, 3, 1],
  [{ maxUnavailable: 1 }, four, 4, 3, 1],
  [{ maxUnavailable: 1 }, three, 4, 3, 0],
  [{ maxUnavailable: '30%' }, four, 4, 2, 2],
  [{ maxUnavailable: 10 }, four, 4, 0, 4],
  [{ minAvailable: 5 }, four, 4, 5, 0],
])('%j of the pods: expected %#', (spec, pods, expectedPods, desiredHealthy, disruptionsAllowed) => {
  const told = status(reconcile(budget(spec), pods));
  expect(told).toMatchObject({ expectedPods, desiredHealthy, disruptionsAllowed, observedGeneration: 2 });
  const [condition] = told?.conditions ?? [];
  expect(condition).toMatchObject({
    type: 'DisruptionAllowed',
    status: disruptionsAllowed > 0 ? 'True' : 'False',
    reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
  });
});

test('an eviction that was granted counts until its pod goes, or two minutes have passed', () => {
  const disruptedPods = { a: at(30_000), gone: at(30_000) };
  const plan = reconcile(budget({ minAvailable: 2 }, { disruptedPods }), four);
  expect(status(plan)).toMatchObject({ disruptedPods: { a: at(30_000) }, currentHealthy: 3, disruptionsAllowed: 1 });
  expect(plan.requeueAfterMs).toBe(90_001);
  const late = reconcile(budget({ minAvailable: 2 }, { disruptedPods: { a: at(130_000) } }), four);
  expect(status(late)).toMatchObject({ currentHealthy: 4, disruptionsAllowed: 2 });
  expect(status(late)?.disruptedPods).toBeUndefined();
  expect(events(late)).toEqual(["Warning NotDeleted: Pod was expected by PDB default/web to be deleted but it wasn't"]);
});

test('pods that are going are not healthy', () => {
  const going = { ...four[0], metadata: { ...four[0]?.metadata, deletionTimestamp: at(0) } } as Pod;
  expect(status(reconcile(budget({ minAvailable: 2 }), [going, ...four.slice(1)]))).toMatchObject({
    currentHealthy: 3,
  });
});

test('without pods nothing is allowed, and that is told once', () => {
  const plan = reconcile(budget({ minAvailable: 1 }), []);
  expect(events(plan)).toEqual(['Normal NoPods: No matching pods found']);
  const told = status(plan);
  expect(reconcile(budget({ minAvailable: 1 }, told), []).groups).toEqual([]);
  expect(reconcile(budget({ minAvailable: 1 }, told), []).events).toBeUndefined();
});

test('pods of an owner without a scale allow nothing, and the budget says why', () => {
  const strange = pod('x', { owner: { apiVersion: 'v1', kind: 'Strange', metadata: { name: 's', uid: 's' } } });
  const plan = reconcile(budget({ maxUnavailable: 1 }, { disruptionsAllowed: 3 }), [strange]);
  expect(status(plan)).toMatchObject({
    disruptionsAllowed: 0,
    conditions: [{ status: 'False', reason: 'SyncFailed' }],
  });
  expect(events(plan)[0]).toMatch(/^Warning CalculateExpectedPodCountFailed/);
});

test('pods that nobody owns are told where a share is asked for', () => {
  const plan = reconcile(budget({ minAvailable: '50%' }), [...four, pod('stray', { isReady: true })]);
  expect(events(plan)[0]).toMatch(
    /^Warning UnmanagedPods: Pods selected by this PodDisruptionBudget \(selector: app=web\)/,
  );
  expect(events(reconcile(budget({ minAvailable: 1 }), [pod('stray', { isReady: true })]))).toEqual([]);
});

test('a budget looks at the pods that it selects, and at those that it did', () => {
  const known = caches(disruptionController, { budgets: [budget({ minAvailable: 1 })] });
  const keys = (old: Pod | null, object: Pod | null): readonly string[] =>
    disruptionController.keys({ cache: 'pods', old, object }, known);
  const other = pod('a', { metadata: { labels: { app: 'other' } } });
  expect(keys(null, pod('a'))).toEqual(['default/web']);
  expect(keys(pod('a'), other)).toEqual(['default/web']);
  expect(keys(null, other)).toEqual([]);
});
