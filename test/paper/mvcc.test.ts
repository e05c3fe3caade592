/**
 * Goal: the guarantees of the etcd API (etcd.io/docs/v3.5/learning/api_guarantees) and the defects that its robustness tests found hold
 * here. Method: one test for each sentence about watches, one for each defect of the keyspace, named by its number.
 */
import { expect, test } from 'vitest';
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import { type Event, isCreate } from '../../src/mvcc/event.ts';
import { everyKey, prefixRange, singleKey } from '../../src/mvcc/key-range.ts';
import type { LeaseId, Revision } from '../../src/mvcc/key-value.ts';
import { Mvcc } from '../../src/mvcc/mvcc.ts';
import { SnapshotExport } from '../../src/mvcc/snapshot-export.ts';
import { SnapshotImport } from '../../src/mvcc/snapshot-import.ts';
import { type Operation, putOperation, rangeQuery } from '../../src/mvcc/transaction.ts';
import type { WatcherId, WatchOptions } from '../../src/mvcc/watcher.ts';

function run(mvcc: Mvcc, ...success: Operation[]): void {
  const result = mvcc.transact({ compares: [], success, failure: [] });
  if (result.type !== 'transaction') throw new Error(result.type);
}

function put(key: string, value: string): Operation {
  return putOperation(key, utf8(value));
}

function remove(key: string): Operation {
  return { type: 'deleteRange', range: singleKey(key), previous: false };
}

/** Revisions 2 to 7: puts, an update, a transaction of three, and a deletion. */
function example(): Mvcc {
  const mvcc = new Mvcc();
  run(mvcc, put('a', '1'));
  run(mvcc, put('b', '1'));
  run(mvcc, put('a', '2'));
  run(mvcc, put('c', '1'), put('d', '1'), remove('b'));
  run(mvcc, remove('a'));
  run(mvcc, put('a', '3'));
  return mvcc;
}

function watch(mvcc: Mvcc, options: Partial<WatchOptions> = {}): WatcherId {
  return mvcc.watches.watch({ range: everyKey, startRevision: 1 as Revision, ...options });
}

function drain(mvcc: Mvcc, id: WatcherId, eventsMax = 2): Event[][] {
  const responses: Event[][] = [];
  for (;;) {
    const result = mvcc.watches.pull(id, eventsMax, 1e9);
    if (result.type === 'cancelled') throw new Error(`cancelled at ${result.compactRevision}`);
    if (result.events.length > 0) responses.push([...result.events]);
    if (!result.more) return responses;
  }
}

function line(event: Event): string {
  return `${event.keyValue.modRevision} ${event.type} ${event.keyValue.key}`;
}

const everything = ['2 put a', '3 put b', '4 put a', '5 put c', '5 put d', '5 delete b', '6 delete a', '7 put a'];

test('watch, ordered: revisions never go back', () => {
  const mvcc = example();
  const revisions = drain(mvcc, watch(mvcc))
    .flat()
    .map((event) => event.keyValue.modRevision);
  expect(revisions).toEqual([...revisions].sort((left, right) => left - right));
});

test('watch, unique: no event comes twice, however small the responses are', () => {
  const mvcc = example();
  const seen = drain(mvcc, watch(mvcc, { fragment: true }), 1)
    .flat()
    .map(line);
  expect(seen).toEqual([...new Set(seen)]);
  expect(seen).toEqual(everything);
});

test('watch, atomic: the events of one revision come in one response', () => {
  const mvcc = example();
  const responses = drain(mvcc, watch(mvcc), 1);
  const revisions = responses.map((events) => events[0]?.keyValue.modRevision);
  for (const events of responses) expect(new Set(events.map((event) => event.keyValue.modRevision)).size).toBe(1);
  expect(revisions).toEqual([2, 3, 4, 5, 6, 7]);
});

test('watch, reliable: there is no gap, whether events are read as they come or later', () => {
  const mvcc = new Mvcc();
  const eager = watch(mvcc);
  const seen: string[] = [];
  const source = example();
  for (let revision = 2; revision <= source.revision; revision += 1) {
    const events = source.keyspace.eventsAt(revision as Revision);
    run(
      mvcc,
      ...events.map((event) => (event.type === 'put' ? put(event.keyValue.key, 'x') : remove(event.keyValue.key))),
    );
    seen.push(...drain(mvcc, eager).flat().map(line));
  }
  expect(seen).toEqual(everything);
  expect(drain(mvcc, watch(mvcc)).flat().map(line)).toEqual(everything);
});

