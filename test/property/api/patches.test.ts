/** Laws of patches: a made patch reproduces its target, a patch is atomic, applying the same state twice changes nothing. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cloneJson, equalJson, type Json, type JsonObject } from '../../../src/api/json.ts';
import { applyJsonPatch } from '../../../src/api/json-patch.ts';
import { orderMerged } from '../../../src/api/merge-order.ts';
import { applyMergePatch, makeMergePatch } from '../../../src/api/merge-patch.ts';
import { applyStrategicMergePatch, type PatchShape } from '../../../src/api/strategic-merge-patch.ts';

const name = fc.constantFrom('a', 'b', 'c', '__proto__', 'x/y', '~z');
const scalar = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('x', 'y'), fc.boolean());
const tree = fc.letrec<{ value: Json; object: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc
    .array(fc.tuple(name, tie('value')), { maxLength: 4 })
    .map(
      (entries) =>
        JSON.parse(
          `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
        ) as Json,
    ),
}));

test('a made merge patch turns source into target', () => {
  fc.assert(
    fc.property(tree.value, tree.value, (source, target) => {
      expect(equalJson(applyMergePatch(source, makeMergePatch(source, target)), target)).toBe(true);
    }),
  );
});

test('a merge patch is idempotent', () => {
  fc.assert(
    fc.property(tree.value, tree.value, (target, patch) => {
      const once = applyMergePatch(target, patch);
      expect(equalJson(applyMergePatch(once, patch), once)).toBe(true);
    }),
  );
});

const pointer = fc
  .array(fc.oneof(name, fc.constantFrom('0', '1', '-')), { maxLength: 3 })
  .map((tokens) => tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom('add', 'replace', 'test'), path: pointer, value: tree.value }),
  fc.record({ op: fc.constant('remove'), path: pointer }),
  fc.record({ op: fc.constantFrom('move', 'copy'), path: pointer, from: pointer }),
);

test('a JSON patch is atomic and never reaches a prototype', () => {
  fc.assert(
    fc.property(tree.value, fc.array(operation, { maxLength: 6 }), (document, patch) => {
      const before = cloneJson(document);
      const result = applyJsonPatch(document, patch as Json);
      expect(equalJson(document, before)).toBe(true);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(['patched', 'failed']).toContain(result.type);
      if (result.type === 'patched')
        expect(equalJson(JSON.parse(JSON.stringify(result.value)), result.value)).toBe(true);
    }),
  );
});

test('what a JSON patch adds can be read, tested and removed again', () => {
  fc.assert(
    fc.property(tree.object, name, tree.value, (document, key, value) => {
      const path = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      fc.pre(!Object.hasOwn(document as JsonObject, key));
      const result = applyJsonPatch(document, [
        { op: 'add', path, value },
        { op: 'test', path, value },
        { op: 'remove', path },
      ]);
      expect(result.type === 'patched' && equalJson(result.value, document)).toBe(true);
    }),
  );
});

const listShape: PatchShape = {
  field: (field) =>
    field === 'items' ? { strategies: ['merge'], mergeKey: 'id' } : { strategies: [], shape: listShape },
};
const keyedList = fc.uniqueArray(fc.record({ id: fc.integer({ min: 0, max: 6 }), v: scalar }), {
  selector: (item) => item.id,
  maxLength: 5,
});

test('a strategic patch with order makes the named items stand in that order, and keeps the order of the others', () => {
  fc.assert(
    fc.property(keyedList, keyedList, (server, wanted) => {
      const order = wanted.map(({ id }) => ({ id }));
      const patch = { items: wanted, '$setElementOrder/items': order } as unknown as JsonObject;
      const result = applyStrategicMergePatch({ items: server } as unknown as JsonObject, patch, listShape);
      const ids = (result['items'] as { id: number }[]).map(({ id }) => id);
      const named = new Set(order.map(({ id }) => id));
      expect(ids.filter((id) => named.has(id))).toEqual(order.map(({ id }) => id));
      expect(ids.filter((id) => !named.has(id))).toEqual(server.map(({ id }) => id).filter((id) => !named.has(id)));
      expect(equalJson(applyStrategicMergePatch(result, patch, listShape), result)).toBe(true);
    }),
  );
});

test('without lists and directives a strategic patch is a merge patch', () => {
  const flat = fc.dictionary(
    fc.constantFrom('a', 'b'),
    fc.oneof(scalar, fc.constant(null), fc.dictionary(fc.constantFrom('c', 'd'), fc.option(scalar))),
  );
  fc.assert(
    fc.property(flat, flat, (target, patch) => {
      const clean = applyMergePatch({}, target as Json) as JsonObject;
      const strategic = applyStrategicMergePatch(clean, patch as JsonObject, listShape);
      expect(equalJson(strategic, applyMergePatch(clean, patch as Json))).toBe(true);
    }),
  );
});

test('ordering a merged list neither loses nor invents items', () => {
  const ids = fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 8 });
  fc.assert(
    fc.property(ids, ids, ids, (items, wanted, server) => {
      expect(orderMerged(items, wanted, server, undefined).sort()).toEqual([...items].sort());
    }),
  );
});
