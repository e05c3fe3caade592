/** Models kubernetes pkg/apis/batch/validation/validation.go ValidateJobSpec and ValidateJobSpecUpdate. */
import { type FieldError, invalid, notSupported, required, tooLong } from '../../api/field-error.ts';
import { equalSemantic } from '../../api/json.ts';
import { compileLabelSelector, matchesLabels, validateLabelSelector } from '../../api/label-selector.ts';
import { checkSubdomain } from '../../api/names.ts';
import { checkedChoice, checkedImmutable, checkedNonNegative } from '../field-checks.ts';
import type { PodTemplateSpec } from '../pod/types.ts';
import { validatePodTemplate } from '../pod/validate.ts';
import type { Job, JobSpec } from './types.ts';
import { validateFailurePolicy, validateSuccessPolicy } from './validate-policies.ts';

const parallelismMaxIfIndexed = 100_000;
const failedIndexesMax = 100_000;
const managedByBytesMax = 63;

export function validateJob({ spec }: Job): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.selector === undefined) errors.push(required('spec.selector'));
  else {
    errors.push(...validateLabelSelector(spec.selector, 'spec.selector'));
    const labels = spec.template.metadata?.labels ?? {};
    if (errors.length === 0 && !matchesLabels(compileLabelSelector(spec.selector), labels)) {
      errors.push(invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
    }
  }
  return errors.concat(validateJobSpec(spec, 'spec'));
}

/** Validates what a job and a cron job's template of one have in common. */
export function validateJobSpec(spec: JobSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    errors.push(...checkedNonNegative(`${path}.${name}`, spec[name]));
  }
  errors.push(...validateManager(spec.managedBy, `${path}.managedBy`));
  errors.push(...checkedChoice(`${path}.completionMode`, spec.completionMode, ['NonIndexed', 'Indexed']));
  errors.push(...(spec.completionMode === 'Indexed' ? validateIndexed(spec, path) : validatePlain(spec, path)));
  errors.push(...validateFailurePolicy(spec, `${path}.podFailurePolicy`));
  errors.push(...validateSuccessPolicy(spec, `${path}.successPolicy`));
  errors.push(...validateReplacement(spec, `${path}.podReplacementPolicy`));
  return errors.concat(validateTemplate(spec, `${path}.template`));
}

function validateIndexed(spec: JobSpec, path: string): FieldError[] {
  const { completions, parallelism = 1, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  if (completions === undefined) errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  if (parallelism > parallelismMaxIfIndexed) {
    const detail = `must be less than or equal to ${parallelismMaxIfIndexed} when completion mode is Indexed`;
    errors.push(invalid(`${path}.parallelism`, parallelism, detail));
  }
  if (maxFailedIndexes === undefined) return errors;
  const place = `${path}.maxFailedIndexes`;
  if (backoffLimitPerIndex === undefined) {
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  if (completions !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(place, maxFailedIndexes, 'must be less than or equal to completions'));
  }
  if (maxFailedIndexes > failedIndexesMax) {
    errors.push(invalid(place, maxFailedIndexes, `must be less than or equal to ${failedIndexesMax}`));
  }
  return errors;
}

function validatePlain(spec: JobSpec, path: string): FieldError[] {
  return (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((name) =>
    spec[name] === undefined ? [] : [invalid(`${path}.${name}`, spec[name], 'requires indexed completion mode')],
  );
}

/** Who keeps the job is named like a label: a domain and a path. */
function validateManager(managedBy: string | undefined, path: string): FieldError[] {
  if (managedBy === undefined) return [];
  const errors = managedBy.length > managedByBytesMax ? [tooLong(path, managedByBytesMax)] : [];
  const [domain = '', ...rest] = managedBy.split('/');
  if (rest.length === 0 || rest.join('/') === '') {
    return [...errors, invalid(path, managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  return errors.concat(checkSubdomain(domain).map((complaint) => invalid(path, domain, complaint)));
}

function validateReplacement({ podReplacementPolicy, podFailurePolicy }: JobSpec, path: string): FieldError[] {
  if (podFailurePolicy === undefined) {
    return checkedChoice(path, podReplacementPolicy, ['Failed', 'TerminatingOrFailed']);
  }
  return checkedChoice(path, podReplacementPolicy, ['Failed']);
}

function validateTemplate(spec: JobSpec, path: string): FieldError[] {
  const errors = validatePodTemplate(spec.template, path, ['Always', 'OnFailure', 'Never']);
  const { restartPolicy = '' } = spec.template.spec;
  const place = `${path}.spec.restartPolicy`;
  if (restartPolicy === 'Always' || (restartPolicy as string) === '') {
    errors.push(required(place, 'valid values: "OnFailure", "Never"'));
  } else if (restartPolicy !== 'OnFailure' && restartPolicy !== 'Never') {
    errors.push(notSupported(place, restartPolicy, ['OnFailure', 'Never']));
  }
  for (const name of ['podFailurePolicy', 'backoffLimitPerIndex'] as const) {
    if (spec[name] === undefined || restartPolicy === 'Never') continue;
    errors.push(invalid(place, restartPolicy, `only "Never" is supported when ${name} is specified`));
  }
  return errors;
}

export function validateJobUpdate(next: Job, old: Job): FieldError[] {
  const errors = validateCompletionsUpdate(next.spec, old.spec);
  errors.push(...checkedImmutable('spec.selector', next.spec.selector, old.spec.selector));
  const template = mayMove(old) ? moved(next.spec.template, old.spec.template) : next.spec.template;
  errors.push(...checkedImmutable('spec.template', template, old.spec.template));
  for (const name of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const) {
    errors.push(...checkedImmutable(`spec.${name}`, next.spec[name], old.spec[name]));
  }
  return errors;
}

/** An indexed job of as many pods as indexes may grow and shrink in both at once. */
function validateCompletionsUpdate(next: JobSpec, old: JobSpec): FieldError[] {
  if (next.completions === old.completions) return [];
  const path = 'spec.completions';
  if (next.completionMode !== 'Indexed') return checkedImmutable(path, next.completions, old.completions);
  const isElastic = old.completions === old.parallelism && next.completions === next.parallelism;
  return isElastic ? [] : [invalid(path, next.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** Before a suspended job ever started, it may be decided where its pods go. */
function mayMove({ spec, status }: Job): boolean {
  return spec.suspend === true && status?.startTime === undefined;
}

/** The next template with all that says where pods go taken from the old one. */
function moved(next: PodTemplateSpec, old: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates, affinity } = old.spec;
  const { podAffinity, podAntiAffinity } = next.spec.affinity ?? {};
  const isSameAffinity =
    equalSemantic(podAffinity, affinity?.podAffinity) && equalSemantic(podAntiAffinity, affinity?.podAntiAffinity);
  const place = {
    nodeSelector,
    tolerations,
    schedulingGates,
    affinity: isSameAffinity ? affinity : next.spec.affinity,
  };
  const { labels, annotations } = old.metadata ?? {};
  const kept = { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
  return { metadata: { ...next.metadata, ...kept }, spec: { ...next.spec, ...place } as PodTemplateSpec['spec'] };
}
