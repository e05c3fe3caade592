/** Field ownership by example: sets and their text, fields of values, comparison, merging, removal. Through an API server: test/unit/apiserver. */
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { checkConfiguration } from '../../../src/api/managed-fields/check-configuration.ts';
import { compareValues } from '../../../src/api/managed-fields/compare.ts';
import {
  differenceOf,
  type FieldSet,
  intersectionOf,
  noFields,
  parseFieldSet,
  pathsOf,
  setOfPaths,
  unionOf,
} from '../../../src/api/managed-fields/field-set.ts';
import { mergeConfiguration } from '../../../src/api/managed-fields/merge.ts';
import { compareElements, formatPath, parseElement } from '../../../src/api/managed-fields/path-element.ts';
import { addedBranch, appliedFields } from '../../../src/api/managed-fields/present-fields.ts';
import { removeFields, withNamedFields } from '../../../src/api/managed-fields/remove.ts';
import {
  deducedShape,
  type ListShape,
  type MapShape,
  type TypeShape,
} from '../../../src/api/managed-fields/type-shape.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';
import { TypeShapes } from '../../../src/kinds/type-shape.ts';

const text: TypeShape = { type: 'scalar', kind: 'string' };
const number: TypeShape = { type: 'scalar', kind: 'numeric' };
const struct = (fields: Record<string, TypeShape>, isAtomic = false): MapShape => ({
  type: 'map',
  isAtomic,
  others: undefined,
  field: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined),
});
const mapOf = (others: TypeShape): MapShape => ({ type: 'map', isAtomic: false, others, field: () => undefined });
const list = (merge: ListShape['merge'], item: TypeShape, keys: ListShape['keys'] = []): ListShape => ({
  type: 'list',
  merge,
  keys,
  item,
});
const port = struct({ number, protocol: text, name: text });
const thing = struct({
  name: text,
  size: number,
  labels: mapOf(text),
  owner: struct({ name: text, unit: text }),
  selector: struct({ app: text }, true),
  args: list('atomic', text),
  tags: list('set', text),
  ports: list('map', port, [
    { name: 'number', default: undefined },
    { name: 'protocol', default: 'TCP' },
  ]),
  extra: deducedShape,
});

const tcp80 = 'k:{"number":80,"protocol":"TCP"}';

describe('sets', () => {
  const left: FieldSet = { 'f:a': {}, 'f:b': { '.': {}, 'f:c': {} } };

  test.each<[string, FieldSet, FieldSet, FieldSet]>([
    [
      'union',
      unionOf(left, { 'f:b': { 'f:d': {} } }),
      noFields,
      { 'f:a': {}, 'f:b': { '.': {}, 'f:c': {}, 'f:d': {} } },
    ],
    [
      'a leaf that gets something below it',
      unionOf({ 'f:a': {} }, { 'f:a': { 'f:b': {} } }),
      noFields,
      { 'f:a': { '.': {}, 'f:b': {} } },
    ],
    ['difference', left, { 'f:b': { 'f:c': {} } }, { 'f:a': {}, 'f:b': {} }],
    ['difference leaves what is below', left, { 'f:b': {} }, { 'f:a': {}, 'f:b': { 'f:c': {} } }],
    ['difference with itself', left, left, {}],
  ])('%s', (_case, set, without, expected) => {
    expect(JSON.stringify(differenceOf(set, without))).toBe(JSON.stringify(expected));
  });

  test('intersection has what is in both, not what is on the way', () => {
    expect(intersectionOf(left, { 'f:b': { 'f:c': {} } })).toEqual({ 'f:b': { 'f:c': {} } });
    expect(intersectionOf(left, { 'f:b': {} })).toEqual({ 'f:b': {} });
  });

  test('paths lead there and back', () => {
    expect(pathsOf(left)).toEqual([['f:a'], ['f:b'], ['f:b', 'f:c']]);
    expect(setOfPaths(pathsOf(left))).toEqual(left);
  });
});

