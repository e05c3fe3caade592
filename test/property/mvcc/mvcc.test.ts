/**
 * Goal: the multi-version store means what the naive model means. Method: random histories of transactions, leases and
 * compactions run on both; then every revision is read, watches from every revision are compared with a replay, and a snapshot is
 * taken, restored and compared again.
 */
import { expect, test } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import type { Event } from '../../../src/mvcc/event.ts';
import { everyKey, type KeyRange, singleKey } from '../../../src/mvcc/key-range.ts';
import type { LeaseId, Revision } from '../../../src/mvcc/key-value.ts';
import { Mvcc } from '../../../src/mvcc/mvcc.ts';
import { SnapshotExport } from '../../../src/mvcc/snapshot-export.ts';
import { SnapshotImport } from '../../../src/mvcc/snapshot-import.ts';
import { type Compare, type Operation, putOperation, rangeQuery } from '../../../src/mvcc/transaction.ts';
import type { WatcherId } from '../../../src/mvcc/watcher.ts';
import { type NaiveEvent, NaiveModel } from './naive-model.ts';

const keys = ['a', 'aa', 'ab', 'b', 'b\0', 'c', '\xff'];

class History {
  readonly random: Random;
  readonly mvcc = new Mvcc();
  readonly model = new NaiveModel();

  constructor(seed: number) {
    this.random = new Random(seed, 'mvcc');
  }

  range(): KeyRange {
    if (this.random.chance(0.4)) return singleKey(this.random.pick(keys));
    if (this.random.chance(0.3)) return everyKey;
    return { start: this.random.pick(keys), end: this.random.chance(0.3) ? null : this.random.pick(keys) };
  }

  step(): void {
    const { random, mvcc, model } = this;
    const lease = random.integer(1, 3) as LeaseId;
    if (random.chance(0.05) && !model.leases.has(lease)) {
      expect(mvcc.leaseGrant(lease, 10).type).toBe('leaseGranted');
      model.leases.add(lease);
    } else if (random.chance(0.04) && model.leases.has(lease)) {
      expect(mvcc.leaseRevoke(lease).type).toBe('leaseRevoked');
      model.revoke(lease);
    } else if (random.chance(0.05) && mvcc.revision > mvcc.compactRevision) {
      mvcc.compact(random.integer(mvcc.compactRevision + 1, mvcc.revision) as Revision);
    } else this.transact();
    expect(mvcc.revision).toBe(model.revision);
  }

  transact(): void {
    const transaction = { compares: this.compares(), success: this.operations(), failure: this.operations() };
    const result = this.mvcc.transact(transaction);
    if (result.type === 'duplicateKey') return;
    const expected = this.model.transact(transaction);
    expect(result.type === 'transaction' ? result.succeeded : null).toBe(expected);
    if (expected === null) expect(result.type).toBe('leaseNotFound');
  }

  compares(): Compare[] {
    if (this.random.chance(0.5)) return [];
    const range = this.range();
    const operator = this.random.pick(['=', '!=', '<', '>'] as const);
    if (this.random.chance(0.3)) {
      const operand = new Uint8Array([this.random.integer(0, 3)]);
      return [{ type: 'value', range, operator: this.random.pick(['=', '!='] as const), operand }];
    }
    const type = this.random.pick(['version', 'createRevision', 'modRevision', 'lease'] as const);
    return [{ type, range, operator, operand: this.random.integer(0, type === 'version' ? 3 : this.model.revision) }];
  }

  operations(): Operation[] {
    return Array.from({ length: this.random.integer(0, 3) }, (): Operation => {
      if (this.random.chance(0.3)) return { type: 'deleteRange', range: this.range(), previous: false };
      const lease = (this.random.chance(0.3) ? this.random.integer(1, 3) : 0) as LeaseId;
      return putOperation(this.random.pick(keys), new Uint8Array([this.random.integer(0, 3)]), { lease });
    });
  }
}

function plain(event: Event): NaiveEvent {
  const previous = event.previous === null ? null : String(event.previous.value);
  const { key, modRevision, value } = event.keyValue;
  return { type: event.type, key, revision: modRevision, value: String(value), previous };
}

/** Pulls a watcher to its end, checking that no response splits a revision unless it is a fragment. */
function drain(mvcc: Mvcc, id: WatcherId, random: Random): NaiveEvent[] | 'cancelled' {
  const events: NaiveEvent[] = [];
  let lastWhole = 0;
  for (;;) {
    const result = mvcc.watches.pull(id, random.integer(1, 4), 100_000);
    if (result.type === 'cancelled') return 'cancelled';
    const first = result.events[0];
    if (first !== undefined) expect(first.keyValue.modRevision).toBeGreaterThan(lastWhole);
    events.push(...result.events.map(plain));
    const last = events[events.length - 1];
    if (last !== undefined && !result.fragment) lastWhole = last.revision;
    if (!result.fragment) expect(result.throughRevision).toBeGreaterThanOrEqual(lastWhole);
    if (!result.more) return events;
  }
}

function replay(history: History, range: KeyRange, start: number, floor: number): NaiveEvent[] {
  return history.model.events
    .filter(({ key, revision }) => revision >= start && key >= range.start && (range.end === null || key < range.end))
    .map((event) => withoutCompacted(event, floor));
}

function withoutCompacted(event: NaiveEvent, floor: number): NaiveEvent {
  return event.revision === floor ? { ...event, previous: null } : event;
}

