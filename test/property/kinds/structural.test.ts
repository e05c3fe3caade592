/** Properties of pruning and defaulting over random schemas and random values. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cloneJson, isJsonObject, type Json, type JsonObject } from '../../../src/api/json.ts';
import { applyDefaults } from '../../../src/kinds/structural/default.ts';
import { pruneDefault } from '../../../src/kinds/structural/prune.ts';
import { structuralSchema } from '../../../src/kinds/structural/schema.ts';
import { validateValue } from '../../../src/kinds/structural/validate-value.ts';

const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'toString');

const { schema: schemas } = fc.letrec<{ schema: JsonObject; scalar: JsonObject }>((tie) => ({
  scalar: fc.oneof(
    fc.record({ type: fc.constant('string'), default: fc.string({ maxLength: 3 }) }, { requiredKeys: ['type'] }),
    fc.record({ type: fc.constant('integer'), nullable: fc.boolean(), default: fc.nat(9) }, { requiredKeys: ['type'] }),
    fc.constant({ 'x-kubernetes-preserve-unknown-fields': true }),
  ) as fc.Arbitrary<JsonObject>,
  schema: fc.oneof(
    { maxDepth: 3 },
    tie('scalar'),
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc.record({ type: fc.constant('object'), additionalProperties: tie('schema') }),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(names, tie('schema'), { maxKeys: 3 }),
        'x-kubernetes-preserve-unknown-fields': fc.constant(true),
        default: fc.constant({}),
      },
      { requiredKeys: ['type', 'properties'] },
    ) as unknown as fc.Arbitrary<JsonObject>,
  ),
}));

const values = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, 'x', 5, 1.5),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3 }),
  ),
})).value as fc.Arbitrary<Json>;

/** Every path of a value, as text. */
function pathsOf(value: Json, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => pathsOf(item, `${path}[${index}]`));
  if (!isJsonObject(value)) return [path];
  return [path, ...Object.keys(value).flatMap((name) => pathsOf(value[name] as Json, `${path}.${name}`))];
}

test('pruning twice drops nothing more than pruning once', () => {
  fc.assert(
    fc.property(schemas, values, (tree, value) => {
      const schema = structuralSchema(tree);
      const pruned = cloneJson(value);
      pruneDefault(pruned, schema);
      expect(pruneDefault(pruned, schema)).toEqual([]);
    }),
  );
});

test('pruning only takes away', () => {
  fc.assert(
    fc.property(schemas, values, (tree, value) => {
      const pruned = cloneJson(value);
      pruneDefault(pruned, structuralSchema(tree));
      const before = new Set(pathsOf(value));
      for (const path of pathsOf(pruned)) expect(before).toContain(path);
    }),
  );
});

test('filling twice fills nothing more than filling once', () => {
  fc.assert(
    fc.property(schemas, values, (tree, value) => {
      const schema = structuralSchema(tree);
      const filled = cloneJson(value);
      applyDefaults(filled, schema);
      const once = cloneJson(filled);
      expect(applyDefaults(filled, schema)).toBe(false);
      expect(filled).toEqual(once);
    }),
  );
});

test('a value that has not changed is never complained about', () => {
  fc.assert(
    fc.property(schemas, values, (tree, value) => {
      expect(validateValue(value, structuralSchema(tree), 'f', cloneJson(value))).toEqual([]);
    }),
  );
});
