/**
 * Protobuf bodies say what JSON says: random objects of every kind, written by an encoder over the same table, decode to the same tree;
 * and whatever else stands in a body is refused with 400, never with an exception.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apiVersionOf } from '../../../src/api/group-version.ts';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { StatusError } from '../../../src/api/status.ts';
import { must } from '../../../src/base/assert.ts';
import { decodeObject } from '../../../src/kinds/decode.ts';
import { decodeProtobuf } from '../../../src/kinds/decode-protobuf.ts';
import { builtInRegistry, type ResourceInfo } from '../../../src/kinds/registry.ts';
import { builtInSchemas, type FieldType } from '../../../src/kinds/schema.ts';
import { protobufBody } from './protobuf-writer.ts';

const infos = builtInRegistry().resources.filter(
  ({ group, verbs }) => verbs.includes('create') && group !== 'apiextensions.k8s.io',
);

/** Makes trees in the form that protobuf decodes to: canonical leaves, no empty lists and maps. `next` draws numbers below its argument. */
function treeOf(type: FieldType, depth: number, next: (below: number) => number): Json {
  const pick = (choices: readonly Json[]): Json => choices[next(choices.length)] as Json;
  switch (type.type) {
    case 'struct':
      return structOf(type.name, depth, next);
    case 'list':
      return Array.from({ length: 1 + next(3) }, () => treeOf(type.item, depth - 1, next));
    case 'map':
      return Object.fromEntries(['b', 'a'].slice(next(2)).map((key) => [key, treeOf(type.value, depth - 1, next)]));
    case 'string':
      return pick(['', 'x', 'äöü€😀']);
    case 'bool':
      return next(2) === 1;
    case 'bytes':
      return pick(['', 'YQ==', '/+8A']);
    case 'quantity':
      return pick(['1', '1Gi', '0']);
    case 'time':
      return pick([null, '2024-01-02T03:04:05Z', '1969-12-31T23:59:59Z']);
    case 'microTime':
      return pick([null, '2024-01-02T03:04:05.678901Z']);
    case 'json':
      return pick([{ a: [1] }, [], 'x']);
    case 'intOrString':
      return pick([0, 8080, '25%', '']);
    case 'int64':
      return pick([0, -1, 2 ** 40, -(2 ** 40)]);
    case 'number':
      return pick([0, 1.5]);
    default:
      return pick([0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]);
  }
}

function structOf(name: string, depth: number, next: (below: number) => number): JsonObject {
  const result: JsonObject = {};
  for (const { name: field, type, protobufPath } of must(builtInSchemas.struct(name), name).fields) {
    if (protobufPath === undefined || depth <= 0 || next(3) !== 0) continue;
    result[field] = treeOf(type, depth - 1, next);
  }
  return result;
}

function makeTree(info: ResourceInfo, draws: readonly number[]): JsonObject {
  let index = 0;
  const next = (below: number): number => {
    index += 1;
    return must(draws[index % draws.length], 'draw') % below;
  };
  return structOf(must(builtInSchemas.kind(info), info.kind).name, 7, next);
}

function bodyOf(info: ResourceInfo, tree: JsonObject): Uint8Array {
  return protobufBody(apiVersionOf(info), info.kind, must(builtInSchemas.kind(info), info.kind).name, tree);
}

const draws = fc.array(fc.nat({ max: 1000 }), { minLength: 20, maxLength: 200 });

test('an object in protobuf is the object in JSON', () => {
  fc.assert(
    fc.property(fc.constantFrom(...infos), draws, (info, numbers) => {
      const tree = makeTree(info, numbers);
      const decoded = decodeProtobuf(bodyOf(info, tree), info, builtInSchemas);
      expect(decoded).toEqual({ apiVersion: apiVersionOf(info), kind: info.kind, ...tree });
      const fromJson = decodeObject(tree, info, builtInSchemas, 'Strict').object;
      expect(decodeObject(decoded, info, builtInSchemas, 'Strict').object).toEqual(fromJson);
    }),
    { numRuns: 300 },
  );
});

test('bytes that were changed or cut off decode, or are refused with 400', () => {
  let refusedCount = 0;
  const change = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }), length: fc.nat() });
  fc.assert(
    fc.property(
      fc.constantFrom(...infos),
      draws,
      fc.array(change, { minLength: 1, maxLength: 4 }),
      (info, numbers, changes) => {
        let body = bodyOf(info, makeTree(info, numbers));
        for (const { at, byte, length } of changes) {
          body[4 + (at % (body.length - 4))] = byte;
          if (length % 4 === 0) body = body.subarray(0, 5 + (length % (body.length - 4)));
        }
        try {
          decodeObject(decodeProtobuf(body, info, builtInSchemas), info, builtInSchemas, 'Strict');
        } catch (error: unknown) {
          if (!(error instanceof StatusError)) throw error;
          expect(error.status.code).toBe(400);
          refusedCount += 1;
        }
      },
    ),
    { numRuns: 2_000 },
  );
  expect(refusedCount).toBeGreaterThan(100);
});
