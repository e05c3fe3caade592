/** Models kubernetes pkg/apis/batch/v1/defaults.go SetDefaults_Job and pkg/registry/batch/job/strategy.go generateSelector. */
import { type Mutable, setDefault } from '../../api/json.ts';
import { nameOf, type ObjectMeta, uidOf } from '../../api/object-meta.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import type { Job, JobSpec } from './types.ts';

const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';
/** The names of both labels before 1.27, which older clients still select by. */
const formerUidLabel = 'controller-uid';
const formerNameLabel = 'job-name';

export function setJobDefaults(job: Job): void {
  const { spec } = job;
  if (spec === undefined) return;
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined && Object.keys(job.metadata.labels ?? {}).length === 0) {
    (job.metadata as Mutable<ObjectMeta>).labels = { ...labels };
  }
  if (spec.completions === undefined && spec.parallelism === undefined) setDefault(spec, 'completions', 1);
  setDefault(spec, 'parallelism', 1);
  setDefault(spec, 'backoffLimit', spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1);
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'podReplacementPolicy', spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed');
  setDefault(spec, 'manualSelector', false);
  setJobTemplateDefaults(spec);
}

/** What a job gets that is only a template yet, in a cron job. */
export function setJobTemplateDefaults(spec: JobSpec): void {
  for (const { onPodConditions = [] } of spec.podFailurePolicy?.rules ?? []) {
    for (const condition of onPodConditions) setDefault(condition, 'status', 'True');
  }
  setPodTemplateDefaults(spec.template);
}

/** A job selects its pods by its own uid, so that two jobs never share pods. */
export function generateSelector(job: Job): void {
  const spec = job.spec as Mutable<JobSpec>;
  const metadata = { ...spec.template.metadata } as Mutable<ObjectMeta>;
  const uid = uidOf(job);
  const own = { [uidLabel]: uid, [nameLabel]: nameOf(job), [formerUidLabel]: uid, [formerNameLabel]: nameOf(job) };
  metadata.labels = { ...own, ...metadata.labels };
  spec.template = { ...spec.template, metadata };
  spec.selector = { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, [uidLabel]: uid } };
}
