/** Structural schemas: what is pruned, filled in, and complained about, value by value. */
import { describe, expect, test } from 'vitest';
import { formatFieldError } from '../../../src/api/field-error.ts';
import { cloneJson, type Json, type JsonObject } from '../../../src/api/json.ts';
import { applyDefaults } from '../../../src/kinds/structural/default.ts';
import { pruneObject } from '../../../src/kinds/structural/prune.ts';
import { structuralSchema } from '../../../src/kinds/structural/schema.ts';
import { validateValue } from '../../../src/kinds/structural/validate-value.ts';

/** What is wrong with `value` in the field `f`. */
function complaints(schema: JsonObject, value: Json, old?: Json): readonly string[] {
  const root = structuralSchema({ type: 'object', properties: { f: schema } });
  return validateValue({ f: value }, root, '', old === undefined ? undefined : { f: old }).map(formatFieldError);
}

const text = { type: 'string' };
const integer = { type: 'integer' };
const texts = { type: 'array', items: text };
const intOrString = { 'x-kubernetes-int-or-string': true };
const keyed = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name', 'port'],
  items: {
    type: 'object',
    properties: { name: text, port: { ...integer, default: 80 }, size: { ...integer, maximum: 5 } },
  },
};

const table: readonly (readonly [name: string, schema: JsonObject, value: Json, ...want: string[]])[] = [
  ['a text is a text', text, 'x'],
  ['a number is no text', text, 5, 'f: Invalid value: "integer": f in body must be of type string: "integer"'],
  ['null is nothing', text, null, 'f: Invalid value: "null": f in body must be of type string: "null"'],
  ['null where it may be', { ...text, nullable: true }, null],
  ['a whole number is a number', { type: 'number' }, 5],
  ['a fraction is no integer', integer, 1.5, 'f: Invalid value: "number": f in body must be of type integer: "number"'],
  ['an integer or a text', intOrString, '50%'],
  ['neither', intOrString, true, 'f: Invalid value: "boolean": f in body must be of type integer,string: "boolean"'],
  ['a bound', { ...integer, maximum: 3 }, 4, 'f: Invalid value: 4: f in body should be less than or equal to 3'],
  [
    'a bound that is left out',
    { ...integer, minimum: 3, exclusiveMinimum: true },
    3,
    'f: Invalid value: 3: f in body should be greater than 3',
  ],
  ['a multiple', { type: 'number', multipleOf: 0.1 }, 0.3],
  ['no multiple', { ...integer, multipleOf: 3 }, 4, 'f: Invalid value: 4: f in body should be a multiple of 3'],
  ['too long', { ...text, maxLength: 2 }, 'abc', 'f: Too long: may not be more than 2 bytes'],
  ['a pair of surrogates is one', { ...text, maxLength: 1 }, '😀'],
  ['too short', { ...text, minLength: 1 }, '', 'f: Invalid value: "": f in body should be at least 1 chars long'],
  ['a pattern', { ...text, pattern: '^a+$' }, 'b', 'f: Invalid value: "b": f in body should match \'^a+$\''],
  ['a pattern of Go', { ...text, pattern: '(?i)^[[:alpha:]]+\\z' }, 'ABC'],
  ['a choice', { ...text, enum: ['a', 'b'] }, 'c', 'f: Unsupported value: "c": supported values: "a", "b"'],
  [
    'a format',
    { ...text, format: 'date-time' },
    'now',
    'f: Invalid value: "now": f in body must be of type date-time: "now"',
  ],
  ['an unknown format', { ...text, format: 'colour' }, 'now'],
  ['too many', { ...texts, maxItems: 1 }, ['a', 'b'], 'f: Too many: 2: must have at most 1 items'],
  ['too few', { ...texts, minItems: 1 }, [], 'f: Invalid value: 0: f in body should have at least 1 items'],
  ['an item', texts, ['a', 1], 'f[1]: Invalid value: "integer": f[1] in body must be of type string: "integer"'],
  ['a set', { ...texts, 'x-kubernetes-list-type': 'set' }, ['a', 'b', 'a'], 'f[2]: Duplicate value: "a"'],
  [
    'a map by keys, of which one is by default',
    keyed,
    [{ name: 'a' }, { name: 'a', port: 80 }, { name: 'a', port: 81 }],
    'f[1]: Duplicate value: {"name":"a","port":80}',
  ],
  ['a required field', { type: 'object', required: ['g'], properties: { g: text } }, {}, 'f.g: Required value'],
  [
    'a value of a map',
    { type: 'object', additionalProperties: text },
    { k: 1 },
    'f.k: Invalid value: "integer": f.k in body must be of type string: "integer"',
  ],
  [
    'too many fields',
    { type: 'object', additionalProperties: text, maxProperties: 1 },
    { a: 'x', b: 'y' },
    'f: Too many: 2: must have at most 1 items',
  ],
  [
    'one of several, none of which fits',
    { ...integer, oneOf: [{ minimum: 10 }, { maximum: 0 }] },
    5,
    'f: Invalid value: "": "f" must validate one and only one schema (oneOf). Found none valid',
    'f: Invalid value: 5: f in body should be greater than or equal to 10',
  ],
  [
    'one of several, of which two fit',
    { ...integer, oneOf: [{ minimum: 1 }, { maximum: 9 }] },
    5,
    'f: Invalid value: "": "f" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ],
  [
    'any of several',
    { ...integer, anyOf: [{ minimum: 10 }, { maximum: 0 }] },
    5,
    'f: Invalid value: "": "f" must validate at least one schema (anyOf)',
    'f: Invalid value: 5: f in body should be greater than or equal to 10',
  ],
  ['none', { ...integer, not: { minimum: 1 } }, 5, 'f: Invalid value: "": "f" must not validate the schema (not)'],
  [
    'all',
    { ...integer, allOf: [{ minimum: 1 }, { maximum: 4 }] },
    5,
    'f: Invalid value: "": "f" must validate all the schemas (allOf)',
    'f: Invalid value: 5: f in body should be less than or equal to 4',
  ],
  [
    'an object within has to say what it is',
    { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
    { kind: 'Pod' },
    'f.apiVersion: Required value: must not be empty',
  ],
];

describe('validation', () => {
  test.each(table)('%s', (_name, schema, value, ...want) => {
    expect(complaints(schema as JsonObject, value as Json)).toEqual(want);
  });

  test('what was wrong before and has not changed is passed over in an update', () => {
    const strict = { type: 'object', properties: { a: { ...integer, maximum: 3 }, b: text } };
    expect(complaints(strict, { a: 9, b: 'new' }, { a: 9, b: 'old' })).toEqual([]);
    expect(complaints(strict, { a: 8 }, { a: 9 })).toHaveLength(1);
    const old = [{ name: 'a', size: 9 }];
    expect(complaints(keyed, [{ name: 'new' }, { name: 'a', size: 9 }], old)).toEqual([]);
    expect(complaints(keyed, [{ name: 'b', size: 9 }], old)).toHaveLength(1);
  });
});

const schema = structuralSchema({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      default: {},
      properties: {
        known: { ...text, default: 'd' },
        open: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { inner: { type: 'object' } },
        },
        map: {
          type: 'object',
          additionalProperties: { type: 'object', properties: { a: { ...integer, default: 1 } } },
        },
        list: { type: 'array', items: { type: 'object', properties: { a: { ...integer, default: 1 } } } },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          properties: { spec: { type: 'object', properties: {} } },
        },
      },
    },
  },
});