describe('the text of sets', () => {
  test.each<[string, Json | undefined, FieldSet | undefined]>([
    ['nothing is empty', undefined, {}],
    [
      'elements are put in order',
      { 'f:b': {}, 'i:0': {}, 'v:"x"': {}, 'k:{"a":1}': {}, 'f:a': {} },
      { 'f:a': {}, 'f:b': {}, 'k:{"a":1}': {}, 'v:"x"': {}, 'i:0': {} },
    ],
    ['keys are spelled in one way', { 'k:{"b":1, "a":"x"}': {} }, { 'k:{"a":"x","b":1}': {} }],
    ['the mark at the root means nothing', { '.': {}, 'f:a': {} }, { 'f:a': {} }],
    ['an unknown element', { 'x:a': {} }, undefined],
    ['keys that are no object', { 'k:[1]': {} }, undefined],
    ['a value that is no JSON', { 'v:x': {} }, undefined],
    ['a position that is no number', { 'i:x': {} }, undefined],
    ['a branch that is no object', { 'f:a': 1 }, undefined],
    ['no object at all', [], undefined],
  ])('%s', (_case, json, expected) => {
    expect(JSON.stringify(parseFieldSet(json))).toBe(JSON.stringify(expected));
  });

  test('keys are ordered by what they mean', () => {
    const elements = ['k:{"port":9}', 'k:{"port":80}', 'k:{"port":"a"}', 'v:2', 'v:"a"', 'i:2', 'i:10'];
    expect(elements.toReversed().sort(compareElements)).toEqual(elements);
    expect(compareElements('k:{"a":1}', 'k:{"a":1,"b":1}')).toBeLessThan(0);
    expect(compareElements('v:null', 'v:false')).toBeGreaterThan(0);
  });

  test('a path is written for people', () => {
    const path = ['f:spec', 'f:ports', tcp80, 'f:name'];
    expect(formatPath(path)).toBe('.spec.ports[number=80,protocol="TCP"].name');
    expect(formatPath(['f:finalizers', 'v:"a/b"'])).toBe('.finalizers[="a/b"]');
    expect(formatPath(['f:x', 'i:3'])).toBe('.x[3]');
    expect(parseElement('i:-1')).toBe('i:-1');
  });
});

describe('fields of a value', () => {
  const value = {
    name: 'x',
    labels: { a: '1' },
    owner: { name: 'o' },
    selector: { app: 'x' },
    args: ['b', 'a'],
    tags: ['t2', 't1'],
    ports: [{ number: 80, name: 'http' }],
    extra: { some: { thing: [1, 2] }, empty: {} },
  };
  const ports = { [tcp80]: { '.': {}, 'f:name': {}, 'f:number': {} } };

  test('who applies it claims leaves, keys of maps, items, and no structs', () => {
    expect(appliedFields(thing, value)).toEqual({
      'f:args': {},
      'f:extra': { 'f:empty': {}, 'f:some': { '.': {}, 'f:thing': {} } },
      'f:labels': { 'f:a': {} },
      'f:name': {},
      'f:owner': { 'f:name': {} },
      'f:ports': ports,
      'f:selector': {},
      'f:tags': { 'v:"t1"': {}, 'v:"t2"': {} },
    });
  });

  test('who adds it owns the structs too', () => {
    expect(addedBranch(thing, { labels: { a: '1' }, owner: {}, ports: value.ports, tags: [] })).toEqual({
      '.': {},
      'f:labels': { '.': {}, 'f:a': {} },
      'f:owner': {},
      'f:ports': { '.': {}, ...ports },
      'f:tags': {},
    });
  });

  test('empty and null structs are claimed, empty lists are not', () => {
    expect(appliedFields(thing, { owner: {}, labels: null, tags: [] })).toEqual({ 'f:owner': {}, 'f:labels': {} });
  });

  test('items that cannot be told apart are one', () => {
    expect(appliedFields(thing, { ports: [{ number: 80 }, { number: 80, name: 'x' }] })).toEqual({
      'f:ports': { [tcp80]: {} },
    });
  });
});

