/** How custom resources begin and change. Models apiextensions-apiserver pkg/registry/customresource strategy.go and status_strategy.go. */
import { type FieldError, invalid } from '../../api/field-error.ts';
import type { Json, Mutable } from '../../api/json.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { validateValue } from '../structural/validate-value.ts';
import type { CustomVersion } from './version.ts';

export function customBehaviour(version: CustomVersion): KindBehaviour<AnyObject> {
  return {
    hasGeneration: true,
    allowsAnyFinalizer: true,
    allowsCreateOnUpdate: false,
    keepsStatusOnCreate: true,
    fieldLabels: version.selectable.map(({ label }) => label),
    selectableFields: (object) => version.fieldsOf(object),
    prepareForCreate(object) {
      if (version.hasStatus) delete (object as Mutable<AnyObject>).status;
    },
    prepareForStatusUpdate(object, old) {
      const { managedFields } = object.metadata;
      const metadata = managedFields === undefined ? old.metadata : { ...old.metadata, managedFields };
      (object as Mutable<AnyObject>).metadata = metadata;
    },
    validateCreate: (object) => validateAgainst(version, object),
    validateUpdate: (object, old) => validateAgainst(version, object, old),
    validateStatusUpdate: (object, old) => validateAgainst(version, object, old),
  };
}

/** Metadata is validated as that of every kind; the schema may constrain the name. */
function validateAgainst(version: CustomVersion, object: AnyObject, old?: AnyObject): FieldError[] {
  const { schema } = version;
  const tree = object as unknown as Json;
  const former = old as unknown as Json | undefined;
  const errors = validateValue(tree, schema, '', former);
  if (!schema.hasRules) return errors;
  if (errors.length > 0) return [...errors, invalid('<nil>', null, unchecked)];
  return version.rules.check(tree, schema, former);
}

/** Rules may rely on what the schema says. */
const unchecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
