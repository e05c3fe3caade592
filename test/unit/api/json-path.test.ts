/** JSON paths, as the columns of definitions use them. */
import { expect, test } from 'vitest';
import { findAll, parseJsonPath, plainFields } from '../../../src/api/json-path.ts';

const object = {
  metadata: { annotations: { 'example.com/owner': 'me' } },
  spec: {
    replicas: 3,
    ports: [
      { name: 'a', port: 1 },
      { name: 'b', port: 2 },
    ],
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Synced', status: 'False' },
    ],
  },
};

test.each([
  ['.spec.replicas', [3]],
  ['.spec.missing', []],
  ['.spec.missing.deeper', []],
  ['.metadata.annotations.example\\.com/owner', ['me']],
  [".metadata.annotations['example.com/owner']", ['me']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [".status.conditions[?(@.type=='Synced')].status", ['False']],
  ['.status.conditions[?(@.type!="Ready")].type', ['Synced']],
  ['.spec.ports[0].name', ['a']],
  ['.spec.ports[-1].name', ['b']],
  ['.spec.ports[*].port', [1, 2]],
  ['.spec.ports[1:].port', [2]],
  ['.spec.ports[?(@.port>1)].name', ['b']],
  ['.spec.ports[?(@.name)].port', [1, 2]],
  ['..port', [1, 2]],
])('%s', (path, want) => {
  const parsed = parseJsonPath(path);
  expect(parsed === undefined ? undefined : findAll(parsed, object)).toEqual(want);
});

test.each(['spec', '.spec[', '.spec[?(x)]', '.a[b]'])('%s is no path', (path) => {
  expect(parseJsonPath(path)).toBeUndefined();
});

test('only fields are plain', () => {
  expect(plainFields(parseJsonPath('.a.b') ?? [])).toEqual(['a', 'b']);
  expect(plainFields(parseJsonPath('.a[0]') ?? [])).toBeUndefined();
});