test('watch, resumable: a new watch from the revision after the last goes on exactly there', () => {
  const mvcc = example();
  for (let last = 1; last <= 7; last += 1) {
    const rest = drain(mvcc, watch(mvcc, { startRevision: (last + 1) as Revision })).flat();
    expect(rest.map(line)).toEqual(everything.filter((text) => Number(text.split(' ')[0]) > last));
  }
});

test('watch, bookmarkable: a progress notification covers everything up to its revision', () => {
  const mvcc = example();
  const id = watch(mvcc);
  expect(mvcc.watches.progress(id)).toBeNull();
  drain(mvcc, id);
  expect(mvcc.watches.progress(id)).toBe(7);
  run(mvcc, put('z', '1'));
  expect(mvcc.watches.progress(id)).toBeNull();
  const next = mvcc.watches.pull(id, 10, 1e9);
  expect(next.type === 'events' ? next.events.map((event) => event.keyValue.modRevision) : []).toEqual([8]);
});

test('watch, filter: only what matches comes', () => {
  const mvcc = example();
  run(mvcc, put('ab', '1'));
  expect(
    drain(mvcc, watch(mvcc, { range: singleKey('a') }))
      .flat()
      .map(line),
  ).toEqual(['2 put a', '4 put a', '6 delete a', '7 put a']);
  expect(
    drain(mvcc, watch(mvcc, { range: prefixRange('ab') }))
      .flat()
      .map(line),
  ).toEqual(['8 put ab']);
  expect(
    drain(mvcc, watch(mvcc, { noPut: true }))
      .flat()
      .map(line),
  ).toEqual(['5 delete b', '6 delete a']);
  expect(
    drain(mvcc, watch(mvcc, { noDelete: true }))
      .flat()
      .every((event) => event.type === 'put'),
  ).toBe(true);
});

test('watch, previous value: it is the state one revision before, and absent where that is compacted', () => {
  const mvcc = example();
  const previous = (start: number): (string | null)[] =>
    drain(mvcc, watch(mvcc, { previous: true, startRevision: start as Revision }))
      .flat()
      .map((event) => (event.previous === null ? null : utf8Text(event.previous.value)));
  expect(previous(1)).toEqual([null, null, '1', null, null, '1', '2', null]);
  mvcc.compact(6 as Revision);
  expect(previous(6)).toEqual([null, null]);
});

test('watch, is-create: exactly the events whose key did not exist the revision before', () => {
  const mvcc = example();
  expect(drain(mvcc, watch(mvcc)).flat().filter(isCreate).map(line)).toEqual([
    '2 put a',
    '3 put b',
    '5 put c',
    '5 put d',
    '7 put a',
  ]);
});

test('a watch of revision 0 begins with the next change', () => {
  const mvcc = example();
  const id = watch(mvcc, { startRevision: 0 as Revision });
  run(mvcc, put('n', '1'));
  expect(drain(mvcc, id).flat().map(line)).toEqual(['8 put n']);
});

test('etcd 15220: progress is not told ahead of events that still wait', () => {
  const mvcc = example();
  const id = watch(mvcc);
  const first = mvcc.watches.pull(id, 1, 1e9);
  expect(first).toMatchObject({ throughRevision: 2, more: true });
  expect(mvcc.watches.progress(id)).toBeNull();
});

test('etcd 15271: a watch does not go back in time, nor miss anything, when its replica installs a newer state', () => {
  const ahead = example();
  const behind = new Mvcc();
  run(behind, put('a', '1'));
  run(behind, put('b', '1'));
  const id = watch(behind);
  const idle = watch(behind, { startRevision: 0 as Revision });
  expect(drain(behind, id).flat().map(line)).toEqual(everything.slice(0, 2));
  const loader = new SnapshotImport();
  const source = new SnapshotExport(ahead.keyspace, ahead.leases);
  for (let chunk = source.next(); chunk !== null; chunk = source.next()) loader.push(chunk);
  loader.install(behind);
  expect(behind.watches.takeReady()).toEqual([id, idle]);
  expect(drain(behind, id).flat().map(line)).toEqual(everything.slice(2));
  expect(drain(behind, idle).flat().map(line)).toEqual(everything.slice(2));
});

test('etcd 17247: a transaction that is refused leaves no trace among the events', () => {
  const mvcc = example();
  const id = watch(mvcc, { startRevision: 0 as Revision });
  const refused = mvcc.transact({
    compares: [],
    success: [put('x', '1'), putOperation('y', utf8('1'), { lease: 9 as LeaseId })],
    failure: [],
  });
  expect(refused.type).toBe('leaseNotFound');
  run(mvcc, put('z', '1'));
  expect(drain(mvcc, id).flat().map(line)).toEqual(['8 put z']);
});