test('pruning drops unknown fields wherever they are and says where', () => {
  const object: JsonObject = {
    apiVersion: 'v1',
    kind: 'X',
    metadata: { anything: 1 },
    extra: 1,
    spec: {
      known: 'a',
      unknown: { deep: 1 },
      open: { any: { thing: 1 }, inner: { dropped: 1 } },
      map: { k: { a: 1, b: 2 } },
      list: [{ a: 1 }, { b: 2 }],
      template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, status: {}, spec: { b: 1 } },
    },
  };
  expect(pruneObject(object, schema)).toEqual([
    'extra',
    'spec.unknown',
    'spec.open.inner.dropped',
    'spec.map.k.b',
    'spec.list[1].b',
    'spec.template.status',
    'spec.template.spec.b',
  ]);
  expect(object).toEqual({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { anything: 1 },
    spec: {
      known: 'a',
      open: { any: { thing: 1 }, inner: {} },
      map: { k: { a: 1 } },
      list: [{ a: 1 }, {}],
      template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: {} },
    },
  });
});

test('defaults fill what is absent, from the outside in, and a null that may not be', () => {
  const empty: JsonObject = {};
  expect(applyDefaults(empty, schema)).toBe(true);
  expect(empty).toEqual({ spec: { known: 'd' } });
  const object: JsonObject = { spec: { known: null, map: { k: {} }, list: [{}, { a: 2 }] } };
  applyDefaults(object, schema);
  expect(object).toEqual({ spec: { known: 'd', map: { k: { a: 1 } }, list: [{ a: 1 }, { a: 2 }] } });
  const other = cloneJson(object);
  expect(applyDefaults(object, schema)).toBe(false);
  expect(object).toEqual(other);
});

test('a field whose name is __proto__ is pruned like any other', () => {
  const object = JSON.parse('{"spec":{"__proto__":{"x":1},"known":"a"}}') as JsonObject;
  expect(pruneObject(object, schema)).toEqual(['spec.__proto__']);
  expect(JSON.stringify(object)).toBe('{"spec":{"known":"a"}}');
});
