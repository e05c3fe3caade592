/** Whatever stands in a definition is accepted or complained about; and what is accepted can be worked with. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cloneJson, type Json, type JsonObject } from '../../../src/api/json.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import { StatusError } from '../../../src/api/status.ts';
import { customBehaviour } from '../../../src/kinds/customresource/behaviour.ts';
import { decodeCustom } from '../../../src/kinds/customresource/decode.ts';
import { CustomVersion } from '../../../src/kinds/customresource/version.ts';
import type { CustomResourceDefinition } from '../../../src/kinds/customresourcedefinition/types.ts';
import { validateSchema } from '../../../src/kinds/customresourcedefinition/validate-schema.ts';
import { decodeObject } from '../../../src/kinds/decode.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';
import { KindStrategy } from '../../../src/kinds/strategy.ts';

const kind = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' };
const info = builtInRegistry().kind(kind);
const junk = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;

/** Keywords with values that may or may not make sense. */
function schemaAround(inner: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.record(
    {
      type: fc.constantFrom('object', 'array', 'string', 'integer', 'number', 'boolean'),
      properties: fc.dictionary(fc.constantFrom('a', 'b', 'metadata', '__proto__'), inner, { maxKeys: 2 }),
      items: fc.oneof(junk, inner),
      additionalProperties: fc.oneof(junk, inner),
      required: fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
      enum: fc.array(junk, { maxLength: 2 }),
      default: junk,
      pattern: fc.constantFrom('^a', '(', '(a+)+$'),
      format: fc.constantFrom('date', 'int32', 'x'),
      maximum: fc.integer(),
      minLength: fc.nat(5),
      anyOf: fc.array(inner, { maxLength: 2 }),
      not: inner,
      nullable: fc.boolean(),
      'x-kubernetes-preserve-unknown-fields': fc.boolean(),
      'x-kubernetes-int-or-string': fc.boolean(),
      'x-kubernetes-embedded-resource': fc.boolean(),
      'x-kubernetes-list-type': fc.constantFrom('map', 'set', 'atomic', 'x'),
      'x-kubernetes-list-map-keys': fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
      'x-kubernetes-validations': fc.array(
        fc.record({ rule: fc.constantFrom('true', 'self == oldSelf', 'self.a', ')', '') }),
        { maxLength: 1 },
      ),
    },
    { requiredKeys: ['type'] },
  ) as fc.Arbitrary<Json>;
}

const schemas = schemaAround(schemaAround(schemaAround(fc.constant({ type: 'string' }))));

function definitionOf(schema: Json, version: JsonObject): Json {
  return {
    metadata: { name: 'things.example.com', uid: 'u' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }],
    },
  };
}

/** Returns what decoding makes of a tree, or null for what it refuses. */
function decoded(tree: Json): AnyObject | null {
  try {
    return decodeObject(tree, kind, builtInSchemas, 'Ignore').object;
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    return null;
  }
}

test('a definition is accepted or refused, whatever its schema', () => {
  fc.assert(
    fc.property(schemas, (schema) => {
      const object = decoded(definitionOf(schema, {}));
      if (object === null || info === undefined) return;
      const strategy = new KindStrategy(info);
      strategy.setDefaults(object);
      expect(Array.isArray(strategy.validateCreate(object))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('columns, paths and selectable fields of any sort are accepted or refused', () => {
  const texts = fc.constantFrom('', '.spec.a', 'spec', '.spec[?(@.a=="b")]', '.status.a', '..', '.[');
  const versions = fc.record({
    additionalPrinterColumns: fc.array(fc.record({ name: texts, type: texts, jsonPath: texts }), { maxLength: 2 }),
    subresources: fc.record({ scale: fc.record({ specReplicasPath: texts, statusReplicasPath: texts }) }),
    selectableFields: fc.array(fc.record({ jsonPath: texts }), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(versions, (version) => {
      const object = decoded(definitionOf({ type: 'object' }, version as unknown as JsonObject));
      if (object === null || info === undefined) return;
      const strategy = new KindStrategy(info);
      strategy.setDefaults(object);
      expect(Array.isArray(strategy.validateCreate(object))).toBe(true);
    }),
  );
});

test('an object of any definition is decoded and validated or refused, and what an accepted one decodes to decodes to itself', () => {
  fc.assert(
    fc.property(schemas, junk, (schema, a) => {
      const definition = decoded(definitionOf(schema, {})) as unknown as CustomResourceDefinition | null;
      const first = definition?.spec.versions[0];
      if (definition === null || first === undefined) return;
      const version = new CustomVersion(definition, first, () => cloneJson(definition));
      const tree = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'x' }, a, b: a };
      const { object } = decodeCustom(cloneJson(tree), version, builtInSchemas, 'Warn');
      const again = decodeCustom(cloneJson(object) as unknown as Json, version, builtInSchemas, 'Warn');
      if (validateSchema(version.schemaTree(), 's').length === 0) {
        expect(again.warnings).toEqual([]);
        expect(JSON.stringify(again.object)).toBe(JSON.stringify(object));
      }
      const behaviour = customBehaviour(version);
      expect(Array.isArray(behaviour.validateCreate?.(object))).toBe(true);
      expect(Array.isArray(behaviour.validateUpdate?.(object, again.object))).toBe(true);
    }),
    { numRuns: 500 },
  );
});
