/** What a job does about its pods, and when it ends. */
import { expect, test } from 'vitest';
import { jobController } from '../../../src/controllers/job/keys.ts';
import type { Plan } from '../../../src/controllers/plan.ts';
import { ttlAfterFinishedController } from '../../../src/controllers/ttlafterfinished/keys.ts';
import { formatIndexes, parseIndexes, withIndexes } from '../../../src/kinds/job/indexes.ts';
import type { Job, JobSpec, JobStatus } from '../../../src/kinds/job/types.ts';
import type { Pod, PodStatus } from '../../../src/kinds/pod/types.ts';
import { caches, context, createdOf, events, nowMs, type PodOptions, pod, statusOf, told } from './builders.ts';

const controller = jobController({ backoffMs: 10_000 });
const finalizers = ['batch.kubernetes.io/job-tracking'];
const labels = { app: 'web' };
const at = (beforeMs: number): string => new Date(nowMs - beforeMs).toISOString().replace('.000', '');
const condition = (type: string, reason: string, extra: object = {}) => ({
  type,
  status: 'True' as const,
  reason,
  ...extra,
});

function job(spec: Partial<JobSpec> = {}, status: JobStatus = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'web', namespace: 'default', uid: 'job', resourceVersion: '1' },
    spec: {
      parallelism: 2,
      completions: 3,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      podReplacementPolicy: 'TerminatingOrFailed',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'web', image: 'web:1' }], restartPolicy: 'Never' },
      },
      ...spec,
    },
    status: { startTime: at(5_000), ...status },
  };
}

function reconcile(subject: Job, pods: readonly Pod[] = [], extra = {}): Plan {
  const observed = controller.observe('default/web', caches(controller, { jobs: [subject], pods }));
  if (observed === null) throw new Error('nothing observed');
  return controller.reconcile(observed, context(extra));
}

const owned = (name: string, options: PodOptions = {}): Pod =>
  pod(name, { owner: job(), ...options, metadata: { finalizers, resourceVersion: '9', ...options.metadata } });

function ended(phase: 'Succeeded' | 'Failed', exitCode = 1, agoMs = 60_000): PodStatus {
  const terminated = { exitCode, finishedAt: at(agoMs) };
  return {
    phase,
    containerStatuses: [{ name: 'web', state: { terminated }, ready: false, restartCount: 0, image: '', imageID: '' }],
  };
}

const succeeded = (name: string, options: PodOptions = {}): Pod =>
  owned(name, { status: ended('Succeeded', 0), ...options });
const failed = (name: string, options: PodOptions = {}): Pod => owned(name, { status: ended('Failed'), ...options });
const ofIndex = (index: number, counts: Record<string, string> = {}): NonNullable<PodOptions['metadata']> => ({
  annotations: { 'batch.kubernetes.io/job-completion-index': String(index), ...counts },
});
const changes = (plan: Plan): readonly string[] =>
  told(plan)
    .flat()
    .filter((text) => !text.includes('/status'));
const status = (plan: Plan): JobStatus | undefined => statusOf<JobStatus>(plan);

test('a new job starts as many pods as may run at once, each held until it is counted', () => {
  const plan = reconcile(job());
  expect(changes(plan)).toEqual(['create pods web-', 'create pods web-']);
  expect(createdOf<Pod>(plan, 'pods')[0]?.metadata.finalizers).toEqual(finalizers);
  const first = reconcile({ ...job(), status: {} });
  expect(status(first)).toMatchObject({ startTime: at(0), active: 0 });
});

test('an ended pod is noted first, then let go, then counted', () => {
  const noted = reconcile(job(), [succeeded('a'), owned('b')]);
  expect(told(noted)).toEqual([['update jobs/status web'], ['patch pods a'], ['create pods web-']]);
  expect(status(noted)).toMatchObject({ succeeded: 0, uncountedTerminatedPods: { succeeded: ['uid-a'] } });
  const uncounted = { uncountedTerminatedPods: { succeeded: ['uid-a'], failed: ['uid-x'] } };
  const again = reconcile(job({}, uncounted), [succeeded('a'), owned('b'), owned('c')]);
  expect(changes(again)).toEqual(['patch pods a']);
  expect(status(again)).toMatchObject({ succeeded: 0, failed: 1, uncountedTerminatedPods: { succeeded: ['uid-a'] } });
  const counted = reconcile(job({}, uncounted), [
    succeeded('a', { metadata: { finalizers: [] } }),
    owned('b'),
    owned('c'),
  ]);
  expect(status(counted)).toMatchObject({ succeeded: 1, failed: 1, uncountedTerminatedPods: {} });
});

