/** How priority classes begin and change. Models kubernetes pkg/apis/scheduling/validation and its defaults. */
import { type FieldError, forbiddenField } from '../../api/field-error.ts';
import { setDefault } from '../../api/json.ts';
import { nameOf } from '../../api/object-meta.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice } from '../field-checks.ts';
import type { PriorityClass } from './types.ts';

const systemPrefix = 'system-';
/** Values above it are the system's. */
const userValueMax = 1_000_000_000;
const systemValues: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};
const policies = ['Never', 'PreemptLowerPriority'];

export const priorityClassBehaviour: KindBehaviour<PriorityClass> = {
  hasGeneration: true,
  setDefaults: (priorityClass) => setDefault(priorityClass, 'preemptionPolicy', 'PreemptLowerPriority'),
  validate: (priorityClass) => [
    ...validateValue(priorityClass),
    ...checkedChoice('preemptionPolicy', priorityClass.preemptionPolicy, policies),
  ],
  validateUpdate(next, old) {
    const errors: FieldError[] = [];
    if (next.value !== old.value) errors.push(forbiddenField('value', 'may not be changed in an update.'));
    if (next.preemptionPolicy !== old.preemptionPolicy) {
      errors.push(forbiddenField('preemptionPolicy', 'may not be changed in an update.'));
    }
    return errors;
  },
};

function validateValue(priorityClass: PriorityClass): FieldError[] {
  const name = nameOf(priorityClass);
  if (name.startsWith(systemPrefix)) {
    if (systemValues[name] === priorityClass.value) return [];
    const detail = "priority class names with 'system-' prefix are reserved for system use only";
    return [forbiddenField('metadata.name', detail)];
  }
  if (priorityClass.value <= userValueMax) return [];
  return [forbiddenField('value', `maximum allowed value of a user defined priority is ${userValueMax}`)];
}
