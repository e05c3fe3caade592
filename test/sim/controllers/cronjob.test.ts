/** A cron job through the death of the master that runs the controllers: each minute has one job. */
import { expect, test } from 'vitest';
import { cronJobResource, jobResource, podResource } from '../../../src/controllers/resources.ts';
import type { CronJob } from '../../../src/kinds/cronjob/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

test.each([1, 2])('seed %i: each minute has one job, whoever is in office', (seed) => {
  const cluster = new SimulatedCluster(3, seed);
  const podSpec = { containers: [{ name: 'a', image: 'a' }], restartPolicy: 'Never' };
  cluster.create(cronJobResource, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default' },
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: podSpec } } } },
  } as never);
  const startMs = cluster.universe.wallMs;
  for (let minute = 0; minute < 4; minute += 1) {
    const [active = ''] = cluster.activeMasters();
    const toMinuteMs = 60_000 - (cluster.universe.wallMs % 60_000);
    cluster.universe.runFor(toMinuteMs - 100 + 60 * seed);
    cluster.killMaster(active);
    cluster.universe.runFor(10_000);
    cluster.restartMaster(active);
    cluster.universe.runFor(10_000);
  }
  const minutes = Math.floor(cluster.universe.wallMs / 60_000) - Math.floor(startMs / 60_000);
  const names = cluster.list(jobResource).map(({ metadata }) => metadata.name);
  const first = Math.floor(startMs / 60_000) + 1;
  expect(names.sort()).toEqual(Array.from({ length: minutes }, (_, index) => `tick-${first + index}`));
  expect(cluster.list(podResource)).toHaveLength(minutes);
  const found = cluster.get(cronJobResource, 'tick') as CronJob;
  expect(found.status?.active).toHaveLength(minutes);
  expect(cluster.complaints.filter((complaint) => complaint.includes('Error'))).toEqual([]);
});