test('a job that has all completions says so, and is complete when nothing is left to count', () => {
  const done = reconcile(job({ completions: 1 }, { succeeded: 1 }), []);
  expect(status(done)?.conditions).toMatchObject([
    { type: 'SuccessCriteriaMet', reason: 'CompletionsReached' },
    { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' },
  ]);
  expect(status(done)?.completionTime).toBe(at(0));
  expect(events(done)).toEqual(['Normal Completed: Job completed']);
  const early = reconcile(job({ completions: 1 }), [succeeded('a')]);
  expect(status(early)?.conditions?.map(({ type }) => type)).toEqual(['SuccessCriteriaMet']);
});

test.each<[string, Partial<JobSpec>, JobStatus, readonly Pod[], string, string]>([
  [
    'too many pods failed',
    { backoffLimit: 0 },
    {},
    [failed('a')],
    'BackoffLimitExceeded',
    'Job has reached the specified backoff limit',
  ],
  [
    'its time is up',
    { activeDeadlineSeconds: 5 },
    {},
    [owned('a')],
    'DeadlineExceeded',
    'Job was active longer than specified deadline',
  ],
  [
    'a container was restarted too often',
    {
      backoffLimit: 2,
      template: { ...job().spec.template, spec: { ...job().spec.template.spec, restartPolicy: 'OnFailure' } },
    },
    {},
    [
      owned('a', {
        status: {
          phase: 'Running',
          containerStatuses: [{ name: 'web', ready: true, restartCount: 2, image: '', imageID: '' }],
        },
      }),
    ],
    'BackoffLimitExceeded',
    'Job has reached the specified backoff limit',
  ],
  [
    'an exit code says so',
    { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] } },
    {},
    [owned('a', { status: ended('Failed', 42) })],
    'PodFailurePolicy',
    'Container web for pod default/a failed with exit code 42 matching FailJob rule at index 0',
  ],
  [
    'a condition says so',
    {
      podFailurePolicy: { rules: [{ action: 'FailJob', onPodConditions: [{ type: 'ConfigIssue', status: 'True' }] }] },
    },
    {},
    [owned('a', { status: { phase: 'Failed', conditions: [{ type: 'ConfigIssue', status: 'True' }] } })],
    'PodFailurePolicy',
    'Pod default/a has condition ConfigIssue matching FailJob rule at index 0',
  ],
  [
    'all indexes are done or given up',
    { completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 0 },
    { completedIndexes: '0' },
    [failed('a', { metadata: ofIndex(1) })],
    'FailedIndexes',
    'Job has failed indexes',
  ],
  [
    'too many indexes failed',
    { completionMode: 'Indexed', completions: 5, backoffLimitPerIndex: 0, maxFailedIndexes: 0 },
    {},
    [failed('a', { metadata: ofIndex(1) })],
    'MaxFailedIndexesExceeded',
    'Job has exceeded the specified maximal number of failed indexes',
  ],
])('a job fails because %s: its pods are stopped first', (_why, spec, before, pods, reason, message) => {
  const plan = reconcile(job(spec, before), [...pods, owned('running')]);
  expect(status(plan)?.conditions).toMatchObject([{ type: 'FailureTarget', reason, message }]);
  expect(changes(plan)).toContain('delete pods running');
  expect(changes(plan).some((text) => text.startsWith('create'))).toBe(false);
  const conditions = status(plan)?.conditions ?? [];
  const over = reconcile(job(spec, { ...before, failed: 1, conditions }), []);
  expect(status(over)?.conditions?.at(-1)).toMatchObject({ type: 'Failed', reason, message });
  expect(events(over)).toEqual([`Warning ${reason}: ${message}`]);
});

