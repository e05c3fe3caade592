/** What may be said of daemon sets, stateful sets, jobs, cron jobs and disruption budgets, and what of them may change. */
import { expect, test } from 'vitest';
import { formatFieldError } from '../../../src/api/field-error.ts';
import { cloneJson, type Json, type JsonObject } from '../../../src/api/json.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import { must } from '../../../src/base/assert.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { decodeObject } from '../../../src/kinds/decode.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';
import { KindStrategy } from '../../../src/kinds/strategy.ts';

const registry = builtInRegistry();

function strategyOf(group: string, kind: string): KindStrategy {
  return new KindStrategy(must(registry.kind({ group, version: 'v1', kind }), kind));
}

function decoded(strategy: KindStrategy, spec: object): AnyObject {
  const tree = cloneJson({ metadata: { name: 'web', namespace: 'default' }, spec } as unknown as Json);
  const { object } = decodeObject(tree, strategy.info, builtInSchemas, 'Strict');
  strategy.setDefaults(object);
  return object;
}

function created(strategy: KindStrategy, spec: object): AnyObject {
  const object = decoded(strategy, spec);
  strategy.prepareForCreate(object, { uid: 'u-1', wallMs: 0 as WallMs, random: new Random(1) });
  return object;
}

const complaints = (strategy: KindStrategy, spec: object): readonly string[] =>
  strategy.validateCreate(created(strategy, spec)).map(formatFieldError);

function changeComplaints(strategy: KindStrategy, before: object, after: object): readonly string[] {
  const old = created(strategy, before);
  const next = decoded(strategy, after);
  strategy.prepareForUpdate(next, old);
  return strategy.validateUpdate(next, old).map(formatFieldError);
}

const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'nginx:1' }] } };
const webSpec: JsonObject = { selector: { matchLabels: labels }, template } as unknown as JsonObject;

const daemonSets = strategyOf('apps', 'DaemonSet');

test('a daemon set gets the defaults of Kubernetes', () => {
  expect(created(daemonSets, webSpec)).toMatchObject({
    spec: {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
    },
    status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  });
  expect(complaints(daemonSets, webSpec)).toEqual([]);
});

const rolling = (rollingUpdate: object): object => ({
  ...webSpec,
  updateStrategy: { type: 'RollingUpdate', rollingUpdate },
});

test.each<[object, readonly string[]]>([
  [
    { ...webSpec, updateStrategy: { type: 'Never' } },
    ['spec.updateStrategy.type: Unsupported value: "Never": supported values: "RollingUpdate", "OnDelete"'],
  ],
  [
    rolling({ maxUnavailable: 0, maxSurge: 0 }),
    ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
  ],
  [
    rolling({ maxUnavailable: 1, maxSurge: '120%' }),
    [
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "120%": may not be set when maxUnavailable is non-zero',
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "120%": must not be greater than 100%',
    ],
  ],
  [
    { ...webSpec, minReadySeconds: -1, revisionHistoryLimit: -1 },
    [
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  [
    {
      ...webSpec,
      template: { ...template, spec: { ...template.spec, restartPolicy: 'Never', activeDeadlineSeconds: 5 } },
    },
    [
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported',
    ],
  ],
])('of a wrong daemon set everything is told: %#', (spec, want) => {
  expect(complaints(daemonSets, spec)).toEqual(want);
});

test('the selector of a daemon set stays', () => {
  const other = {
    selector: { matchLabels: { app: 'x' } },
    template: { ...template, metadata: { labels: { app: 'x' } } },
  };
  expect(changeComplaints(daemonSets, webSpec, other)).toEqual([
    'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable',
  ]);
});

test('the data of a controller revision are there and stay', () => {
  const revisions = strategyOf('apps', 'ControllerRevision');
  const revision = (data: object | undefined, number: number): AnyObject =>
    ({
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: 'r',
        namespace: 'default',
        uid: 'u',
        resourceVersion: '1',
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
      data,
      revision: number,
    }) as never;
  expect(revisions.validateCreate(revision(undefined, -1)).map(formatFieldError)).toEqual([
    'revision: Invalid value: -1: must be greater than or equal to 0',
    'data: Required value: data is mandatory',
  ]);
  const changed = revisions.validateUpdate(revision({ a: 2 }, 2), revision({ a: 1 }, 1));
  expect(changed.map(formatFieldError)).toEqual(['data: Invalid value: {"a":2}: field is immutable']);
});

const statefulSets = strategyOf('apps', 'StatefulSet');
const claimTemplate = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } };

