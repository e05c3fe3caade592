/** How storage classes begin and change. Models kubernetes pkg/apis/storage/validation ValidateStorageClass and its defaults. */
import {
  at,
  child,
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from '../../api/field-error.ts';
import { equalSemantic, setDefault } from '../../api/json.ts';
import { checkQualifiedName } from '../../api/names.ts';
import { utf8 } from '../../base/bytes.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedImmutable, checkedName } from '../field-checks.ts';
import type { StorageClass, TopologySelectorTerm } from './types.ts';

const policies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];
const parametersMax = 512;
const parametersBytesMax = 256 * 1024;

export const storageClassBehaviour: KindBehaviour<StorageClass> = {
  setDefaults(storageClass) {
    setDefault(storageClass, 'reclaimPolicy', 'Delete');
    setDefault(storageClass, 'volumeBindingMode', 'Immediate');
  },
  validate: (storageClass) => [
    ...validateProvisioner(storageClass.provisioner ?? ''),
    ...validateParameters(storageClass.parameters ?? {}),
    ...validateChoices(storageClass),
    ...validateTopologies(storageClass.allowedTopologies ?? []),
  ],
  validateUpdate(next, old) {
    const errors: FieldError[] = [];
    for (const name of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
      if (!equalSemantic(next[name], old[name])) {
        errors.push(forbiddenField(name, `updates to ${name} are forbidden.`));
      }
    }
    return errors.concat(checkedImmutable('volumeBindingMode', next.volumeBindingMode, old.volumeBindingMode));
  },
};

function validateProvisioner(provisioner: string): FieldError[] {
  if (provisioner === '') return [required('provisioner')];
  return checkedName('provisioner', provisioner.toLowerCase(), checkQualifiedName);
}

function validateParameters(parameters: Readonly<Record<string, string>>): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > parametersMax)
    return [invalid('parameters', parameters, `must have at most ${parametersMax} items`)];
  const errors = entries
    .filter(([name]) => name === '')
    .map(([name]) => invalid('parameters', name, 'field can not be empty.'));
  const bytes = entries.reduce((sum, [name, value]) => sum + utf8(name).length + utf8(value).length, 0);
  if (bytes > parametersBytesMax)
    errors.push(invalid('parameters', '', `must have at most ${parametersBytesMax} bytes`));
  return errors;
}

function validateChoices({ reclaimPolicy, volumeBindingMode }: StorageClass): FieldError[] {
  const errors: FieldError[] = [];
  if (reclaimPolicy !== undefined && !policies.includes(reclaimPolicy)) {
    errors.push(notSupported('reclaimPolicy', reclaimPolicy, policies));
  }
  if (volumeBindingMode === undefined) errors.push(required('volumeBindingMode'));
  else if (!bindingModes.includes(volumeBindingMode)) {
    errors.push(notSupported('volumeBindingMode', volumeBindingMode, bindingModes));
  }
  return errors;
}

function validateTopologies(terms: readonly TopologySelectorTerm[]): FieldError[] {
  return terms.flatMap(({ matchLabelExpressions = [] }, index) => {
    const path = child(at('allowedTopologies', index), 'matchLabelExpressions');
    const keys = new Set<string>();
    return matchLabelExpressions.flatMap(({ key, values }, place): FieldError[] => {
      const errors = checkedName(child(at(path, place), 'key'), key, checkQualifiedName);
      if ((values ?? []).length === 0) errors.push(required(child(at(path, place), 'values')));
      if (keys.has(key)) errors.push(duplicate(child(at(path, place), 'key'), key));
      keys.add(key);
      return errors;
    });
  });
}
