/** Which files a replica writes, when it takes a snapshot, and what it lets go of. */
import { expect, test } from 'vitest';
import { membershipOf } from '../../../src/raft/membership.ts';
import type { Entry, LogIndex, ReplicaId, SnapshotMetadata, Term } from '../../../src/raft/message.ts';
import { DiskPlan, type DiskPlanOptions, readDirectory, segmentFile } from '../../../src/store/disk-plan.ts';

const replica = 1 as ReplicaId;

function snapshotAt(index: number): SnapshotMetadata {
  return { index: index as LogIndex, term: 1 as Term, membership: membershipOf([replica]) };
}

function entriesOf(first: number, count: number, bytes = 100): Entry[] {
  return Array.from({ length: count }, (_, offset) => ({
    term: 1 as Term,
    index: (first + offset) as LogIndex,
    type: 'command',
    data: new Uint8Array(bytes),
  }));
}

function makePlan(options: Partial<DiskPlanOptions> = {}): DiskPlan {
  const plan = new DiskPlan({
    clusterId: 'c',
    replica,
    segments: [],
    snapshot: snapshotAt(1),
    hardState: { term: 1 as Term, votedFor: 0 as ReplicaId, commit: 1 as LogIndex },
    segmentBytesMax: 1000,
    snapshotEveryEntries: 10,
    snapshotEveryBytes: 5000,
    ...options,
  });
  plan.start();
  return plan;
}

test('every start writes a segment of its own, behind those of earlier starts', () => {
  const segments = [{ sequence: 7, lastIndex: 4 as LogIndex, bytes: 10 }];
  const plan = makePlan({ segments });
  expect(DiskPlan.nextSequence(segments)).toBe(8);
  expect(plan.persist(null, entriesOf(5, 1)).map(({ file }) => file)).toEqual([segmentFile(8)]);
});

test('a full segment is followed by a new one, which begins the write', () => {
  const plan = makePlan();
  expect(plan.persist(null, entriesOf(2, 10)).map(({ type }) => type)).toEqual(['append']);
  expect(plan.persist(null, entriesOf(12, 1)).map(({ type, file }) => `${type} ${file}`)).toEqual([
    `create ${segmentFile(2)}`,
    `append ${segmentFile(2)}`,
  ]);
});

test('a snapshot is due by entries or by bytes, and not again before new ones come', () => {
  const plan = makePlan();
  plan.persist(null, entriesOf(2, 9));
  expect(plan.isSnapshotDue(10 as LogIndex, 0)).toBe(false);
  plan.persist(null, entriesOf(11, 1));
  expect(plan.isSnapshotDue(11 as LogIndex, 0)).toBe(true);
  plan.markSnapshot(snapshotAt(11));
  expect(plan.isSnapshotDue(11 as LogIndex, 0)).toBe(false);
  plan.persist(null, entriesOf(12, 1, 6000));
  expect(plan.isSnapshotDue(12 as LogIndex, 0)).toBe(true);
});

test('a large state is not written whole for a few entries', () => {
  const plan = makePlan();
  plan.persist(null, entriesOf(2, 20));
  expect(plan.isSnapshotDue(21 as LogIndex, 5_000)).toBe(true);
  expect(plan.isSnapshotDue(21 as LogIndex, 100_000)).toBe(false);
  plan.persist(null, entriesOf(22, 450));
  expect(plan.isSnapshotDue(471 as LogIndex, 100_000)).toBe(true);
});

test('a durable mark frees the segments wholly at or below it, oldest first, and the snapshot before', () => {
  const plan = makePlan();
  for (let index = 2; index < 42; index += 10) plan.persist(null, entriesOf(index, 10));
  plan.markSnapshot(snapshotAt(15));
  expect(plan.takeObsolete(snapshotAt(15))).toEqual([segmentFile(1)]);
  plan.markSnapshot(snapshotAt(31));
  expect(plan.takeObsolete(snapshotAt(31))).toEqual([
    segmentFile(2),
    segmentFile(3),
    'snapshot-0000000000000015-1.state',
  ]);
});

test('a directory is read by the names of its files', () => {
  const names = ['segment-0000000010.log', 'segment-0000000009.log', 'snapshot-0000000000000015-1.state', 'x.partial'];
  expect(readDirectory(names)).toEqual({
    segments: [
      { file: 'segment-0000000009.log', sequence: 9 },
      { file: 'segment-0000000010.log', sequence: 10 },
    ],
    snapshots: ['snapshot-0000000000000015-1.state'],
    others: ['x.partial'],
  });
});
