/**
 * Options of a request from its query, validated in Kubernetes' wording. Options of a deletion may come in the body instead;
 * see src/kinds/delete-options.ts. Models apimachinery pkg/apis/meta/internalversion/validation and pkg/apis/meta/v1/validation.
 */
import { type FieldError, forbiddenField, invalid, notSupported, required, tooLong } from '../api/field-error.ts';
import { parseFieldSelector } from '../api/field-selector.ts';
import { parseLabelSelector } from '../api/label-selector-parser.ts';
import type {
  DeleteOptions,
  FieldValidationMode,
  IncludeObject,
  ListOptions,
  PatchFormat,
  PatchOptions,
  PropagationPolicy,
  WatchOptions,
  WriteOptions,
} from '../api/request.ts';
import { badRequest, invalidObject } from '../api/status-errors.ts';
import { flagOf, integerOf, type Query, valueOf } from './query.ts';

export const fieldManagerBytesMax = 128;
const validationModes: readonly FieldValidationMode[] = ['Ignore', 'Warn', 'Strict'];
const propagationPolicies: readonly PropagationPolicy[] = ['Foreground', 'Background', 'Orphan'];

/** Options of a list. Throws StatusError BadRequest or Invalid. */
export function listOptions(query: Query): ListOptions {
  const options = readListOptions(query);
  const errors = validateMatch(options);
  if (query.has('sendInitialEvents')) {
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  refuse('ListOptions', errors);
  return options;
}

/** Options of a watch. Throws StatusError BadRequest or Invalid. */
export function watchOptions(query: Query): WatchOptions {
  const options = readListOptions(query);
  const isInitialAsked = query.has('sendInitialEvents');
  const errors: FieldError[] = [];
  const path = 'resourceVersionMatch';
  const match = options.resourceVersionMatch;
  if (isInitialAsked && match !== 'NotOlderThan') {
    errors.push(forbiddenField(path, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match !== '') {
    if (!isInitialAsked) {
      const detail = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
      errors.push(forbiddenField(path, detail));
    }
    if (match !== 'NotOlderThan') errors.push(notSupported(path, match, ['NotOlderThan']));
    if (options.continue !== '') errors.push(forbiddenField(path, 'resourceVersionMatch is forbidden with continue'));
  }
  refuse('ListOptions', errors);
  return {
    ...options,
    allowWatchBookmarks: flagOf(query, 'allowWatchBookmarks'),
    sendInitialEvents: isInitialAsked ? flagOf(query, 'sendInitialEvents') : undefined,
  };
}

/** Options of a get: of the others it takes no notice. Throws StatusError BadRequest. */
export function getOptions(query: Query): Pick<ListOptions, 'resourceVersion' | 'includeObject'> {
  return {
    resourceVersion: valueOf(query, 'resourceVersion'),
    includeObject: readIncludeObject(valueOf(query, 'includeObject')),
  };
}

/** Options of a create or an update; `kind` names them in messages. Throws StatusError Invalid. */
export function writeOptions(query: Query, kind: 'CreateOptions' | 'UpdateOptions'): WriteOptions {
  const errors: FieldError[] = [];
  const options = readWriteOptions(query, errors);
  refuse(kind, errors);
  return options;
}

/** Options of a patch. Throws StatusError Invalid. */
export function patchOptions(query: Query, format: PatchFormat): PatchOptions {
  const errors: FieldError[] = [];
  const options = readWriteOptions(query, errors);
  if (format === 'applyPatch') {
    if (options.fieldManager === '') errors.push(required('fieldManager', 'is required for apply patch'));
  } else if (query.has('force')) {
    errors.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  }
  refuse('PatchOptions', errors);
  return { ...options, isForced: flagOf(query, 'force') };
}

/** Options of a deletion whose body is empty. Throws StatusError BadRequest or Invalid. */
export function deleteOptions(query: Query): DeleteOptions {
  const errors: FieldError[] = [];
  const isDryRun = readDryRun(query, errors);
  const policy = valueOf(query, 'propagationPolicy');
  if (policy !== '' && !propagationPolicies.some((each) => each === policy)) {
    errors.push(notSupported('propagationPolicy', policy, [...propagationPolicies, 'nil']));
  }
  if (policy !== '' && query.has('orphanDependents')) {
    const detail = 'orphanDependents and deletionPropagation cannot be both set';
    errors.push(invalid('propagationPolicy', policy, detail));
  }
  refuse('DeleteOptions', errors);
  const orphans = query.has('orphanDependents')
    ? flagOf(query, 'orphanDependents')
      ? 'Orphan'
      : 'Background'
    : undefined;
  return {
    isDryRun,
    gracePeriodSeconds: integerOf(query, 'gracePeriodSeconds'),
    propagationPolicy: policy === '' ? orphans : (policy as PropagationPolicy),
    preconditions: {},
  };
}

function readListOptions(query: Query): ListOptions {
  return {
    labelSelector: parseLabelSelector(valueOf(query, 'labelSelector')),
    fieldSelector: parseFieldSelector(valueOf(query, 'fieldSelector')),
    resourceVersion: valueOf(query, 'resourceVersion'),
    resourceVersionMatch: valueOf(query, 'resourceVersionMatch'),
    limit: Math.max(0, integerOf(query, 'limit') ?? 0),
    continue: valueOf(query, 'continue'),
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
    includeObject: readIncludeObject(valueOf(query, 'includeObject')),
  };
}

function readIncludeObject(text: string): IncludeObject {
  if (text === '') return 'Metadata';
  if (text === 'Metadata' || text === 'Object' || text === 'None') return text;
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(text)}`);
}

function validateMatch(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, resourceVersion } = options;
  const path = 'resourceVersionMatch';
  if (match === '') return [];
  const errors: FieldError[] = [];
  if (resourceVersion === '') {
    errors.push(forbiddenField(path, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
  }
  if (options.continue !== '') errors.push(forbiddenField(path, 'resourceVersionMatch is forbidden with continue'));
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push(notSupported(path, match, ['Exact', 'NotOlderThan', '']));
  }
  if (match === 'Exact' && resourceVersion === '0') {
    errors.push(forbiddenField(path, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  return errors;
}

function readWriteOptions(query: Query, errors: FieldError[]): WriteOptions {
  const isDryRun = readDryRun(query, errors);
  const fieldManager = valueOf(query, 'fieldManager');
  if (fieldManager.length > fieldManagerBytesMax) errors.push(tooLong('fieldManager', fieldManagerBytesMax));
  if (!/^\P{C}*$/u.test(fieldManager))
    errors.push(invalid('fieldManager', fieldManager, 'should only contain printable characters'));
  const text = valueOf(query, 'fieldValidation');
  const mode = validationModes.find((each) => each === text);
  if (text !== '' && mode === undefined) errors.push(notSupported('fieldValidation', text, ['', ...validationModes]));
  return { isDryRun, fieldManager, fieldValidation: mode ?? 'Warn' };
}

function readDryRun(query: Query, errors: FieldError[]): boolean {
  const values = query.get('dryRun') ?? [];
  if (values.some((value) => value !== 'All')) errors.push(notSupported('dryRun', values, ['All']));
  return values.includes('All');
}

function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind }, '', errors);
}
