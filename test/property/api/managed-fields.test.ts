/** Field ownership: laws of sets, and of server-side apply over any objects of a type that has every form of list and map. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equalJson, type Json, type JsonObject } from '../../../src/api/json.ts';
import { type Applied, applyConfiguration } from '../../../src/api/managed-fields/apply.ts';
import { compareObjects } from '../../../src/api/managed-fields/compare.ts';
import {
  covers,
  differenceOf,
  type FieldSet,
  intersectionOf,
  intersects,
  isEmptySet,
  noFields,
  parseFieldSet,
  pathsOf,
  setOfPaths,
  unionOf,
} from '../../../src/api/managed-fields/field-set.ts';
import { entriesOf, type Managers, managersOf, parseManagers } from '../../../src/api/managed-fields/managers.ts';
import { wholeObject } from '../../../src/api/managed-fields/tracked-fields.ts';
import type { ListShape, MapShape, TypeShape } from '../../../src/api/managed-fields/type-shape.ts';
import { updateManagers, type Versions, type Writer } from '../../../src/api/managed-fields/update.ts';

const text: TypeShape = { type: 'scalar', kind: 'string' };
const struct = (fields: Record<string, TypeShape>): MapShape => ({
  type: 'map',
  isAtomic: false,
  others: undefined,
  field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined),
});
const labels: MapShape = { type: 'map', isAtomic: false, others: text, field: () => undefined };
const list = (merge: ListShape['merge'], item: TypeShape, keys: ListShape['keys'] = []): ListShape => ({
  type: 'list',
  merge,
  keys,
  item,
});
const item = struct({ name: text, value: text, labels });
const shape = struct({
  apiVersion: text,
  kind: text,
  metadata: struct({ name: text, labels }),
  spec: struct({
    size: text,
    args: list('atomic', text),
    tags: list('set', text),
    items: list('map', item, [{ name: 'name', default: undefined }]),
    inner: struct({ one: text, two: text }),
  }),
});
const versions: Versions = {
  shape: (apiVersion) => (apiVersion === 'v1' ? shape : undefined),
  empty: () => ({ metadata: {} }),
  convert: (object) => object,
};

const word = fc.constantFrom('a', 'b', 'c', 'd');
const words = fc.uniqueArray(word, { maxLength: 3 });
const wordMap = fc.dictionary(word, word, { maxKeys: 3 });
const items = fc.uniqueArray(fc.record({ name: word, value: word, labels: wordMap }, { requiredKeys: ['name'] }), {
  selector: ({ name }) => name,
  maxLength: 3,
});
const spec = fc.record(
  { size: word, args: words, tags: words, items, inner: fc.record({ one: word, two: word }, { requiredKeys: [] }) },
  { requiredKeys: [] },
);
const configuration: fc.Arbitrary<JsonObject> = fc
  .record({ labels: wordMap, spec }, { requiredKeys: [] })
  .map((parts) => ({
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name: 'x', labels: parts.labels },
    spec: parts.spec,
  }))
  .map((tree) => decoded(JSON.parse(JSON.stringify(tree)) as JsonObject));

/** Drops what is empty, as decoding does after every write. */
function decoded(tree: JsonObject): JsonObject {
  return withoutEmpty(tree) as JsonObject;
}

function withoutEmpty(tree: Json): Json {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map(withoutEmpty);
  const kept = Object.entries(tree).map(([name, value]) => [name, withoutEmpty(value)] as const);
  return Object.fromEntries(
    kept.filter(([, value]) => typeof value !== 'object' || Object.keys(value as object).length > 0),
  );
}

const path = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"n":1}', 'v:"x"', 'i:0'), { minLength: 1, maxLength: 4 });
const set: fc.Arbitrary<FieldSet> = fc.array(path, { maxLength: 8 }).map(setOfPaths);

function writer(name: string, time = '2026-11-21T00:00:00Z'): Writer {
  return { name, apiVersion: 'v1', subresource: '', time, tracked: wholeObject };
}

const nobody: Managers = new Map();

interface State {
  readonly live: JsonObject | null;
  readonly managers: Managers;
}

function apply({ live, managers }: State, name: string, tree: JsonObject, isForced = true): Applied {
  return applyConfiguration({ live, managers, configuration: tree, isForced }, shape, writer(name), versions);
}

function applied(state: State, name: string, tree: JsonObject): { live: JsonObject; managers: Managers } {
  const result = apply(state, name, tree);
  if (result.type !== 'applied') throw new Error(result.type);
  return { live: decoded(result.object), managers: result.managers };
}

const start: State = { live: null, managers: nobody };
const has = (whole: FieldSet, each: readonly string[]): boolean => covers(whole, setOfPaths([each]));
const ownedBy = (managers: Managers, name: string): FieldSet =>
  [...managers.values()]
    .filter((manager) => manager.name === name)
    .reduce((sum, { fields }) => unionOf(sum, fields), noFields);

