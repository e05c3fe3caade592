/** Evictions and the budgets that they take from. The budgets' status is set by hand: its controller is not here. */
import { expect, test } from 'vitest';
import { Harness, pod, type Tree } from './harness.ts';

const harness = new Harness();
const pods = 'core/v1/default/pods';
const budgets = 'policy/v1/default/poddisruptionbudgets';

function running(name: string, app: string, ready = 'True'): void {
  harness.create(pods, pod(name, { nodeName: 'node-0' }, { labels: { app } }));
  harness.patch(`${pods}/${name}/status`, 'merge', {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready }] },
  });
}

function budget(name: string, app: string, status: object, spec: object = {}): void {
  const body = { metadata: { name }, spec: { minAvailable: 1, selector: { matchLabels: { app } }, ...spec } };
  expect(harness.create(budgets, body).status).toBe(201);
  const full = { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 2, ...status };
  harness.patch(`${budgets}/${name}/status`, 'merge', { status: full });
}

function evict(name: string): Tree {
  return harness.create(`${pods}/${name}/eviction`, { metadata: { name } });
}

test('an eviction takes a disruption from the budget, and the next one is told to wait', () => {
  running('web-0', 'web');
  running('web-1', 'web');
  budget('web', 'web', { disruptionsAllowed: 1, currentHealthy: 2 });
  expect(evict('web-0').status).toBe(201);
  const marked = harness.get(`${pods}/web-0`).body;
  expect(marked.metadata.deletionTimestamp).toBeDefined();
  expect(marked.status.conditions.at(-1)).toMatchObject({ type: 'DisruptionTarget', reason: 'EvictionByEvictionAPI' });
  const { status } = harness.get(`${budgets}/web`).body;
  expect(status.disruptionsAllowed).toBe(0);
  expect(Object.keys(status.disruptedPods)).toEqual(['web-0']);
  expect(status.conditions).toMatchObject([{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }]);
  const refused = evict('web-1');
  expect(refused.body).toMatchObject({
    code: 429,
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: {
      causes: [
        { reason: 'DisruptionBudget', message: 'The disruption budget web needs 1 healthy pods and has 2 currently' },
      ],
    },
  });
  expect(harness.get(`${pods}/web-1`).body.metadata.deletionTimestamp).toBeUndefined();
});

test('a budget that nobody has looked at yet lets nothing go', () => {
  running('new-0', 'new');
  budget('new', 'new', { disruptionsAllowed: 1, observedGeneration: 0 });
  const refused = evict('new-0');
  expect(refused.body.details).toEqual({
    causes: [
      { reason: 'DisruptionBudget', message: 'The disruption budget new is still being processed by the server.' },
    ],
    retryAfterSeconds: 10,
  });
  expect(refused.response.headers['Retry-After']).toBe('10');
});

test('a pod that is not ready may go when the budget holds without it, or says so', () => {
  running('sick-0', 'sick', 'False');
  budget('sick', 'sick', { disruptionsAllowed: 0, currentHealthy: 0 });
  expect(evict('sick-0').status).toBe(429);
  harness.patch(`${budgets}/sick`, 'merge', { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } });
  expect(evict('sick-0').status).toBe(201);
});

test('who means another pod of that name, or another version, takes nothing from the budget and marks nothing', () => {
  running('meant-0', 'meant');
  budget('meant', 'meant', { disruptionsAllowed: 1, currentHealthy: 2 });
  const { uid, resourceVersion } = harness.get(`${pods}/meant-0`).body.metadata;
  const evictThat = (preconditions: object): Tree =>
    harness.create(`${pods}/meant-0/eviction`, { metadata: { name: 'meant-0' }, deleteOptions: { preconditions } });
  for (const preconditions of [{ uid: 'another' }, { resourceVersion: '1' }]) {
    expect(evictThat(preconditions).body).toMatchObject({ code: 409, reason: 'Conflict' });
  }
  expect(harness.get(`${budgets}/meant`).body.status.disruptionsAllowed).toBe(1);
  expect(harness.get(`${pods}/meant-0`).body.metadata.resourceVersion).toBe(resourceVersion);
  // The mark on the pod is a new version of it, and no reason to refuse.
  expect(evictThat({ uid, resourceVersion }).status).toBe(201);
  expect(harness.get(`${pods}/meant-0`).body.metadata.deletionTimestamp).toBeDefined();
});

test('a pod that does not run needs no budget', () => {
  harness.create(pods, pod('idle', {}, { labels: { app: 'new' } }));
  expect(evict('idle').status).toBe(201);
  expect(harness.get(`${pods}/idle`).status).toBe(404);
});

test('two budgets for one pod are too many', () => {
  running('twice-0', 'twice');
  budget('twice-a', 'twice', { disruptionsAllowed: 1 });
  budget('twice-b', 'twice', { disruptionsAllowed: 1 });
  expect(evict('twice-0').body).toMatchObject({
    code: 500,
    message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  });
});
