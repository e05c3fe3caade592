/**
 * Bytes that one object costs at each place that holds it: the pure cores, filled one after the other with the same objects, each measured by what
 * the heap and its buffers grow after a garbage collection.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { KubeObject } from '../src/api/object-meta.ts';
import { Catalog } from '../src/apiserver/catalog.ts';
import { WatchCache } from '../src/apiserver/watch-cache.ts';
import { utf8, utf8Text } from '../src/base/bytes.ts';
import { builtInRegistry } from '../src/kinds/registry.ts';
import type { KeyValue, LeaseId, Revision } from '../src/mvcc/key-value.ts';
import { Keyspace } from '../src/mvcc/keyspace.ts';
import type { Entry, LogIndex, Term } from '../src/raft/message.ts';
import { Indexer } from '../src/streams/indexer.ts';
import type { Figure } from './statistics.ts';

const objects = 20_000;

/** A ConfigMap with 1,000 bytes of data, as the store holds it. */
function stored(index: number): { readonly key: string; readonly value: Uint8Array } {
  const name = `object-${index}`;
  const metadata = {
    name,
    namespace: 'default',
    uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    creationTimestamp: '2026-11-20T10:00:00Z',
  };
  const tree = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { payload: 'x'.repeat(1_000) } };
  return { key: `/registry/configmaps/default/${name}`, value: utf8(JSON.stringify(tree)) };
}

function keyValue(index: number): KeyValue {
  const revision = (index + 2) as Revision;
  return { ...stored(index), createRevision: revision, modRevision: revision, version: 1, lease: 0 as LeaseId };
}

const holders: readonly (readonly [name: string, fill: () => unknown])[] = [
  ['raw: key and value alone', () => Array.from({ length: objects }, (_, index) => stored(index))],
  ['log in memory', fillLog],
  ['keyspace', fillKeyspace],
  ['watch cache', () => fillCache(false)],
  ['watch cache, facts of every object read', () => fillCache(true)],
  ['informer of objects', () => fillIndexer((object) => object)],
  [
    'informer of metadata',
    () => fillIndexer(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }) as KubeObject),
  ],
];

function fillLog(): readonly Entry[] {
  return Array.from({ length: objects }, (_, index) => {
    const { key, value } = stored(index);
    const data = new Uint8Array(key.length + value.length + 32);
    data.set(value);
    return { index: index as LogIndex, term: 1 as Term, type: 'command', data };
  });
}

function fillKeyspace(): Keyspace {
  const keyspace = new Keyspace();
  for (let index = 0; index < objects; index += 1) {
    const { key, value } = stored(index);
    keyspace.put(key, value, 0 as LeaseId);
    keyspace.commit();
  }
  return keyspace;
}

function fillCache(readsFacts: boolean): WatchCache {
  const cache = new WatchCache(new Catalog(builtInRegistry()));
  for (let index = 0; index < objects; index += 1) {
    const [change] = cache.apply([{ type: 'put', keyValue: keyValue(index), previous: null } as never]);
    cache.advance(index + 2);
    if (readsFacts) void change?.entry?.facts;
  }
  return cache;
}

function fillIndexer(kept: (object: KubeObject) => KubeObject): Indexer {
  const indexer = new Indexer();
  for (let index = 0; index < objects; index += 1) {
    indexer.set(kept(JSON.parse(utf8Text(stored(index).value)) as KubeObject));
  }
  return indexer;
}

/** Measures each holder alone. */
export function benchHolders(): Figure[] {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  return holders.map(([name, fill]) => {
    const before = used();
    const held = fill();
    const after = used();
    // Keeps what was filled alive until it has been measured.
    if (held === undefined) throw new Error('nothing is held');
    return { name, value: Math.round((after - before) / objects), unit: 'B', note: 'one ConfigMap of 1 KB' };
  });
}
