/** Decoding and defaulting settle at once: doing either again changes nothing. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cloneJson, freezeJson, type Json, type JsonObject, setField } from '../../../src/api/json.ts';
import { StatusError } from '../../../src/api/status.ts';
import { must } from '../../../src/base/assert.ts';
import { decodeObject } from '../../../src/kinds/decode.ts';
import { builtInRegistry, type ResourceInfo } from '../../../src/kinds/registry.ts';
import { builtInSchemas, type FieldType } from '../../../src/kinds/schema.ts';
import { KindStrategy } from '../../../src/kinds/strategy.ts';

const infos = builtInRegistry().resources.filter(({ verbs }) => verbs.includes('update'));

/** Makes trees out of a schema, a few levels deep. `next` draws numbers below its argument. */
function treeOf(type: FieldType, depth: number, next: (below: number) => number): Json {
  const pick = (choices: readonly Json[]): Json => choices[next(choices.length)] as Json;
  switch (type.type) {
    case 'struct': {
      const result: JsonObject = {};
      for (const field of must(builtInSchemas.struct(type.name), type.name).fields) {
        if (depth > 0 && next(3) === 0) setField(result, field.name, treeOf(field.type, depth - 1, next));
      }
      return result;
    }
    case 'list':
      return Array.from({ length: next(3) }, () => treeOf(type.item, depth - 1, next));
    case 'map':
      return Object.fromEntries(['b', 'a'].slice(next(3)).map((key) => [key, treeOf(type.value, depth - 1, next)]));
    case 'string':
    case 'duration':
      return pick(['', 'x', 'ClusterIP']);
    case 'bool':
      return next(2) === 1;
    case 'bytes':
      return pick(['', 'YQ==']);
    case 'quantity':
      return pick([1, '0.5', '1024Mi', '0']);
    case 'time':
    case 'microTime':
      return pick([null, '2024-01-02T03:04:05.678901+01:00', '2024-01-02T03:04:05Z']);
    case 'json':
      return pick([{ a: 1 }, [], 'x']);
    default:
      return next(4);
  }
}

function makeTree(info: ResourceInfo, draws: readonly number[]): JsonObject {
  let index = 0;
  const next = (below: number): number => {
    index += 1;
    return must(draws[index % draws.length], 'draw') % below;
  };
  const tree: JsonObject = {};
  for (const field of must(builtInSchemas.kind(info), info.kind).fields) {
    if (field.name !== 'kind' && field.name !== 'apiVersion') tree[field.name] = treeOf(field.type, 6, next);
  }
  return tree;
}

const draws = fc.array(fc.nat({ max: 1000 }), { minLength: 20, maxLength: 200 });

test('decoding is idempotent, and does not touch its input', () => {
  fc.assert(
    fc.property(fc.constantFrom(...infos), draws, (info, numbers) => {
      const tree = freezeJson(makeTree(info, numbers));
      const once = decodeObject(tree, info, builtInSchemas, 'Strict').object;
      const again = decodeObject(cloneJson(once) as unknown as Json, info, builtInSchemas, 'Strict').object;
      expect(JSON.stringify(again)).toBe(JSON.stringify(once));
    }),
    { numRuns: 300 },
  );
});

test('defaulting is idempotent, validation never fails of itself, and defaults are fields of the schema', () => {
  fc.assert(
    fc.property(fc.constantFrom(...infos), draws, (info, numbers) => {
      const strategy = new KindStrategy(info);
      const { object } = decodeObject(makeTree(info, numbers), info, builtInSchemas, 'Strict');
      strategy.setDefaults(object);
      const once = JSON.stringify(object);
      strategy.setDefaults(object);
      expect(JSON.stringify(object)).toBe(once);
      expect(() => decodeObject(JSON.parse(once) as Json, info, builtInSchemas, 'Strict')).not.toThrow();
      expect(Array.isArray(strategy.validateCreate(freezeJson(object)))).toBe(true);
      expect(Array.isArray(strategy.validateUpdate(object, object))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('whatever a client sends is decoded or refused as a bad request', () => {
  fc.assert(
    fc.property(fc.constantFrom(...infos), fc.jsonValue(), fc.jsonValue(), (info, spec, metadata) => {
      try {
        decodeObject({ metadata: metadata as Json, spec: spec as Json }, info, builtInSchemas, 'Warn');
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError);
        expect((error as StatusError).status.code).toBe(400);
      }
    }),
  );
});
