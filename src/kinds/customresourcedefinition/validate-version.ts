/**
 * Validates the versions of a CustomResourceDefinition: their names, schemas, columns and subresources. What all versions have in common is
 * reported once, at the top of the spec, as Kubernetes does.
 */
import { at, child, type FieldError, invalid, notSupported, required } from '../../api/field-error.ts';
import { equalSemantic } from '../../api/json.ts';
import { parseJsonPath, plainFields } from '../../api/json-path.ts';
import { checkServiceLabel } from '../../api/names.ts';
import { checkedName } from '../field-checks.ts';
import type { DefinitionSpec, DefinitionVersion, PrinterColumn, ScalePaths } from './types.ts';
import { validateSchema } from './validate-schema.ts';

const versionsPath = 'spec.versions';
const columnTypes: readonly string[] = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats: readonly string[] = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const selectableFieldsMax = 8;

export function validateVersions(spec: DefinitionSpec): FieldError[] {
  const { versions } = spec;
  const errors: FieldError[] = [];
  const names = new Set(versions.map(({ name }) => name));
  if (names.size < versions.length) errors.push(invalid(versionsPath, [...names], 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1) {
    const detail = 'must have exactly one version marked as storage version';
    errors.push(invalid(versionsPath, [...names], detail));
  }
  for (const [index, version] of versions.entries()) {
    const path = at(versionsPath, index);
    errors.push(...checkedName(child(path, 'name'), version.name, checkServiceLabel));
    if ((version.deprecationWarning ?? '') !== '' && version.deprecated !== true) {
      const detail = 'can only be set for deprecated versions';
      errors.push(invalid(child(path, 'deprecationWarning'), version.deprecationWarning, detail));
    }
    errors.push(...validateSelectableFields(version, path));
  }
  errors.push(
    ...onceIfShared(versions, 'schema', validateVersionSchema),
    ...onceIfShared(versions, 'subresources', validateSubresources),
    ...onceIfShared(versions, 'additionalPrinterColumns', validateColumns),
  );
  return errors;
}

type SharedField = 'schema' | 'subresources' | 'additionalPrinterColumns';

/** Where Kubernetes holds what all versions share. */
const sharedPlaces: Readonly<Record<SharedField, string>> = {
  schema: 'spec.validation',
  subresources: 'spec.subresources',
  additionalPrinterColumns: 'spec.additionalPrinterColumns',
};

function onceIfShared(
  versions: readonly DefinitionVersion[],
  field: SharedField,
  validate: (version: DefinitionVersion, path: string) => FieldError[],
): FieldError[] {
  const [first] = versions;
  if (first === undefined) return [];
  if (versions.every((version) => equalSemantic(version[field], first[field]))) {
    // An absent schema is asked for where it belongs.
    const isAbsent = field === 'schema' && first.schema?.openAPIV3Schema === undefined;
    return validate(first, isAbsent ? child(at(versionsPath, 0), field) : sharedPlaces[field]);
  }
  return versions.flatMap((version, index) => validate(version, child(at(versionsPath, index), field)));
}

function validateVersionSchema({ schema }: DefinitionVersion, path: string): FieldError[] {
  const place = child(path, 'openAPIV3Schema');
  const tree = schema?.openAPIV3Schema;
  return tree === undefined ? [required(place, 'schemas are required')] : validateSchema(tree, place);
}

function validateColumns({ additionalPrinterColumns: columns = [] }: DefinitionVersion, path: string): FieldError[] {
  return columns.flatMap((column, index) => validateColumn(column, at(path, index)));
}

function validateColumn({ name, type, format = '', jsonPath }: PrinterColumn, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(child(path, 'name')));
  if (type === '') errors.push(required(child(path, 'type'), `must be one of ${columnTypes.join(',')}`));
  else if (!columnTypes.includes(type)) errors.push(notSupported(child(path, 'type'), type, columnTypes));
  if (format !== '' && !columnFormats.includes(format)) {
    errors.push(notSupported(child(path, 'format'), format, columnFormats));
  }
  if (jsonPath === '') errors.push(required(child(path, 'jsonPath')));
  else errors.push(...validatePath(jsonPath, child(path, 'jsonPath')));
  return errors;
}

function validatePath(text: string, path: string): FieldError[] {
  if (!text.startsWith('.')) return [invalid(path, text, 'must be a simple json path starting with .')];
  return parseJsonPath(text) === undefined ? [invalid(path, text, 'must be a json path in the dot notation')] : [];
}

function validateSubresources({ subresources }: DefinitionVersion, path: string): FieldError[] {
  return subresources?.scale === undefined ? [] : validateScale(subresources.scale, child(path, 'scale'));
}

function validateScale(scale: ScalePaths, path: string): FieldError[] {
  const places: readonly (readonly [keyof ScalePaths, readonly string[]])[] = [
    ['specReplicasPath', ['.spec.']],
    ['statusReplicasPath', ['.status.']],
    ['labelSelectorPath', ['.spec.', '.status.']],
  ];
  return places.flatMap(([field, roots]) => {
    const text = scale[field] ?? '';
    const place = child(path, field);
    if (text === '') return field === 'labelSelectorPath' ? [] : [required(place)];
    const steps = text.startsWith('.') ? parseJsonPath(text) : undefined;
    if (steps === undefined || plainFields(steps) === undefined) {
      return [invalid(place, text, 'must be a simple json path starting with .')];
    }
    const isBelow = roots.some((root) => text.startsWith(root));
    const wanted = roots.map((root) => root.slice(0, -1)).join(' or ');
    return isBelow ? [] : [invalid(place, text, `should be a json path under ${wanted}`)];
  });
}

function validateSelectableFields({ selectableFields = [], schema }: DefinitionVersion, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const place = child(path, 'selectableFields');
  if (selectableFields.length > selectableFieldsMax) {
    errors.push({
      reason: 'FieldValueTooMany',
      field: place,
      body: `Too many: ${selectableFields.length}: must have at most ${selectableFieldsMax} items`,
    });
  }
  const seen = new Set<string>();
  for (const [index, { jsonPath }] of selectableFields.entries()) {
    const own = child(at(place, index), 'jsonPath');
    if (jsonPath === '') errors.push(required(own));
    else if (seen.has(jsonPath))
      errors.push({ reason: 'FieldValueDuplicate', field: own, body: `Duplicate value: ${JSON.stringify(jsonPath)}` });
    else errors.push(...validateSelectable(jsonPath, schema?.openAPIV3Schema, own));
    seen.add(jsonPath);
  }
  return errors;
}

function validateSelectable(text: string, schema: unknown, path: string): FieldError[] {
  const steps = text.startsWith('.') ? parseJsonPath(text) : undefined;
  const names = steps === undefined ? undefined : plainFields(steps);
  if (names === undefined || names.length === 0)
    return [invalid(path, text, 'is an invalid path: must be a simple json path starting with .')];
  if (names[0] === 'metadata') return [invalid(path, text, 'must not point to fields in metadata')];
  let tree = schema as { properties?: Record<string, unknown>; type?: string } | undefined;
  for (const name of names) tree = tree?.properties?.[name] as typeof tree;
  if (tree === undefined) return [invalid(path, text, 'is an invalid path: does not refer to a valid field')];
  const isScalar = tree.type === 'string' || tree.type === 'boolean' || tree.type === 'integer';
  return isScalar
    ? []
    : [
        invalid(
          path,
          text,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      ];
}
