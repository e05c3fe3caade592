/**
 * Jobs on a naive cluster whose caches lag, whose pods succeed, fail and are deleted at random, and whose controller is replaced: every pod that
 * ends is counted once, and the job comes to the end that its pods deserve. The oracle is the history of all pods.
 */
import { expect, test } from 'vitest';
import { finalizersOf, isBeingDeleted } from '../../../src/api/object-meta.ts';
import { jobController } from '../../../src/controllers/job/keys.ts';
import { indexOf, trackingFinalizer } from '../../../src/controllers/job/pods.ts';
import { countIndexes, parseIndexes } from '../../../src/kinds/job/indexes.ts';
import type { Job, JobSpec } from '../../../src/kinds/job/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { NaiveCluster } from './naive-cluster.ts';

const seeds = Array.from({ length: 30 }, (_, index) => index + 1);
const labels = { job: 'work' };

function start(seed: number, spec: Partial<JobSpec>, successShare: number): NaiveCluster {
  const cluster = new NaiveCluster(seed, {
    controllers: [jobController({ backoffMs: 40 })],
    end: (_pod, random) => (random.chance(successShare) ? 'Succeeded' : 'Failed'),
  });
  cluster.put('jobs', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default' },
    spec: {
      parallelism: 3,
      completions: 8,
      backoffLimit: 1_000,
      podReplacementPolicy: 'TerminatingOrFailed',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'work', image: 'work' }], restartPolicy: 'Never' },
      },
      ...spec,
    },
  } as Job);
  return cluster;
}

const jobOf = (cluster: NaiveCluster): Job => cluster.all('jobs')[0] as Job;
const isOver = ({ status }: Job): boolean =>
  (status?.conditions ?? []).some(
    ({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True',
  );

interface Truth {
  readonly succeeded: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  readonly indexes: ReadonlySet<number>;
}

/** Which pods have ended while they were tracked, by all that they ever were. Of two ends the first counts. */
function truthOf(cluster: NaiveCluster): Truth {
  const succeeded = new Set<string>();
  const failed = new Set<string>();
  const indexes = new Set<number>();
  for (const pod of cluster.versions('pods') as readonly Pod[]) {
    const { uid = '' } = pod.metadata;
    if (!finalizersOf(pod).includes(trackingFinalizer) || succeeded.has(uid) || failed.has(uid)) continue;
    if (pod.status?.phase === 'Succeeded') {
      succeeded.add(uid);
      const index = indexOf(pod);
      if (index !== undefined) indexes.add(index);
    } else if (pod.status?.phase === 'Failed' || isBeingDeleted(pod)) failed.add(uid);
  }
  return { succeeded, failed, indexes };
}

function neverTooMany(cluster: NaiveCluster): void {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods: uncounted = {} } = jobOf(cluster).status ?? {};
  const truth = truthOf(cluster);
  expect(succeeded + (uncounted.succeeded ?? []).length).toBeLessThanOrEqual(truth.succeeded.size);
  expect(failed + (uncounted.failed ?? []).length).toBeLessThanOrEqual(truth.failed.size);
}

function run(cluster: NaiveCluster, steps: number): void {
  for (let step = 0; step < steps; step += 1) {
    cluster.step();
    if (cluster.random.chance(0.01)) cluster.changeOffice(0);
    if (step % 20 === 0) neverTooMany(cluster);
  }
}

test.each(seeds)('seed %i: of a plain job each pod that ended is counted once', (seed) => {
  const cluster = start(seed, {}, 0.6);
  run(cluster, 600);
  expect(cluster.settle(2_000, true)).toBe(true);
  const job = jobOf(cluster);
  const truth = truthOf(cluster);
  expect(isOver(job)).toBe(true);
  expect(job.status).toMatchObject({ succeeded: truth.succeeded.size, failed: truth.failed.size, active: 0, ready: 0 });
  expect(job.status?.succeeded).toBeGreaterThanOrEqual(8);
  expect(job.status?.uncountedTerminatedPods ?? {}).toEqual({});
  expect(cluster.pods().filter((pod) => finalizersOf(pod).length > 0)).toEqual([]);
});

test.each(seeds)('seed %i: of an indexed job each index is done once, and none is left out', (seed) => {
  const spec = { completionMode: 'Indexed', ...(seed % 2 === 0 ? { backoffLimitPerIndex: 100 } : {}) } as const;
  const cluster = start(seed, spec, 0.6);
  run(cluster, 600);
  expect(cluster.settle(2_000, true)).toBe(true);
  const { status } = jobOf(cluster);
  const truth = truthOf(cluster);
  expect(status).toMatchObject({ succeeded: 8, completedIndexes: '0-7', failed: truth.failed.size });
  expect(truth.indexes.size).toBe(8);
});

test.each(seeds)('seed %i: an index that failed too often is given up, with all its failures counted', (seed) => {
  const cluster = start(seed, { completionMode: 'Indexed', backoffLimitPerIndex: 1 }, 0.5);
  run(cluster, 400);
  expect(cluster.settle(2_000, true)).toBe(true);
  const { status } = jobOf(cluster);
  const truth = truthOf(cluster);
  const failedIndexes = countIndexes(parseIndexes(status?.failedIndexes ?? '', 8));
  expect((status?.succeeded ?? 0) + failedIndexes).toBe(8);
  expect(status?.failed).toBe(truth.failed.size);
  expect(status?.conditions?.some(({ type }) => type === 'Failed')).toBe(failedIndexes > 0);
});

test.each(seeds)('seed %i: suspended and resumed, a job loses no count, and what it let go is no failure', (seed) => {
  const cluster = start(seed, { completions: 6 }, 0.8);
  for (const suspend of [true, false, true, false]) {
    run(cluster, 150);
    const job = jobOf(cluster);
    cluster.put('jobs', { ...job, spec: { ...job.spec, suspend } } as Job);
  }
  expect(cluster.settle(2_000, true)).toBe(true);
  const truth = truthOf(cluster);
  expect(isOver(jobOf(cluster))).toBe(true);
  expect(jobOf(cluster).status).toMatchObject({ succeeded: truth.succeeded.size, failed: truth.failed.size });
});

test.each(seeds)('seed %i: a job that fails for good stops its pods first and counts them all', (seed) => {
  const podReplacementPolicy = seed % 2 === 0 ? 'Failed' : 'TerminatingOrFailed';
  const cluster = start(seed, { backoffLimit: 2, podReplacementPolicy }, 0.2);
  run(cluster, 400);
  expect(cluster.settle(2_000, true)).toBe(true);
  const { status } = jobOf(cluster);
  const truth = truthOf(cluster);
  expect(isOver(jobOf(cluster))).toBe(true);
  expect(status?.failed).toBe(truth.failed.size);
  expect(status?.succeeded).toBe(truth.succeeded.size);
});