test('a stateful set gets the defaults of Kubernetes, its claims too', () => {
  const made = created(statefulSets, { ...webSpec, volumeClaimTemplates: [claimTemplate] });
  expect(made).toMatchObject({
    spec: {
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      volumeClaimTemplates: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          spec: { volumeMode: 'Filesystem' },
          status: { phase: 'Pending' },
        },
      ],
      revisionHistoryLimit: 10,
    },
    status: { replicas: 0, availableReplicas: 0 },
  });
  expect(statefulSets.validateCreate(made)).toEqual([]);
});

test.each<[object, readonly string[]]>([
  [
    { ...webSpec, podManagementPolicy: 'Never', ordinals: { start: -1 } },
    [
      "spec.podManagementPolicy: Invalid value: \"Never\": must be 'OrderedReady' or 'Parallel'",
      'spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  [
    { ...webSpec, updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
    [
      'spec.updateStrategy.rollingUpdate: Invalid value: {"partition":1}: only allowed for updateStrategy \'RollingUpdate\'',
    ],
  ],
  [
    rolling({ partition: -1, maxUnavailable: 0 }),
    [
      'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0',
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0',
    ],
  ],
  [
    { ...webSpec, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Keep' } },
    [
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"',
    ],
  ],
])('of a wrong stateful set everything is told: %#', (spec, want) => {
  expect(complaints(statefulSets, spec)).toEqual(want);
});

test('of a stateful set only what says how many pods there are and of what may change', () => {
  const after = { ...webSpec, replicas: 3, minReadySeconds: 1, ordinals: { start: 2 } };
  expect(changeComplaints(statefulSets, webSpec, after)).toEqual([]);
  expect(changeComplaints(statefulSets, webSpec, { ...webSpec, volumeClaimTemplates: [claimTemplate] })).toEqual([
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ]);
});

const jobs = strategyOf('batch', 'Job');
const jobTemplate = { spec: { containers: [{ name: 'a', image: 'nginx:1' }], restartPolicy: 'Never' } };
const jobSpec = { template: jobTemplate };
const elastic = { ...jobSpec, completionMode: 'Indexed', completions: 3, parallelism: 3 };

test('a job gets the defaults of Kubernetes, and a selector of its own', () => {
  const made = created(jobs, jobSpec);
  expect(made.spec).toMatchObject({
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    manualSelector: false,
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u-1' } },
    template: { metadata: { labels: { 'batch.kubernetes.io/job-name': 'web', 'controller-uid': 'u-1' } } },
  });
  expect(jobs.validateCreate(made)).toEqual([]);
});

test.each<[object, readonly string[]]>([
  [
    { template: { spec: { containers: jobTemplate.spec.containers } } },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    { ...jobSpec, completionMode: 'Indexed', parallelism: 1, backoffLimit: -1 },
    [
      'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
      'spec.completions: Required value: when completion mode is Indexed',
    ],
  ],
  [
    { ...jobSpec, backoffLimitPerIndex: 1, managedBy: 'me' },
    [
      'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    ],
  ],
  [
    {
      ...jobSpec,
      podFailurePolicy: {
        rules: [
          { action: 'FailIndex', onExitCodes: { operator: 'In', values: [0, 1, 1], containerName: 'b' } },
          { action: 'Ignore' },
        ],
      },
    },
    [
      'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "b": must be one of the container or initContainer names in the pod template',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 1',
      'spec.podFailurePolicy.rules[1]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    ],
  ],
  [
    { ...elastic, successPolicy: { rules: [{ succeededIndexes: '0,5' }, {}] } },
    [
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0,5": index 5 must be less than completions 3',
      'spec.successPolicy.rules[1]: Required value: at least one of succeededCount or succeededIndexes must be specified',
    ],
  ],
])('of a wrong job everything is told: %#', (spec, want) => {
  expect(complaints(jobs, spec)).toEqual(want);
});

test('an indexed job grows and shrinks in pods and indexes at once; otherwise what it is to do stays', () => {
  const owned = (spec: object): object => ({
    ...spec,
    selector: { matchLabels: labels },
    manualSelector: true,
    template: { ...jobTemplate, metadata: { labels } },
  });
  expect(changeComplaints(jobs, owned(elastic), owned({ ...elastic, completions: 5, parallelism: 5 }))).toEqual([]);
  expect(changeComplaints(jobs, owned(elastic), owned({ ...elastic, completions: 5 }))).toEqual([
    'spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism',
  ]);
  const other = { ...jobTemplate, metadata: { labels }, spec: { ...jobTemplate.spec, nodeSelector: { a: 'b' } } };
  const moved = { ...owned({ ...jobSpec, suspend: true }), template: other };
  expect(changeComplaints(jobs, owned({ ...jobSpec, suspend: true }), moved)).toEqual([]);
  expect(changeComplaints(jobs, owned(jobSpec), { ...owned(jobSpec), template: other }).join()).toContain(
    'spec.template: Invalid value',
  );
});

const cronJobs = strategyOf('batch', 'CronJob');
const cronSpec = { schedule: '*/5 * * * *', jobTemplate: { spec: jobSpec } };

test('a cron job gets the defaults of Kubernetes', () => {
  const made = created(cronJobs, cronSpec);
  const defaults = {
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  };
  expect(made.spec).toMatchObject(defaults);
  expect(cronJobs.validateCreate(made)).toEqual([]);
});

test.each<[object, readonly string[]]>([
  [
    { ...cronSpec, schedule: '* *', concurrencyPolicy: 'Never' },
    [
      'spec.schedule: Invalid value: "* *": expected exactly 5 fields, found 2: [* *]',
      'spec.concurrencyPolicy: Unsupported value: "Never": supported values: "Allow", "Forbid", "Replace"',
    ],
  ],
  [
    { ...cronSpec, schedule: 'TZ=UTC 0 * * * *' },
    [
      'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
  ],
  [{ ...cronSpec, timeZone: 'Mars/Base' }, ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base']],
  [{ ...cronSpec, timeZone: '' }, ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']],
  [
    { ...cronSpec, jobTemplate: { spec: { template: { spec: { containers: jobTemplate.spec.containers } } } } },
    ['spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
])('of a wrong cron job everything is told: %#', (spec, want) => {
  expect(complaints(cronJobs, spec)).toEqual(want);
});

test('a disruption budget asks for one of two amounts', () => {
  const budgets = strategyOf('policy', 'PodDisruptionBudget');
  const selector = { matchLabels: labels };
  expect(created(budgets, { minAvailable: 1, selector }).status).toEqual({
    disruptionsAllowed: 0,
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
  });
  expect(complaints(budgets, { minAvailable: '120%', maxUnavailable: 1, unhealthyPodEvictionPolicy: 'Never' })).toEqual(
    [
      'spec: Invalid value: {"minAvailable":"120%","maxUnavailable":1,"unhealthyPodEvictionPolicy":"Never"}: minAvailable and maxUnavailable cannot be both set',
      'spec.minAvailable: Invalid value: "120%": must not be greater than 100%',
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
  );
});

test('a replication controller selects what its template says, unless it is told otherwise', () => {
  const controllers = strategyOf('', 'ReplicationController');
  expect(created(controllers, { template }).spec).toMatchObject({ replicas: 1, selector: labels });
  expect(complaints(controllers, { selector: { app: 'other' }, template })).toEqual([
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
  ]);
});
