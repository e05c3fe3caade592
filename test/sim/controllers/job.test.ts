/** Jobs on a real store and real API servers while the master that runs the controllers dies: no pod is counted twice, none is lost. */
import { expect, test } from 'vitest';
import { jobResource, podResource } from '../../../src/controllers/resources.ts';
import { isConditionTrue } from '../../../src/kinds/condition.ts';
import type { Job } from '../../../src/kinds/job/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { addNodes, tendUntil } from './stand-in.ts';

const nodes = ['node-0', 'node-1'];

function job(): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default' },
    spec: {
      parallelism: 3,
      completions: 6,
      backoffLimit: 50,
      template: { spec: { containers: [{ name: 'work', image: 'work' }], restartPolicy: 'Never' } },
    },
  };
}

/** Ends the pods that run, and remembers how. */
function end(cluster: SimulatedCluster, ends: Map<string, string>): void {
  for (const pod of cluster.list(podResource) as readonly Pod[]) {
    const { name = '', uid = '' } = pod.metadata;
    if (pod.status?.phase !== 'Running' || ends.has(uid)) continue;
    const phase = cluster.universe.random.chance(0.7) ? 'Succeeded' : 'Failed';
    const body = { status: { phase, conditions: [{ type: 'Ready', status: 'False' }] } };
    const place = { resource: podResource, namespace: 'default', name };
    const { status } = cluster.call({ ...place, verb: 'patch', subresource: 'status', body, patch: 'merge' });
    if (status === 200) ends.set(uid, phase);
  }
}

test.each([1, 2, 3, 4])(
  'seed %i: a job counts each pod once through the deaths of masters, and goes with its pods',
  (seed) => {
    const cluster = new SimulatedCluster(3, seed);
    addNodes(cluster, nodes);
    const ends = new Map<string, string>();
    cluster.create(jobResource, job());
    let killed = '';
    const found = (): Job => cluster.get(jobResource, 'work') as Job;
    const isOver = (): boolean => {
      end(cluster, ends);
      if (killed === '' && ends.size >= seed) {
        [killed = ''] = cluster.activeMasters();
        cluster.killMaster(killed);
      }
      return isConditionTrue(found().status?.conditions, 'Complete');
    };
    tendUntil(cluster, { nodes }, isOver, 120_000);
    const count = (phase: string): number => [...ends.values()].filter((each) => each === phase).length;
    expect(found().status).toMatchObject({
      succeeded: count('Succeeded'),
      ...(count('Failed') === 0 ? {} : { failed: count('Failed') }),
    });
    expect(cluster.list(podResource).flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
    cluster.remove(jobResource, 'work', 'default', { propagationPolicy: 'Background' });
    tendUntil(cluster, { nodes }, () => cluster.list(podResource).length === 0, 30_000);
    expect(cluster.complaints.filter((complaint) => complaint.includes('Error'))).toEqual([]);
  },
);
