/** What a reader finds in a cache, by key and by index. */
import { expect, test } from 'vitest';
import { byControllerUid, byLabel, byNamespace, orphansByNamespace } from '../../../src/api/object-index.ts';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import { Indexer } from '../../../src/streams/indexer.ts';

const object = (name: string, metadata: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, ...metadata },
});
const owned = (name: string, uid: string, controller: boolean): KubeObject =>
  object(name, { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid, controller }] });
const names = (objects: readonly KubeObject[]): (string | undefined)[] => objects.map(({ metadata }) => metadata.name);

test('objects are found by the values of their indexes, in the order in which they came', () => {
  const indexer = new Indexer({ owner: byControllerUid, color: byLabel('color'), namespace: byNamespace });
  indexer.set(owned('b', 'u1', true));
  indexer.set(owned('a', 'u1', true));
  indexer.set(owned('c', 'u1', false));
  indexer.set(object('d', { labels: { color: 'red' }, namespace: 'other' }));
  expect(names(indexer.by('owner', 'u1'))).toEqual(['b', 'a']);
  expect(names(indexer.by('color', 'other/red'))).toEqual(['d']);
  expect(names(indexer.by('namespace', 'default'))).toEqual(['b', 'a', 'c']);
  expect(indexer.by('owner', 'u2')).toEqual([]);
});

test('an object that changes its values leaves the former ones', () => {
  const indexer = new Indexer({ owner: byControllerUid, orphans: orphansByNamespace });
  indexer.set(owned('a', 'u1', true));
  indexer.set(object('a'));
  expect(indexer.by('owner', 'u1')).toEqual([]);
  expect(names(indexer.by('orphans', 'default'))).toEqual(['a']);
  indexer.delete('default/a');
  expect(indexer.valuesOf('orphans')).toEqual([]);
  expect(indexer.size).toBe(0);
});
