/** Validation rules: the language, what they say, when they are asked, and that none of them can hold a thread up. */
import { describe, expect, test } from 'vitest';
import { CelCompiler } from '../../../src/api/cel.ts';
import { formatFieldError } from '../../../src/api/field-error.ts';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { validateSchema } from '../../../src/kinds/customresourcedefinition/validate-schema.ts';
import { RuleChecker } from '../../../src/kinds/structural/rules.ts';
import { structuralSchema } from '../../../src/kinds/structural/schema.ts';

const fields: JsonObject = {
  replicas: { type: 'integer' },
  max: { type: 'integer' },
  ratio: { type: 'number' },
  name: { type: 'string' },
  start: { type: 'string', format: 'date-time' },
  'odd-name': { type: 'string' },
  namespace: { type: 'string' },
  list: { type: 'array', items: { type: 'string' } },
  map: { type: 'object', additionalProperties: { type: 'string' } },
  port: { 'x-kubernetes-int-or-string': true },
};

function rule(expression: string, extra: object = {}): JsonObject {
  return { type: 'object', properties: fields, 'x-kubernetes-validations': [{ rule: expression, ...extra }] };
}

function complaints(schema: JsonObject, value: Json, old?: Json): readonly string[] {
  return new RuleChecker().check(value, structuralSchema(schema), old).map(formatFieldError);
}

const value: Json = {
  replicas: 3,
  max: 5,
  ratio: 0.5,
  name: 'abc',
  start: '2026-01-01T00:00:00Z',
  'odd-name': 'x',
  namespace: 'n',
  list: ['a', 'b'],
  map: { k: 'v', 'odd-key': 'w' },
  port: 80,
};

describe('expressions that hold', () => {
  test.each([
    'self.replicas <= self.max',
    'self.ratio < 1.0 && self.ratio * 2.0 == 1.0',
    'has(self.name) && !has(self.missing)',
    '!has(self.toString) && !has(self.constructor)',
    'self.?missing.orValue("none") == "none"',
    'self.name.matches("^[[:alpha:]]+$")',
    'self.start < timestamp("2027-01-01T00:00:00Z")',
    'self.odd__dash__name == "x"',
    'self.__namespace__ == "n"',
    'self.list.all(x, x in ["a", "b"]) && self.list.exists_one(x, x == "a")',
    'self.map.all(key, self.map[key].size() == 1) && "odd-key" in self.map',
    'self.list.isSorted() && self.list.indexOf("b") == 1',
    'self.name.replace("b", "") == "ac" && self.name.find("[bc]+") == "bc"',
    'type(self.port) == int ? self.port < 100 : true',
    'self.list.map(x, x + "!").join(",") == "a!,b!"',
    'size(self.list) == 2',
  ])('%s', (expression) => {
    expect(validateSchema(rule(expression), '')).toEqual([]);
    expect(complaints(rule(expression), value)).toEqual([]);
  });
});

test.each([
  ['self.replicas > self.max', {}, '<nil>: Invalid value: "object": failed rule: self.replicas > self.max'],
  ['false', { message: 'no way' }, '<nil>: Invalid value: "object": no way'],
  ['false', { messageExpression: '"name " + self.name' }, '<nil>: Invalid value: "object": name abc'],
  ['false', { reason: 'FieldValueForbidden', message: 'no', fieldPath: '.name' }, 'name: Forbidden: no'],
  ['false', { reason: 'FieldValueRequired', message: 'give one' }, '<nil>: Required value: give one'],
  ['self.missing == 1', { message: 'm' }, '<nil>: Invalid value: "object": No such key: missing evaluating rule: m'],
])('%s %j says: %s', (expression, extra, want) => {
  expect(complaints(rule(expression, extra), value)).toEqual([want]);
});

test('a rule stands where it stands in the object', () => {
  const item = { type: 'object', properties: fields, 'x-kubernetes-validations': [{ rule: 'self.replicas > 0' }] };
  const schema = { type: 'object', properties: { spec: { type: 'array', items: item } } };
  expect(complaints(schema, { spec: [{ replicas: 1 }, { replicas: 0 }] })).toEqual([
    'spec[1]: Invalid value: "object": failed rule: self.replicas > 0',
  ]);
});

test('rules about the old object hold for updates alone, unless the old one is optional', () => {
  const immutable = rule('self.name == oldSelf.name', { message: 'immutable' });
  expect(complaints(immutable, { name: 'a' })).toEqual([]);
  expect(complaints(immutable, { name: 'a' }, { name: 'a', max: 1 })).toEqual([]);
  expect(complaints(immutable, { name: 'b' }, { name: 'a' })).toHaveLength(1);
  const optional = rule('oldSelf.hasValue() || self.name == "first"', { optionalOldSelf: true });
  expect(complaints(optional, { name: 'second' })).toHaveLength(1);
  expect(complaints(optional, { name: 'second' }, { name: 'x' })).toEqual([]);
});

test('what has not changed is not asked again', () => {
  expect(complaints(rule('false'), { name: 'a' }, { name: 'a' })).toEqual([]);
});

test.each([
  ['self.replicas ==', 'compilation failed'],
  ['bogus > 1', 'compilation failed: Unknown variable: bogus'],
  ['self.name.frobnicate()', 'compilation failed: found no matching overload'],
  ['1 + 1', 'must evaluate to a bool'],
])('a definition with the rule %s is refused', (expression, want) => {
  const [error] = validateSchema(rule(expression), 's');
  expect(error?.field).toBe('s.x-kubernetes-validations[0].rule');
  expect(error?.body).toContain(want);
});

test('a rule about the old object is refused where there is no telling which it was', () => {
  const item = { type: 'object', properties: fields, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
  const schema = { type: 'object', properties: { list: { type: 'array', items: item } } };
  expect(validateSchema(schema, 's').map(formatFieldError).join()).toContain(
    'oldSelf cannot be used on the uncorrelatable portion of the schema',
  );
});

test('a rule that would take too long is refused before it begins', () => {
  const list = Array.from({ length: 2_000 }, (_, index) => `item-${index}`);
  const cubic = rule('self.list.all(x, self.list.all(y, self.list.all(z, x != y || y != z || true)))');
  expect(complaints(cubic, { list })).toEqual([
    '<nil>: Invalid value: "object": validation failed due to running out of cost budget, no further validation rules will be run',
  ]);
  expect(complaints(rule('self.list.all(x, x.startsWith("item"))'), { list })).toEqual([]);
});

test('a pattern that would backtrack for ever takes no time', () => {
  const evil = rule('!self.name.matches("^(a+)+$")');
  expect(complaints(evil, { name: `${'a'.repeat(10_000)}!` })).toEqual([]);
});

test('the cost grows with the depth of loops', () => {
  const compiled = new CelCompiler().compile('self.all(x, self.all(y, x == y))', 'bool');
  if (compiled.type !== 'program') throw new Error(compiled.message);
  expect(compiled.program.cost(100)).toBeGreaterThan(100 * 100);
  expect(compiled.program.cost(100)).toBeLessThan(100 * 100 * 20);
});