function checkReads(history: History, mvcc: Mvcc): void {
  for (let revision = 0; revision <= history.model.revision + 1; revision += 1) {
    const range = history.range();
    const result = mvcc.range(rangeQuery(range, { revision: revision as Revision }));
    if (revision > history.model.revision) expect(result.type).toBe('futureRevision');
    else if (revision !== 0 && revision < mvcc.compactRevision) expect(result.type).toBe('compacted');
    else expect(result.type === 'range' ? result.keyValues : null).toEqual(history.model.range(range, revision));
  }
}

function checkWatches(history: History, mvcc: Mvcc): void {
  for (let start = 1; start <= history.model.revision; start += 1) {
    const range = history.range();
    const fragment = history.random.chance(0.5);
    const id = mvcc.watches.watch({ range, startRevision: start as Revision, previous: true, fragment });
    const seen = drain(mvcc, id, history.random);
    if (start < mvcc.compactRevision) expect(seen).toBe('cancelled');
    else expect(seen).toEqual(replay(history, range, start, mvcc.compactRevision));
  }
}

function restore(chunks: readonly Uint8Array[]): Mvcc {
  const restored = new Mvcc();
  const loader = new SnapshotImport();
  for (const chunk of chunks) loader.push(chunk);
  expect(loader.verify()).toBeNull();
  loader.install(restored);
  return restored;
}

function exportAll(snapshot: SnapshotExport): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let chunk = snapshot.next(); chunk !== null; chunk = snapshot.next()) chunks.push(chunk);
  return chunks;
}

test('reads, watches and restored snapshots of random histories agree with the naive model', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const history = new History(seed);
    for (let step = 0; step < 60; step += 1) history.step();
    checkReads(history, history.mvcc);
    checkWatches(history, history.mvcc);
    const restored = restore(exportAll(new SnapshotExport(history.mvcc.keyspace, history.mvcc.leases)));
    checkReads(history, restored);
    checkWatches(history, restored);
    expect(restored.hash()).toEqual(history.mvcc.hash());
    expect(restored.keyspace.bytes).toBe(history.mvcc.keyspace.bytes);
    expect(restored.keyspace.liveKeys).toBe(history.mvcc.keyspace.liveKeys);
    expect(restored.leases.all()).toEqual(history.mvcc.leases.all());
    expect(restored.leases.keysOf(1 as LeaseId)).toEqual(history.mvcc.leases.keysOf(1 as LeaseId));
  }
});

test('a watch that is pulled now and then during the history equals its replay', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const history = new History(seed + 1000);
    const range = history.range();
    const id = history.mvcc.watches.watch({ range, startRevision: 1 as Revision, previous: true });
    const seen: NaiveEvent[] = [];
    for (let step = 0; step < 80; step += 1) {
      history.step();
      const isReady = history.mvcc.watches.takeReady().includes(id);
      if (!isReady) continue;
      const events = drain(history.mvcc, id, history.random);
      if (events === 'cancelled') break;
      seen.push(...events);
      expect(history.mvcc.watches.progress(id)).toBe(history.mvcc.revision);
    }
    const through = seen[seen.length - 1]?.revision ?? 0;
    const expected = replay(history, range, 1, 0).filter(({ revision }) => revision <= through);
    expect(seen.map(({ key, revision, value }) => [key, revision, value])).toEqual(
      expected.map(({ key, revision, value }) => [key, revision, value]),
    );
  }
});

test('a snapshot shows one revision, however much is written and compacted while it is exported', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const history = new History(seed + 2000);
    for (let step = 0; step < 40; step += 1) history.step();
    for (let index = 0; index < 4; index += 1) {
      history.mvcc.transact({
        compares: [],
        success: [putOperation(`big${index}`, new Uint8Array(90_000).fill(index))],
        failure: [],
      });
    }
    const expected = history.mvcc.hash();
    const floor = history.mvcc.compactRevision;
    const snapshot = new SnapshotExport(history.mvcc.keyspace, history.mvcc.leases);
    const chunks: Uint8Array[] = [];
    for (let chunk = snapshot.next(); chunk !== null; chunk = snapshot.next()) {
      chunks.push(chunk);
      history.mvcc.transact({
        compares: [],
        success: [{ type: 'deleteRange', range: history.range(), previous: false }, putOperation('zz', chunk)],
        failure: [],
      });
      history.mvcc.compact(history.mvcc.revision);
    }
    expect(chunks.length).toBeGreaterThan(5);
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(64 * 1024);
    const restored = restore(chunks);
    expect(restored.hash()).toEqual(expected);
    expect(restored.compactRevision).toBe(floor);
    const again = restore(exportAll(new SnapshotExport(history.mvcc.keyspace, history.mvcc.leases)));
    expect(again.keyspace.bytes).toBe(history.mvcc.keyspace.bytes);
  }
});

test('a snapshot that was cut or changed anywhere is refused as a whole', () => {
  const history = new History(7);
  for (let step = 0; step < 30; step += 1) history.step();
  const bytes = exportAll(new SnapshotExport(history.mvcc.keyspace, history.mvcc.leases))[0] as Uint8Array;
  for (let index = 0; index < bytes.length; index += 1) {
    const cut = new SnapshotImport();
    cut.push(bytes.subarray(0, index));
    expect(cut.verify()).not.toBeNull();
    const flipped = bytes.slice();
    flipped[index] = (flipped[index] as number) ^ (1 << (index % 8));
    const damaged = new SnapshotImport();
    damaged.push(flipped);
    expect(damaged.verify()).not.toBeNull();
  }
});