describe('comparison', () => {
  test.each<[string, JsonObject, JsonObject, object]>([
    ['same', { name: 'x', args: ['a'] }, { args: ['a'], name: 'x' }, {}],
    ['a scalar', { size: 1 }, { size: 2 }, { modified: { 'f:size': {} } }],
    ['a new map', {}, { labels: { a: '1' } }, { added: { 'f:labels': { '.': {}, 'f:a': {} } } }],
    ['a new key', { labels: { a: '1' } }, { labels: { a: '1', b: '2' } }, { added: { 'f:labels': { 'f:b': {} } } }],
    ['a map that was null', { labels: null }, { labels: { a: '1' } }, { added: { 'f:labels': { 'f:a': {} } } }],
    ['null and empty', { labels: null }, { labels: {} }, { modified: { 'f:labels': {} } }],
    [
      'what is gone',
      { owner: { name: 'x', unit: 'y' } },
      { owner: { name: 'x' } },
      { removed: { 'f:owner': { 'f:unit': {} } } },
    ],
    ['an atomic list', { args: ['a', 'b'] }, { args: ['b', 'a'] }, { modified: { 'f:args': {} } }],
    ['an atomic struct', { selector: { app: 'x' } }, { selector: { app: 'y' } }, { modified: { 'f:selector': {} } }],
    [
      'a set',
      { tags: ['a', 'b'] },
      { tags: ['c', 'b'] },
      { added: { 'f:tags': { 'v:"c"': {} } }, removed: { 'f:tags': { 'v:"a"': {} } } },
    ],
    ['the order of a set', { tags: ['a', 'b'] }, { tags: ['b', 'a'] }, {}],
    [
      'an item',
      { ports: [{ number: 80 }] },
      { ports: [{ number: 80, protocol: 'TCP', name: 'x' }] },
      { added: { 'f:ports': { [tcp80]: { 'f:name': {}, 'f:protocol': {} } } } },
    ],
    [
      'another item',
      { ports: [{ number: 80 }] },
      { ports: [] },
      { removed: { 'f:ports': { [tcp80]: { '.': {}, 'f:number': {} } } } },
    ],
    [
      'what is not known',
      { extra: { a: { b: 1 }, c: [1] } },
      { extra: { a: { b: 2 }, c: [1, 2] } },
      { modified: { 'f:extra': { 'f:a': { 'f:b': {} }, 'f:c': {} } } },
    ],
    ['another form', { extra: [1] }, { extra: { a: 1 } }, { modified: { 'f:extra': {} } }],
    [
      'items that cannot be told apart',
      { tags: ['a', 'a'] },
      { tags: ['a'] },
      { modified: { 'f:tags': { 'v:"a"': {} } } },
    ],
  ])('%s', (_case, before, after, expected) => {
    expect(compareValues(thing, before, after)).toEqual({ added: {}, modified: {}, removed: {}, ...expected });
  });
});

describe('merging', () => {
  const merged = (live: JsonObject, configuration: JsonObject): Json => mergeConfiguration(thing, live, configuration);

  test('what is listed wins, the rest stays', () => {
    const live = { name: 'x', labels: { a: '1', b: '1' }, args: ['a'], selector: { app: 'x' } };
    expect(merged(live, { labels: { b: '2', c: '2' }, args: ['b'], selector: {} })).toEqual({
      name: 'x',
      labels: { a: '1', b: '2', c: '2' },
      args: ['b'],
      selector: {},
    });
  });

  test.each([
    ['abcd', 'dxb', 'acdxb'],
    ['ab', 'xa', 'xab'],
    ['pab', 'xa', 'pxab'],
    ['abcd', 'ba', 'bcda'],
    ['a', 'b', 'ab'],
    ['', 'ba', 'ba'],
    ['ab', '', 'ab'],
    ['abc', 'cba', 'cba'],
  ])('a list %s with %s makes %s', (live, configuration, expected) => {
    expect(merged({ tags: [...live] }, { tags: [...configuration] })).toEqual({ tags: [...expected] });
  });

  test('items are merged with their namesakes, by defaults of their keys too', () => {
    const live = {
      ports: [
        { number: 80, protocol: 'TCP', name: 'http' },
        { number: 80, protocol: 'UDP' },
      ],
    };
    expect(merged(live, { ports: [{ number: 80, name: 'web' }] })).toEqual({
      ports: [
        { number: 80, protocol: 'TCP', name: 'web' },
        { number: 80, protocol: 'UDP' },
      ],
    });
  });

  test('a value of another form replaces', () => {
    expect(merged({ labels: { a: '1' } }, { labels: null })).toEqual({ labels: null });
    expect(merged({ extra: [1] }, { extra: { a: 1 } })).toEqual({ extra: { a: 1 } });
  });

  test('no name reaches the prototype', () => {
    const configuration = JSON.parse('{"labels": {"__proto__": "x"}}') as JsonObject;
    expect(JSON.stringify(merged({ labels: { a: '1' } }, configuration))).toBe('{"labels":{"a":"1","__proto__":"x"}}');
    expect(Object.keys(appliedFields(thing, configuration)['f:labels'] as object)).toEqual(['f:__proto__']);
  });
});