describe('sets of fields', () => {
  test('are what their paths say', () => {
    fc.assert(
      fc.property(set, set, path, (left, right, each) => {
        const [inLeft, inRight] = [has(left, each), has(right, each)];
        expect(has(unionOf(left, right), each)).toBe(inLeft || inRight);
        expect(has(intersectionOf(left, right), each)).toBe(inLeft && inRight);
        expect(has(differenceOf(left, right), each)).toBe(inLeft && !inRight);
        expect(intersects(left, right)).toBe(!isEmptySet(intersectionOf(left, right)));
        expect(covers(left, right)).toBe(isEmptySet(differenceOf(right, left)));
      }),
    );
  });

  test('have one text each, which leads back to them', () => {
    fc.assert(
      fc.property(set, set, (left, right) => {
        const both = unionOf(left, right);
        expect(JSON.stringify(both)).toBe(JSON.stringify(unionOf(right, left)));
        expect(JSON.stringify(parseFieldSet(JSON.parse(JSON.stringify(both))))).toBe(JSON.stringify(both));
        expect(JSON.stringify(setOfPaths(pathsOf(both).toReversed()))).toBe(JSON.stringify(both));
      }),
    );
  });
});

describe('server-side apply', () => {
  test('gives what was asked for, and asking again changes nothing', () => {
    fc.assert(
      fc.property(configuration, configuration, configuration, (first, other, second) => {
        const state = applied(applied(applied(start, 'me', first), 'you', other), 'me', second);
        const again = applied(state, 'me', second);
        expect(equalJson(again.live, state.live)).toBe(true);
        expect([...again.managers]).toEqual([...state.managers]);
        // Applying once more what is there adds and modifies nothing.
        const { added, modified } = compareObjects(shape, state.live, again.live, wholeObject);
        expect([added, modified]).toEqual([{}, {}]);
      }),
    );
  });

  test('by two who list nothing in common is never a conflict', () => {
    fc.assert(
      fc.property(configuration, configuration, (mine, yours) => {
        const state = applied(start, 'me', mine);
        const { managers } = applied(start, 'you', yours);
        fc.pre(!intersects(ownedBy(state.managers, 'me'), ownedBy(managers, 'you')));
        expect(apply(state, 'you', yours, false).type).toBe('applied');
      }),
    );
  });

  test('is a conflict exactly if it changes a field that another owns', () => {
    fc.assert(
      fc.property(configuration, configuration, (mine, yours) => {
        const state = applied(start, 'me', mine);
        const { live } = applied(state, 'you', yours);
        const { added, modified } = compareObjects(shape, state.live, live, wholeObject);
        const isTaken = intersects(ownedBy(state.managers, 'me'), unionOf(added, modified));
        expect(apply(state, 'you', yours, false).type).toBe(isTaken ? 'conflict' : 'applied');
      }),
    );
  });

  test('takes away what its applier lists no more exactly if nobody else owns it', () => {
    fc.assert(
      fc.property(wordMap, wordMap, wordMap, (before, others, after) => {
        const tree = (data: object): JsonObject => ({
          apiVersion: 'v1',
          kind: 'Thing',
          metadata: { name: 'x', labels: data as JsonObject },
        });
        const shared = Object.fromEntries(Object.keys(others).map((name) => [name, before[name] ?? 'z']));
        const state = applied(applied(applied(start, 'me', tree(before)), 'you', tree(shared)), 'me', tree(after));
        const found = ((state.live['metadata'] as JsonObject)['labels'] ?? {}) as JsonObject;
        expect(Object.keys(found).sort()).toEqual([...new Set([...Object.keys(shared), ...Object.keys(after)])].sort());
      }),
    );
  });

  test('leaves the fields of those alone who updated them; only an item goes with all that is in it', () => {
    fc.assert(
      fc.property(configuration, configuration, configuration, (mine, theirs, later) => {
        const state = applied(start, 'me', mine);
        const change = { before: state.live, after: theirs };
        const managers = updateManagers(state.managers, change, writer('them'), versions);
        const next = applied({ live: theirs, managers }, 'me', later);
        const { removed } = compareObjects(shape, theirs, next.live, wholeObject);
        const lost = pathsOf(intersectionOf(ownedBy(managers, 'them'), removed));
        expect(lost.filter((each) => !each.some((element) => element.startsWith('k:')))).toEqual([]);
      }),
    );
  });
});

describe('owners after updates', () => {
  test('every field that is there was somebody’s, and nobody owns what is gone', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, configuration), { minLength: 1, maxLength: 5 }), (writes) => {
        let live = versions.empty('v1');
        let managers = nobody;
        for (const [name, after] of writes) {
          managers = updateManagers(managers, { before: live, after }, writer(name), versions);
          live = after;
        }
        const { added } = compareObjects(shape, versions.empty('v1'), live, wholeObject);
        const owned = [...managers.values()].reduce((sum, { fields }) => unionOf(sum, fields), noFields);
        expect(differenceOf(owned, added)).toEqual({});
      }),
    );
  });

  test('entries lead back to their managers, in any order', () => {
    fc.assert(
      fc.property(configuration, configuration, (first, second) => {
        const { managers } = applied(applied(start, 'me', first), 'you', second);
        const entries = entriesOf(managers);
        expect(entriesOf(managersOf(entries))).toEqual(entries);
        expect(entriesOf(parseManagers(entries.toReversed()) ?? nobody)).toEqual(entries);
      }),
    );
  });
});
