/** The three kinds of patch that need no ownership of fields. */
import { expect, test } from 'vitest';
import { freezeJson, type Json, type JsonObject } from '../../../src/api/json.ts';
import { applyJsonPatch } from '../../../src/api/json-patch.ts';
import { applyMergePatch, makeMergePatch } from '../../../src/api/merge-patch.ts';
import { applyStrategicMergePatch, type PatchField, type PatchShape } from '../../../src/api/strategic-merge-patch.ts';

const shapeOf = (fields: Record<string, PatchField>): PatchShape => ({ field: (name) => fields[name] });
const item = shapeOf({ args: { strategies: [] }, tags: { strategies: ['merge'] } });
const shape = shapeOf({
  items: { strategies: ['merge'], mergeKey: 'name', shape: item },
  ports: { strategies: ['merge'], mergeKey: 'port', shape: shapeOf({}) },
  finalizers: { strategies: ['merge'] },
  plain: { strategies: [], shape: item },
  union: { strategies: ['retainKeys'], shape: shapeOf({}) },
  labels: { strategies: [], shape: shapeOf({}) },
  replaced: { strategies: ['replace'], shape: shapeOf({}) },
});
const strategic = (target: JsonObject, patch: JsonObject) =>
  applyStrategicMergePatch(freezeJson(target), freezeJson(patch), shape);