describe('removal', () => {
  test('takes members out and leaves what is empty then', () => {
    const value = { name: 'x', labels: { a: '1' }, ports: [{ number: 80, name: 'x' }], tags: ['a', 'b'], args: ['a'] };
    const set: FieldSet = {
      'f:args': { 'i:0': {} },
      'f:labels': { 'f:a': {} },
      'f:ports': { [tcp80]: { 'f:name': {} } },
      'f:tags': { 'v:"a"': {} },
    };
    expect(removeFields(thing, value, set)).toEqual({
      name: 'x',
      labels: {},
      ports: [{ number: 80 }],
      tags: ['b'],
      args: ['a'],
    });
    expect(removeFields(thing, value, { 'f:labels': {}, 'f:ports': { [tcp80]: {} } })).toEqual({
      name: 'x',
      ports: [],
      tags: ['a', 'b'],
      args: ['a'],
    });
  });

  test('named fields on the way are members, keys of maps are not', () => {
    expect(
      withNamedFields(thing, {
        'f:owner': { 'f:name': {} },
        'f:labels': { 'f:a': {} },
        'f:extra': { 'f:a': { 'f:b': {} } },
      }),
    ).toEqual({
      'f:owner': { '.': {}, 'f:name': {} },
      'f:labels': { '.': {}, 'f:a': {} },
      'f:extra': { '.': {}, 'f:a': { 'f:b': {} } },
    });
  });
});

describe('what does not fit its type', () => {
  test.each<[string, Json, string]>([
    ['an unknown field', { owner: { age: 1 } }, '.owner.age: field not declared in schema'],
    ['a text for a number', { size: 'big' }, '.size: expected numeric (int or float), got string'],
    ['a number for a text', { labels: { a: 1.5 } }, '.labels.a: expected string, got float64'],
    ['a list for a map', { labels: [] }, '.labels: expected map, got []interface {}'],
    ['a map for a list', { args: {} }, '.args: expected list, got map[string]interface {}'],
    ['an item twice', { tags: ['a', 'a'] }, '.tags: duplicate entries for key [="a"]'],
    [
      'a nested item of a set',
      { tags: [{}] },
      ".tags: element 0: associative list without keys has an element that's a map type",
    ],
    ['a null item', { ports: [null] }, '.ports: element 0: associative list with keys may not have a null element'],
    ['a scalar item', { ports: [1] }, '.ports: element 0: associative list with keys may not have non-map elements'],
  ])('%s', (_case, value, finding) => {
    expect(checkConfiguration(thing, value)).toEqual([finding]);
  });

  test('null fits everything, and so does anything where nothing is known', () => {
    expect(checkConfiguration(thing, { name: null, labels: null, ports: null, extra: { a: [{}, [], 1] } })).toEqual([]);
  });
});

describe('the shapes of built-in kinds', () => {
  const shapes = new TypeShapes(builtInSchemas);
  const pod = { group: '', version: 'v1', kind: 'Pod' };

  test('say which lists are merged and which structs are one field', () => {
    const spec = {
      nodeSelector: { a: 'b' },
      containers: [
        { name: 'c', args: ['x'], env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
      ],
      tolerations: [{ key: 'a' }],
    };
    expect(appliedFields(shapes.kind(pod), { spec, metadata: { finalizers: ['f'] } })).toEqual({
      'f:metadata': { 'f:finalizers': { 'v:"f"': {} } },
      'f:spec': {
        'f:containers': {
          'k:{"name":"c"}': {
            '.': {},
            'f:args': {},
            'f:env': { 'k:{"name":"E"}': { '.': {}, 'f:name': {}, 'f:valueFrom': { 'f:secretKeyRef': {} } } },
            'f:name': {},
          },
        },
        'f:nodeSelector': {},
        'f:tolerations': {},
      },
    });
  });

  test('are made once, and of a kind without a schema only metadata is known', () => {
    expect(shapes.kind(pod)).toBe(shapes.kind(pod));
    const widget = shapes.kind({ group: 'example.com', version: 'v1', kind: 'Widget' });
    expect(
      appliedFields(widget, { kind: 'Widget', metadata: { finalizers: ['f'] }, spec: { parts: [{ name: 'a' }] } }),
    ).toEqual({
      'f:kind': {},
      'f:metadata': { 'f:finalizers': { 'v:"f"': {} } },
      'f:spec': { '.': {}, 'f:parts': {} },
    });
  });

  test('an empty object has what Go always writes', () => {
    const deployment = shapes.empty({ group: 'apps', version: 'v1', kind: 'Deployment' });
    expect(deployment).toMatchObject({
      metadata: {},
      spec: { strategy: {}, template: { spec: { containers: null } } },
    });
  });
});
