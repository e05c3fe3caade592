/** A replication controller keeps its pods as a replica set does, by a selector of plain labels. */
import { expect, test } from 'vitest';
import { replicationControllerController } from '../../../src/controllers/replicationcontroller/keys.ts';
import type { ReplicationController } from '../../../src/kinds/replicationcontroller/types.ts';
import { caches, context, pod, statusOf, told } from './builders.ts';

const labels = { app: 'web' };
const controller: ReplicationController = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'web', namespace: 'default', uid: 'rc', generation: 1, resourceVersion: '1' },
  spec: {
    replicas: 2,
    selector: labels,
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'a' }] } },
  },
};

test('it adopts what matches, makes what is missing, and tells it', () => {
  const known = caches(replicationControllerController, {
    replicaSets: [controller],
    pods: [pod('stray', { isReady: true })],
  });
  const observed = replicationControllerController.observe('default/web', known);
  if (observed === null) throw new Error('nothing observed');
  const plan = replicationControllerController.reconcile(observed, context());
  expect(told(plan)).toEqual([['patch pods stray', 'update replicationcontrollers/status web', 'create pods web-']]);
  expect(statusOf(plan)).toMatchObject({ replicas: 1, readyReplicas: 1 });
});

test('it looks at its own pods and at those that it could adopt', () => {
  const known = caches(replicationControllerController, { replicaSets: [controller] });
  const keys = (object: ReturnType<typeof pod>): readonly string[] =>
    replicationControllerController.keys({ cache: 'pods', old: null, object }, known);
  expect(keys(pod('a', { owner: controller }))).toEqual(['default/web']);
  expect(keys(pod('a'))).toEqual(['default/web']);
  expect(keys(pod('a', { metadata: { labels: {} } }))).toEqual([]);
});
