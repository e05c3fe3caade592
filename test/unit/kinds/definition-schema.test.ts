/** Which schemas are structural, and what is said about those that are not. */
import { expect, test } from 'vitest';
import { formatFieldError } from '../../../src/api/field-error.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { validateSchema } from '../../../src/kinds/customresourcedefinition/validate-schema.ts';

function complaints(schema: JsonObject): readonly string[] {
  return validateSchema(schema, 's').map(formatFieldError);
}

/** A schema with one field. */
function field(schema: JsonObject): JsonObject {
  return { type: 'object', properties: { f: schema } };
}

const text = { type: 'string' };
const both = [{ type: 'integer' }, { type: 'string' }];

const table: readonly (readonly [name: string, schema: JsonObject, ...want: string[]])[] = [
  ['an object', field(text)],
  ['a root without a type', {}, 's.type: Required value: must not be empty at the root'],
  ['a root that is no object', { type: 'string' }, 's.type: Invalid value: "string": must be object at the root'],
  [
    'a field without a type',
    field({ description: 'x' }),
    's.properties[f].type: Required value: must not be empty for specified object fields',
  ],
  [
    'items without a type',
    field({ type: 'array', items: { format: 'x' } }),
    's.properties[f].items.type: Required value: must not be empty for specified array items',
  ],
  ['a field that is anything', field({ 'x-kubernetes-preserve-unknown-fields': true })],
  ['an integer or a text, as generators write it', field({ 'x-kubernetes-int-or-string': true, anyOf: both })],
  [
    'an integer or a text, with more',
    field({ 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: both }, { pattern: 'x' }] }),
  ],
  [
    'a type inside of a junctor',
    field({ ...text, anyOf: [{ type: 'string' }] }),
    's.properties[f].anyOf[0].type: Forbidden: must be empty to be structural',
  ],
  [
    'a field that only a junctor knows',
    { ...field(text), oneOf: [{ properties: { g: { pattern: 'x' } } }] },
    's.properties[g]: Required value: because it is defined in s.oneOf[0].properties[g]',
  ],
  ['a required field in a junctor', { ...field(text), oneOf: [{ required: ['f'] }, { not: { required: ['f'] } }] }],
  [
    'unique items',
    field({ type: 'array', uniqueItems: true, items: text }),
    's.properties[f].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
  ],
  ['a reference', field({ ...text, $ref: '#/x' }), 's.properties[f].$ref: Forbidden: $ref is not supported'],
  [
    'both kinds of properties',
    field({ type: 'object', properties: { g: text }, additionalProperties: text }),
    's.properties[f].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
  ],
  [
    'a closed object',
    field({ type: 'object', additionalProperties: false }),
    's.properties[f].additionalProperties: Forbidden: additionalProperties cannot be set to false',
  ],
  [
    'preserving no unknown fields',
    field({ type: 'object', 'x-kubernetes-preserve-unknown-fields': false }),
    's.properties[f].x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined',
  ],
  [
    'a list that is a map without keys',
    field({ type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } }),
    's.properties[f].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
  ],
  [
    'a key that may be absent',
    field({
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', properties: { k: text } },
    }),
    's.properties[f].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
  ],
  [
    'a default of another type',
    field({ ...text, default: 5 }),
    's.properties[f].default: Invalid value: "integer": s.properties[f].default in body must be of type string: "integer"',
  ],
  [
    'a default with unknown fields',
    field({ type: 'object', properties: {}, default: { x: 1 } }),
    's.properties[f].default: Invalid value: {"x":1}: must not have unknown fields',
  ],
  [
    'metadata beyond the name',
    { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
    's.properties[metadata].properties: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
  ],
  [
    'a pattern that is none',
    field({ ...text, pattern: '(' }),
    's.properties[f].pattern: Invalid value: "(": must be a valid regular expression, but isn\'t',
  ],
];

test.each(table)('%s', (_name, schema, ...want) => {
  expect(complaints(schema as JsonObject)).toEqual(want);
});

test('everything that is wrong is told at once', () => {
  const schema = { type: 'object', properties: { a: {}, b: { type: 'list' }, c: { type: 'array' } } };
  expect(complaints(schema)).toHaveLength(3);
});