test('after a failure the next pod waits, twice as long after each further one, and a success forgives', () => {
  const recent = (name: string, agoMs: number): Pod =>
    failed(name, { status: ended('Failed', 1, agoMs), metadata: { finalizers: [] } });
  const one = reconcile(job({}, { failed: 1 }), [recent('a', 4_000)]);
  expect(changes(one)).toEqual([]);
  expect(one.requeueAfterMs).toBe(6_000);
  const two = reconcile(job({}, { failed: 2 }), [recent('a', 30_000), recent('b', 4_000)]);
  expect(two.requeueAfterMs).toBe(16_000);
  const forgiven = [
    recent('a', 30_000),
    succeeded('s', { status: ended('Succeeded', 0, 9_000), metadata: { finalizers: [] } }),
  ];
  expect(changes(reconcile(job({}, { failed: 1, succeeded: 1 }), forgiven))).toEqual([
    'create pods web-',
    'create pods web-',
  ]);
});

test('a failure that is to be ignored counts for nothing, and its pod is let go', () => {
  const podFailurePolicy = { rules: [{ action: 'Ignore' as const, onPodConditions: [{ type: 'DisruptionTarget' }] }] };
  const lost = failed('a', { status: { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }] } });
  const plan = reconcile(job({ podFailurePolicy, backoffLimit: 0 }), [lost, owned('b'), owned('c')]);
  expect(changes(plan)).toEqual(['patch pods a']);
  expect(status(plan)).toMatchObject({ failed: 0, uncountedTerminatedPods: {} });
  expect(status(plan)?.conditions).toBeUndefined();
});

test('a deleted pod is replaced at once, or only when it has ended, as the job has it', () => {
  const going = owned('a', { metadata: { deletionTimestamp: at(0) } });
  expect(changes(reconcile(job({ completions: 1 }), [going]))).toEqual(['patch pods a']);
  const plan = reconcile(job({ completions: 1, podReplacementPolicy: 'Failed' }), [going]);
  expect(changes(plan)).toEqual([]);
  expect(status(plan)).toMatchObject({ terminating: 1, failed: 0 });
});

const indexed = { completionMode: 'Indexed', completions: 4 } as const;

test('pods of an indexed job carry their index in name, labels, annotations and environment', () => {
  const [made] = createdOf<Pod>(
    reconcile(job({ ...indexed, backoffLimitPerIndex: 1 }, { completedIndexes: '0-1' })),
    'pods',
  );
  expect(made).toMatchObject({
    metadata: {
      generateName: 'web-2-',
      labels: { 'batch.kubernetes.io/job-completion-index': '2' },
      annotations: {
        'batch.kubernetes.io/job-completion-index': '2',
        'batch.kubernetes.io/job-index-failure-count': '0',
      },
    },
    spec: { hostname: 'web-2', containers: [{ env: [{ name: 'JOB_COMPLETION_INDEX' }] }] },
  });
});

test('done indexes are noted as ranges, and two pods of one index are one too many', () => {
  const pods = [0, 1, 3].map((index) => succeeded(`s${index}`, { metadata: ofIndex(index) }));
  const plan = reconcile(job(indexed), [
    ...pods,
    owned('a', { metadata: ofIndex(2), isReady: true }),
    owned('b', { metadata: ofIndex(2) }),
  ]);
  expect(status(plan)).toMatchObject({ succeeded: 3, completedIndexes: '0,1,3', uncountedTerminatedPods: {} });
  expect(changes(plan)).toEqual(['patch pods s0', 'patch pods s1', 'patch pods s3', 'patch pods b', 'delete pods b']);
});

test('the pod after a failed one carries the failures of its index, and waits for its own failures alone', () => {
  const spec = { ...indexed, backoffLimitPerIndex: 2, parallelism: 4 };
  const former = failed('f', { metadata: ofIndex(1, { 'batch.kubernetes.io/job-index-failure-count': '1' }) });
  const recent = failed('r', { status: ended('Failed', 1, 4_000), metadata: ofIndex(2) });
  const plan = reconcile(job(spec), [former, recent]);
  expect(changes(plan)).toEqual(['create pods web-0-', 'create pods web-1-', 'create pods web-3-']);
  const made = createdOf<Pod>(plan, 'pods')[1];
  expect(made?.metadata.annotations?.['batch.kubernetes.io/job-index-failure-count']).toBe('2');
  expect(plan.requeueAfterMs).toBe(6_000);
});