test('etcd 17529: a slow watcher among busy ones loses nothing', () => {
  const mvcc = new Mvcc();
  const slow = watch(mvcc);
  const quick = watch(mvcc);
  let seen = 0;
  for (let index = 0; index < 5000; index += 1) {
    run(mvcc, put(`k${index % 10}`, String(index)));
    seen += drain(mvcc, quick, 100).flat().length;
  }
  expect(seen).toBe(5000);
  expect(
    drain(mvcc, slow, 7)
      .flat()
      .map((event) => utf8Text(event.keyValue.value)),
  ).toEqual(Array.from({ length: 5000 }, (_, index) => String(index)));
});

test('etcd 17780: the revision does not go back over a compaction and a restore', () => {
  const mvcc = example();
  run(mvcc, remove('a'), remove('c'), remove('d'));
  mvcc.compact(8 as Revision);
  const loader = new SnapshotImport();
  const source = new SnapshotExport(mvcc.keyspace, mvcc.leases);
  for (let chunk = source.next(); chunk !== null; chunk = source.next()) loader.push(chunk);
  const restored = new Mvcc();
  loader.install(restored);
  expect([restored.revision, restored.compactRevision]).toEqual([8, 8]);
  run(restored, put('n', '1'));
  expect(restored.revision).toBe(9);
});

test('etcd 18089 and 19179: a compaction at a deletion keeps the deletion for those who watch from there', () => {
  const mvcc = example();
  mvcc.compact(6 as Revision);
  expect(
    drain(mvcc, watch(mvcc, { startRevision: 6 as Revision }))
      .flat()
      .map(line),
  ).toEqual(['6 delete a', '7 put a']);
  expect(
    drain(mvcc, watch(mvcc, { startRevision: 6 as Revision, range: singleKey('a') }))
      .flat()
      .map(line),
  ).toEqual(['6 delete a', '7 put a']);
});

test('etcd 18667: a transaction that reads a compacted revision is refused as a whole', () => {
  const mvcc = example();
  mvcc.compact(4 as Revision);
  const result = mvcc.transact({
    compares: [],
    success: [put('x', '1'), { type: 'range', query: rangeQuery(everyKey, { revision: 3 as Revision }) }],
    failure: [],
  });
  expect(result).toEqual({ type: 'compacted', compactRevision: 4 });
  expect(mvcc.revision).toBe(7);
});

test('etcd 20221: a watch from a future revision gets neither older events nor notifications', () => {
  const mvcc = example();
  const id = watch(mvcc, { startRevision: 10 as Revision });
  run(mvcc, put('x', '8'));
  expect(mvcc.watches.takeReady()).toEqual([]);
  expect(mvcc.watches.progress(id)).toBeNull();
  run(mvcc, put('x', '9'));
  run(mvcc, put('x', '10'));
  expect(mvcc.watches.takeReady()).toEqual([id]);
  expect(drain(mvcc, id).flat().map(line)).toEqual(['10 put x']);
});

test('a watch from a compacted revision is cancelled with the compaction revision, and only then', () => {
  const mvcc = example();
  const late = watch(mvcc, { startRevision: 3 as Revision });
  const idle = watch(mvcc);
  drain(mvcc, idle);
  mvcc.compact(7 as Revision);
  expect(mvcc.watches.pull(late, 10, 1e9)).toEqual({ type: 'cancelled', compactRevision: 7 });
  expect(mvcc.watches.has(late)).toBe(false);
  run(mvcc, put('n', '1'));
  expect(drain(mvcc, idle).flat().map(line)).toEqual(['8 put n']);
});

test('beyond the quota puts are refused with noSpace, and deleting and compacting makes room again', () => {
  const mvcc = new Mvcc({ quotaBytes: 5000 });
  run(mvcc, putOperation('big', new Uint8Array(4000)));
  const refused = mvcc.transact({ compares: [], success: [putOperation('more', new Uint8Array(4000))], failure: [] });
  expect(refused.type).toBe('noSpace');
  expect(mvcc.revision).toBe(2);
  run(mvcc, remove('big'));
  run(mvcc, { type: 'range', query: rangeQuery(everyKey) });
  mvcc.compact(3 as Revision);
  run(mvcc, putOperation('more', new Uint8Array(4000)));
  expect(mvcc.revision).toBe(4);
});
