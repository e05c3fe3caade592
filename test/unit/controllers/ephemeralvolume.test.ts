/** The controller that makes claims for generic ephemeral volumes. */
import { expect, test } from 'vitest';
import { reconcileEphemeralVolumes } from '../../../src/controllers/ephemeralvolume/reconcile.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';

const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'p1' },
  spec: {
    containers: [],
    volumes: [
      { name: 'scratch', ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec } } },
      { name: 'other', emptyDir: {} },
    ],
  },
};
const owner = (uid: string) => [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true }];
const claim = (uid: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'web-scratch', namespace: 'default', ownerReferences: owner(uid) },
});

test('a pod gets a claim of its own for each ephemeral volume', () => {
  const plan = reconcileEphemeralVolumes({ pod, claims: new Map() });
  expect(plan.groups.flat()).toMatchObject([
    {
      verb: 'create',
      resource: { resource: 'persistentvolumeclaims' },
      namespace: 'default',
      body: {
        metadata: {
          name: 'web-scratch',
          labels: { a: 'b' },
          ownerReferences: [{ kind: 'Pod', name: 'web', uid: 'p1' }],
        },
        spec,
      },
      accepts: [409],
    },
  ]);
});

test('a claim that is there is enough', () => {
  expect(reconcileEphemeralVolumes({ pod, claims: new Map([['web-scratch', claim('p1')]]) })).toMatchObject({
    groups: [],
    events: [],
  });
});

test('a claim of that name that is not the pod’s is left alone and told', () => {
  const plan = reconcileEphemeralVolumes({ pod, claims: new Map([['web-scratch', claim('p0')]]) });
  expect(plan.groups).toEqual([]);
  expect(plan.events).toMatchObject([{ type: 'Warning', reason: 'FailedBinding' }]);
});