test('a success policy ends a job early', () => {
  const successPolicy = { rules: [{ succeededIndexes: '0,2-3', succeededCount: 2 }] };
  const plan = reconcile(job({ ...indexed, successPolicy }, { completedIndexes: '2-3' }), [
    owned('a', { metadata: ofIndex(1) }),
  ]);
  expect(status(plan)?.conditions).toMatchObject([
    { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message: 'Matched rules at index 0' },
  ]);
  expect(changes(plan)).toEqual(['delete pods a']);
});

test('a job without completions ends when one pod has succeeded and no other runs', () => {
  const { parallelism = 1, template } = job().spec;
  const queue: Job = { ...job(), spec: { parallelism, template, selector: { matchLabels: labels } } };
  expect(changes(reconcile(queue, [succeeded('a'), owned('b')]))).toEqual(['patch pods a']);
  const over = reconcile({ ...queue, status: { ...queue.status, succeeded: 1 } }, []);
  expect(status(over)?.conditions?.at(-1)?.type).toBe('Complete');
});

test('a suspended job stops its pods without counting them, and starts its time anew when it is resumed', () => {
  const plan = reconcile(job({ suspend: true }), [owned('a')]);
  expect(changes(plan)).toEqual(['patch pods a', 'delete pods a']);
  expect(plan.groups[1]?.[0]?.body).toMatchObject({ metadata: { resourceVersion: '9' } });
  expect(events(plan)).toContain('Normal Suspended: Job suspended');
  const conditions = status(plan)?.conditions ?? [];
  const resumed = reconcile(job({}, { conditions }), []);
  expect(status(resumed)).toMatchObject({
    startTime: at(0),
    conditions: [{ type: 'Suspended', status: 'False', reason: 'JobResumed' }],
  });
  expect(events(resumed)).toContain('Normal Resumed: Job resumed');
});

test('a job of another manager is left alone, and a finished one lets all pods go', () => {
  expect(reconcile(job({ managedBy: 'acme.io/queue' }), [succeeded('a')]).groups).toEqual([]);
  const over = job({}, { conditions: [condition('Complete', 'CompletionsReached')] });
  expect(told(reconcile(over, [succeeded('a')]))).toEqual([['patch pods a']]);
});

test('a pod whose job is gone is let go once the job is known to be gone', () => {
  const known = caches(controller, { pods: [succeeded('a')] });
  const change = { cache: 'jobs', old: job(), object: null } as const;
  expect(controller.keys(change, known)).toEqual(['pod default/a']);
  const observed = controller.observe('pod default/a', known);
  if (observed === null) throw new Error('nothing observed');
  expect(told(controller.reconcile(observed, context()))).toEqual([['get jobs web'], ['patch pods a']]);
});

test('an orphan is adopted and held', () => {
  const plan = reconcile(job({ parallelism: 1 }), [pod('a')]);
  expect(plan.groups[0]?.[0]?.body).toMatchObject({ metadata: { finalizers, ownerReferences: [{ uid: 'job' }] } });
});

test.each<[readonly number[], string]>([
  [[], ''],
  [[3], '3'],
  [[1, 2], '1,2'],
  [[5, 1, 2, 3, 7], '1-3,5,7'],
])('the indexes %j are written %j and read back', (indexes, text) => {
  const set = withIndexes([], indexes);
  expect(formatIndexes(set)).toBe(text);
  expect(parseIndexes(text, 100)).toEqual(set);
});

test('a finished job goes when its time is up, in the version that was seen', () => {
  const finished = (agoMs: number): Job =>
    job(
      { ttlSecondsAfterFinished: 10 },
      { conditions: [condition('Complete', '', { lastTransitionTime: at(agoMs) })] },
    );
  const expire = (subject: Job): Plan => ttlAfterFinishedController.reconcile(subject, context());
  expect(expire(finished(4_000)).requeueAfterMs).toBe(6_000);
  const [[deletion] = []] = expire(finished(10_000)).groups;
  expect(deletion?.body).toMatchObject({
    propagationPolicy: 'Foreground',
    preconditions: { uid: 'job', resourceVersion: '1' },
  });
  expect(expire(job({ ttlSecondsAfterFinished: 0 })).groups).toEqual([]);
});
