/** The checks of the store scenario have teeth: each planted violation is found, and the history without it passes. */
import { expect, test } from 'vitest';
import { everyKey } from '../../src/mvcc/key-range.ts';
import type { Revision } from '../../src/mvcc/key-value.ts';
import { checkFences } from './store/checks/fences.ts';
import { checkLeases } from './store/checks/leases.ts';
import { checkOperations } from './store/checks/operations.ts';
import { checkWatches } from './store/checks/watches.ts';
import { officeKey, workKey } from './store/clients/candidate.ts';
import { Evidence, type OperationRecord, type WatchRecord } from './store/evidence.ts';
import { type Change, Journal } from './store/journal.ts';

function put(revision: number, key: string, value: string, lease = 0, createRevision = revision): Change {
  return { type: 'put', revision, key, value, createRevision, version: 1, lease };
}

function gone(revision: number, key: string): Change {
  return { type: 'delete', revision, key, value: null, createRevision: 0, version: 0, lease: 0 };
}

function journalOf(...changes: readonly Change[]): Journal {
  const journal = new Journal();
  for (const change of changes) expect(journal.add(change.revision, [change], change.revision * 100)).toBeNull();
  return journal;
}

function operation(overrides: Partial<OperationRecord>): OperationRecord {
  return {
    client: 'c',
    op: 'put',
    key: 'a',
    value: 'x',
    expected: null,
    other: null,
    called: 1,
    knownRevision: 1,
    returned: 2,
    outcome: { type: 'done', revision: 2, ok: true, read: null },
    ...overrides,
  };
}

function judge(journal: Journal, ...operations: readonly OperationRecord[]): string[] {
  const evidence = new Evidence();
  evidence.operations.push(...operations);
  return checkOperations(evidence, journal);
}

test('two replicas that applied different things at one revision are found', () => {
  const journal = journalOf(put(2, 'a', 'x'));
  expect(journal.add(2, [put(2, 'a', 'x')], 0)).toBeNull();
  expect(journal.add(2, [put(2, 'a', 'y')], 0)).toContain('two histories');
  expect(journal.add(4, [put(4, 'a', 'y')], 0)).toContain('nobody applied 3');
});

test('a lost, a misplaced and a refused but applied write are found', () => {
  const journal = journalOf(put(2, 'a', 'x'));
  expect(judge(journal, operation({}))).toEqual([]);
  expect(judge(journal, operation({ value: 'lost' }))[0]).toContain('lost write');
  expect(judge(journal, operation({ key: 'b' }))[0]).toContain('lost write');
  expect(judge(journal, operation({ knownRevision: 2 }))[0]).toContain('into the past');
  expect(judge(journal, operation({ outcome: { type: 'refused', code: '' } }))[0]).toContain('was applied');
});

test('a stale and a wrong read are found', () => {
  const journal = journalOf(put(2, 'a', 'x'), put(3, 'a', 'y'));
  const read = (revision: number, value: string, knownRevision = 1): OperationRecord =>
    operation({ op: 'get', value: null, knownRevision, outcome: { type: 'done', revision, ok: true, read: value } });
  expect(judge(journal, read(3, 'y'), operation({ value: 'y', outcome: { type: 'unknown', code: '' } }))).toEqual([]);
  expect(judge(journal, read(2, 'x', 3))[0]).toContain('stale');
  expect(judge(journal, read(3, 'x'))[0]).toContain('wrong read');
});

test('a watch with a gap, a repetition, a wrong order or false progress is found', () => {
  const changes = [put(2, 'a', 'x'), put(3, 'b', 'y'), gone(4, 'a')];
  const journal = journalOf(...changes);
  const verdict = (events: readonly Change[], through: number, progress?: number): string[] => {
    const deliveries: WatchRecord['deliveries'] = [
      { type: 'events', events: events.map((change) => ({ change, previous: null })), through },
    ];
    if (progress !== undefined) deliveries.push({ type: 'progress', events: [], through: progress });
    const evidence = new Evidence();
    const base = { name: 'w', range: everyKey, noPut: false, noDelete: false, from: 1, isCurrent: true };
    evidence.watches.push({ ...base, deliveries });
    return checkWatches(evidence, journal);
  };
  expect(verdict(changes, 4)).toEqual([]);
  expect(verdict(changes.slice(0, 2), 3, 3)).toEqual([]);
  expect(verdict([changes[0] as Change, changes[2] as Change], 4)).toHaveLength(1);
  expect(verdict([...changes, changes[2] as Change], 4)).toHaveLength(1);
  expect(verdict(changes.toReversed(), 4)).toHaveLength(1);
  expect(verdict(changes.slice(0, 2), 3, 4)).toHaveLength(1);
  expect(verdict(changes, 4, 3)).toHaveLength(1);
});

test('a lease that ends early, and a key that outlives its lease, are found', () => {
  const verdict = (keptAtMs: number, ...changes: readonly Change[]): string[] => {
    const evidence = new Evidence();
    evidence.leases.set(7, { id: 7, client: 'c', ttlMs: 100, keptAtMs, isRevoked: false });
    return checkLeases(evidence, journalOf(...changes));
  };
  const [made, ended] = [put(2, 'lease/c/1', 'v', 7), gone(3, 'lease/c/1')];
  expect(verdict(150, made, ended)).toEqual([]);
  expect(verdict(250, made, ended)[0]).toContain('runs to 350');
  expect(verdict(150, made)[0]).toContain('outlived');
});

test('a write of a deposed holder is found', () => {
  const journal = journalOf(
    put(2, officeKey, 'one'),
    put(3, workKey, 'w1'),
    gone(4, officeKey),
    put(5, officeKey, 'two'),
    put(6, workKey, 'w2'),
    put(7, workKey, 'w3'),
  );
  const verdict = (lastFence: number): string[] => {
    const evidence = new Evidence();
    const write = (value: string, createRevision: number): void =>
      void evidence.fencedWrites.push({
        client: 'c',
        value,
        fence: { key: officeKey, createRevision: createRevision as Revision },
        outcome: 'written',
      });
    write('w1', 2);
    write('w2', 5);
    write('w3', lastFence);
    return checkFences(evidence, journal);
  };
  expect(verdict(5)).toEqual([]);
  expect(verdict(2)).toHaveLength(2);
});