test.each<[string, JsonObject, JsonObject, JsonObject]>([
  [
    'maps are merged and null removes',
    { labels: { a: '1', b: '2' } },
    { labels: { a: null, c: '3' } },
    { labels: { b: '2', c: '3' } },
  ],
  ['a null for nothing leaves nothing', {}, { labels: { a: null, b: 'x' } }, { labels: { b: 'x' } }],
  ['a list without a strategy is replaced', { plain: [1, 2] }, { plain: [3] }, { plain: [3] }],
  [
    'items are merged by key, new ones appended',
    {
      items: [
        { name: 'a', x: 1 },
        { name: 'b', x: 2 },
      ],
    },
    { items: [{ name: 'b', y: 3 }, { name: 'c' }] },
    { items: [{ name: 'a', x: 1 }, { name: 'b', x: 2, y: 3 }, { name: 'c' }] },
  ],
  [
    'an item can be deleted',
    { items: [{ name: 'a' }, { name: 'b' }] },
    { items: [{ name: 'a', $patch: 'delete' }] },
    { items: [{ name: 'b' }] },
  ],
  [
    'a list can be replaced by directive',
    { items: [{ name: 'a' }] },
    { items: [{ $patch: 'replace' }, { name: 'z', tags: null }] },
    { items: [{ name: 'z' }] },
  ],
  [
    'a map can be replaced by directive',
    { labels: { a: '1' } },
    { labels: { $patch: 'replace', b: '2' } },
    { labels: { b: '2' } },
  ],
  ['a map can be emptied by directive', { labels: { a: '1' } }, { labels: { $patch: 'delete' } }, { labels: {} }],
  ['a map of the replace strategy is replaced', { replaced: { a: 1 } }, { replaced: { b: 2 } }, { replaced: { b: 2 } }],
  [
    'scalars are joined without repeats',
    { finalizers: ['a', 'b'] },
    { finalizers: ['b', 'c'] },
    { finalizers: ['a', 'b', 'c'] },
  ],
  [
    'scalars can be deleted from a list',
    { finalizers: ['a', 'b'] },
    { '$deleteFromPrimitiveList/finalizers': ['a'] },
    { finalizers: ['b'] },
  ],
  [
    'the order of a list can be set',
    { items: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
    { '$setElementOrder/items': [{ name: 'c' }, { name: 'a' }] },
    { items: [{ name: 'b' }, { name: 'c' }, { name: 'a' }] },
  ],
  [
    'order and change go together',
    { items: [{ name: 'a' }, { name: 'b' }] },
    {
      '$setElementOrder/items': [{ name: 'n' }, { name: 'a' }],
      items: [{ name: 'n' }, { name: 'b', $patch: 'delete' }],
    },
    { items: [{ name: 'n' }, { name: 'a' }] },
  ],
  [
    'keys that are not retained go',
    { union: { type: 'A', a: 1 } },
    { union: { $retainKeys: ['type', 'b'], type: 'B', b: 2 } },
    { union: { type: 'B', b: 2 } },
  ],
  [
    'items that share a key keep their place, the first is changed',
    {
      ports: [
        { port: 53, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
      ],
    },
    { ports: [{ port: 53, name: 'dns' }] },
    {
      ports: [
        { port: 53, protocol: 'TCP', name: 'dns' },
        { port: 53, protocol: 'UDP' },
      ],
    },
  ],
  ['the changed type of a field wins', { labels: { a: '1' } }, { labels: 'x' }, { labels: 'x' }],
])('strategic merge: %s', (_, target, patch, want) => {
  expect(strategic(target, patch)).toEqual(want);
});

test('strategic merge refuses what makes no sense', () => {
  expect(() => strategic({}, { labels: { $patch: 'mend' } })).toThrow('unknown patch type found: mend');
  expect(() => strategic({ items: [] }, { items: [{ x: 1 }] })).toThrow('does not contain declared merge key: name');
  expect(() => strategic({}, { items: [{ name: 'a', $patch: 'merge' }] })).toThrow(
    'merging lists cannot yet be specified',
  );
});

test.each<[string, Json, Json, Json]>([
  ['replaces a field', { a: 'b' }, { a: 'c' }, { a: 'c' }],
  ['adds a field', { a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  ['removes a field', { a: 'b' }, { a: null }, {}],
  ['replaces a list', { a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  ['replaces a scalar by an object', ['a', 'b'], { a: 'b', c: null }, { a: 'b' }],
  ['drops nulls below a new object', {}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ['keeps stored nulls', { e: null }, { a: 1 }, { e: null, a: 1 }],
])('RFC 7386: %s', (_, target, patch, want) => {
  expect(applyMergePatch(freezeJson(target), freezeJson(patch))).toEqual(want);
});

test('a merge patch can set a field named __proto__ without touching the prototype', () => {
  const result = applyMergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}') as Json) as JsonObject;
  expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":true}}');
  expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
});

test('a made merge patch says only what differs', () => {
  expect(makeMergePatch({ a: 1, b: { c: 1, d: 2 }, e: [1] }, { b: { c: 1, d: 3 }, e: [1], f: 0 })).toEqual({
    a: null,
    b: { d: 3 },
    f: 0,
  });
});

test.each<[string, Json, Json, Json]>([
  ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
  ['inserts an item', [1, 3], [{ op: 'add', path: '/1', value: 2 }], [1, 2, 3]],
  ['appends an item', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
  ['removes an item', [1, 2, 3], [{ op: 'remove', path: '/1' }], [1, 3]],
  ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: [1] }], [1]],
  ['moves a member', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
  [
    'copies by value',
    { a: { b: 1 } },
    [
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'replace', path: '/c/b', value: 2 },
    ],
    { a: { b: 1 }, c: { b: 2 } },
  ],
  [
    'tests equality whatever the order of fields',
    { a: { x: 1, y: 2 } },
    [{ op: 'test', path: '/a', value: { y: 2, x: 1 } }],
    { a: { x: 1, y: 2 } },
  ],
  [
    'unescapes pointers',
    { 'a/b': { '~c': 1 } },
    [{ op: 'replace', path: '/a~1b/~0c', value: 2 }],
    { 'a/b': { '~c': 2 } },
  ],
])('RFC 6902: %s', (_, document, patch, want) => {
  expect(applyJsonPatch(freezeJson(document), freezeJson(patch))).toEqual({ type: 'patched', value: want });
});

test.each<[string, Json, 'malformed' | 'failed']>([
  ['no list', {}, 'malformed'],
  ['an unknown operation', [{ op: 'mend', path: '/a' }], 'malformed'],
  ['a missing value', [{ op: 'add', path: '/a' }], 'malformed'],
  ['a missing from', [{ op: 'move', path: '/a' }], 'malformed'],
  ['a missing parent', [{ op: 'add', path: '/x/y', value: 1 }], 'failed'],
  ['replacing nothing', [{ op: 'replace', path: '/x', value: 1 }], 'failed'],
  ['removing nothing', [{ op: 'remove', path: '/x' }], 'failed'],
  ['an index beyond the end', [{ op: 'add', path: '/list/3', value: 1 }], 'failed'],
  ['an index with a leading zero', [{ op: 'remove', path: '/list/00' }], 'failed'],
  ['a failed test', [{ op: 'test', path: '/a', value: 2 }], 'failed'],
  ['moving into itself', [{ op: 'move', from: '/list', path: '/list/0' }], 'failed'],
  ['the prototype', [{ op: 'add', path: '/__proto__/polluted', value: 1 }], 'failed'],
])('a JSON patch with %s is refused', (_, patch, want) => {
  expect(applyJsonPatch({ a: 1, list: [1] }, patch).type).toBe(want);
});
