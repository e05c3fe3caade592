/**
 * Events as events.k8s.io shows them: fields by other names, and rules that events of the older form need not keep.
 * Models kubernetes pkg/apis/core/validation/events.go and pkg/apis/events/v1/conversion.go.
 */
import { type FieldError, invalid, required } from '../../api/field-error.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedImmutable } from '../field-checks.ts';
import { referenceFields } from './strategy.ts';
import type { Event } from './types.ts';

/** Fields of the older form, which the newer has for old readers only. */
const formerFields = ['firstTimestamp', 'lastTimestamp', 'count', 'source'] as const;
const fixedFields = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

export const servedEventBehaviour: KindBehaviour<AnyObject> = {
  fieldLabels: ['reason', 'type'],
  fieldAliases: {
    ...Object.fromEntries(referenceFields.map((name) => [`regarding.${name}`, `involvedObject.${name}`])),
    reportingController: 'reportingComponent',
  },
  validateServed(stored, old) {
    const event = stored as unknown as Event;
    if (old === null) return validateNew(event);
    const former = old as unknown as Event;
    const errors = fixedFields.flatMap((name) => checkedImmutable(name, event[name], former[name]));
    return former.series === undefined ? [...errors, ...validateSeries(event)] : errors;
  },
};

function validateNew(event: Event): FieldError[] {
  const errors = validateSeries(event);
  if (event.eventTime === undefined) errors.push(required('eventTime'));
  const { type = '' } = event;
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid('type', '', `has invalid value: ${type}`));
  for (const name of formerFields) {
    const value = event[name];
    const isSet = typeof value === 'object' ? Object.keys(value).length > 0 : value !== undefined && value !== 0;
    if (isSet) errors.push(invalid(name, '', 'needs to be unset'));
  }
  return errors;
}

function validateSeries({ series }: Event): FieldError[] {
  if (series === undefined) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) errors.push(invalid('series.count', '', 'should be at least 2'));
  if (series.lastObservedTime === undefined) errors.push(required('series.lastObservedTime'));
  return errors;
}
