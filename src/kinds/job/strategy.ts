/** How jobs begin and change. Models kubernetes pkg/registry/batch/job/strategy.go and pkg/apis/batch/v1/defaults.go. */
import type { FieldError } from '../../api/field-error.ts';
import { type Mutable, setDefault } from '../../api/json.ts';
import { nameOf, type ObjectMeta, uidOf } from '../../api/object-meta.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice, checkedImmutable, checkedNonNegative } from '../field-checks.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import { validatePodTemplate } from '../pod/validate.ts';
import type { Job, JobSpec } from './types.ts';

const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';
/** The names of both labels before 1.27, which older clients still select by. */
const formerUidLabel = 'controller-uid';
const formerNameLabel = 'job-name';

export const jobBehaviour: KindBehaviour<Job> = {
  hasGeneration: true,
  fieldLabels: ['status.successful'],
  selectableFields: ({ status }) => ({ 'status.successful': String(status?.succeeded ?? 0) }),
  setDefaults({ spec }) {
    if (spec !== undefined) setJobSpecDefaults(spec);
  },
  prepareForCreate(job) {
    if (job.spec.manualSelector !== true) generateSelector(job);
  },
  validate: ({ spec }) => validateJobSpec(spec),
  validateUpdate: (next, old) => [
    ...(old.spec.completionMode === 'Indexed'
      ? []
      : checkedImmutable('spec.completions', next.spec.completions, old.spec.completions)),
    ...checkedImmutable('spec.selector', next.spec.selector, old.spec.selector),
    ...(old.spec.suspend === true ? [] : checkedImmutable('spec.template', next.spec.template, old.spec.template)),
    ...checkedImmutable('spec.completionMode', next.spec.completionMode, old.spec.completionMode),
  ],
};

export function setJobSpecDefaults(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) setDefault(spec, 'completions', 1);
  setDefault(spec, 'parallelism', 1);
  if (spec.backoffLimit === undefined) {
    setDefault(spec, 'backoffLimit', spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1);
  }
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'podReplacementPolicy', spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed');
  setPodTemplateDefaults(spec.template);
}

export function validateJobSpec(spec: JobSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
  ] as const) {
    errors.push(...checkedNonNegative(`spec.${name}`, spec[name]));
  }
  errors.push(...checkedChoice('spec.completionMode', spec.completionMode, ['NonIndexed', 'Indexed']));
  errors.push(...validatePodTemplate(spec.template, 'spec.template', ['OnFailure', 'Never']));
  return errors;
}

/** A job selects its pods by its own uid, so that two jobs never share pods. */
function generateSelector(job: Job): void {
  const spec = job.spec as Mutable<JobSpec>;
  const metadata = { ...spec.template.metadata } as Mutable<ObjectMeta>;
  const uid = uidOf(job);
  const own = { [uidLabel]: uid, [nameLabel]: nameOf(job), [formerUidLabel]: uid, [formerNameLabel]: nameOf(job) };
  metadata.labels = { ...own, ...metadata.labels };
  spec.template = { ...spec.template, metadata };
  spec.selector = { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, [uidLabel]: uid } };
}
