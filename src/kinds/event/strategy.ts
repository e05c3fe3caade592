/** How events begin and which of their fields can be selected. Models kubernetes pkg/registry/core/event/strategy.go. */
import { type FieldError, invalid, required } from '../../api/field-error.ts';
import { checkQualifiedName } from '../../api/names.ts';
import { namespaceOf } from '../../api/object-meta.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedName } from '../field-checks.ts';
import type { Event } from './types.ts';

const textLengthMax = 128;
const messageLengthMax = 1024;
export const referenceFields = [
  'kind',
  'namespace',
  'name',
  'uid',
  'apiVersion',
  'resourceVersion',
  'fieldPath',
] as const;

export const eventBehaviour: KindBehaviour<Event> = {
  allowsCreateOnUpdate: true,
  fieldLabels: [
    ...referenceFields.map((name) => `involvedObject.${name}`),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  selectableFields(event) {
    const fields: Record<string, string> = {
      reason: event.reason ?? '',
      reportingComponent: event.reportingComponent ?? '',
      source: event.source?.component || (event.reportingComponent ?? ''),
      type: event.type ?? '',
    };
    for (const name of referenceFields) fields[`involvedObject.${name}`] = event.involvedObject?.[name] ?? '';
    return fields;
  },
  validate(event) {
    return event.eventTime === undefined ? validatePlace(event) : [...validatePlace(event), ...validateTexts(event)];
  },
};

/** Events about objects of cluster scope live in the default namespace, or in kube-system. */
function validatePlace(event: Event): FieldError[] {
  const wanted = event.involvedObject?.namespace ?? '';
  const namespace = namespaceOf(event);
  const fits = wanted === '' ? namespace === 'default' || namespace === 'kube-system' : wanted === namespace;
  return fits ? [] : [invalid('involvedObject.namespace', wanted, 'does not match event.namespace')];
}

/** Who sets eventTime writes the newer form, which says who acted and how. */
function validateTexts(event: Event): FieldError[] {
  const { reportingComponent = '', message = '' } = event;
  const errors = requiredText('reportingComponent', reportingComponent);
  if (reportingComponent !== '')
    errors.push(...checkedName('reportingComponent', reportingComponent, checkQualifiedName));
  for (const name of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[name] ?? '';
    errors.push(...requiredText(name, text), ...checkedLength(name, text, textLengthMax));
  }
  return errors.concat(checkedLength('message', message, messageLengthMax));
}

function requiredText(path: string, text: string): FieldError[] {
  return text === '' ? [required(path)] : [];
}

function checkedLength(path: string, text: string, lengthMax: number): FieldError[] {
  return text.length > lengthMax ? [invalid(path, '', `can have at most ${lengthMax} characters`)] : [];
}
