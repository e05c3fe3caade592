/**
 * Goal: a log survives any torn tail, and nothing damaged is ever believed. Method: random histories are written through DiskPlan;
 * the files are cut at, or changed in, every byte, and what is recovered is compared with the history up to there.
 */
import { expect, test } from 'vitest';
import { concatBytes } from '../../../src/base/bytes.ts';
import { Random } from '../../../src/base/random.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import type { Entry, HardState, LogIndex, ReplicaId, SnapshotMetadata, Term } from '../../../src/raft/message.ts';
import { DiskPlan, type DiskWrite, readDirectory } from '../../../src/store/disk-plan.ts';
import { type LogRecovery, recoverLog, type SegmentFile } from '../../../src/store/log-recovery.ts';
import { decideStart } from '../../../src/store/replica-start.ts';

const replica = 1 as ReplicaId;
const owner = { clusterId: 'cluster', replica };
const membership = membershipOf([replica]);

interface State {
  readonly term: number;
  readonly snapshotIndex: number;
  readonly entries: readonly string[];
}

/** Writes a random history, and remembers the state after every write and where in its segment that write ends. */
class Writer {
  readonly files = new Map<string, Uint8Array>();
  readonly marks: { readonly file: string; readonly bytes: number; readonly state: State }[] = [];
  readonly #plan: DiskPlan;
  #entries: Entry[] = [];
  #snapshot: SnapshotMetadata = { index: 1 as LogIndex, term: 1 as Term, membership };
  #hardState: HardState = { term: 1 as Term, votedFor: 0 as ReplicaId, commit: 1 as LogIndex };

  constructor(segmentBytesMax: number) {
    this.#plan = new DiskPlan({
      ...owner,
      segments: [],
      snapshot: this.#snapshot,
      hardState: this.#hardState,
      segmentBytesMax,
      snapshotEveryEntries: 1000,
      snapshotEveryBytes: 1e9,
    });
    this.#carryOut(this.#plan.start());
  }

  step(random: Random): void {
    const last = this.#entries[this.#entries.length - 1]?.index ?? this.#snapshot.index;
    const commit = this.#hardState.commit;
    if (random.chance(0.15) && last > this.#snapshot.index + 1) {
      const index = random.integer(this.#snapshot.index + 1, last) as LogIndex;
      const { term } = this.#entries.find((entry) => entry.index === index) as Entry;
      this.#snapshot = { index, term, membership };
      this.#hardState = { ...this.#hardState, commit: Math.max(commit, index) as LogIndex };
      this.#entries = this.#entries.filter((entry) => entry.index > index);
      this.#carryOut(this.#plan.markSnapshot(this.#snapshot));
      for (const file of this.#plan.takeObsolete(this.#snapshot)) this.files.delete(file);
      return;
    }
    const term = (this.#hardState.term + (random.chance(0.3) ? 1 : 0)) as Term;
    const first = random.chance(0.2) ? random.integer(Math.min(commit, last) + 1, last + 1) : last + 1;
    const entries = Array.from({ length: random.integer(0, 3) }, (_, offset): Entry => {
      const data = new Uint8Array(random.integer(0, 9)).fill(random.integer(0, 255));
      return { term, index: (first + offset) as LogIndex, type: random.pick(['command', 'membership']), data };
    });
    if (entries.length > 0) this.#entries = [...this.#entries.filter((entry) => entry.index < first), ...entries];
    this.#hardState = { term, votedFor: random.integer(0, 3) as ReplicaId, commit };
    this.#carryOut(this.#plan.persist(this.#hardState, entries));
  }

  segments(): SegmentFile[] {
    const { segments } = readDirectory([...this.files.keys()]);
    return segments.map(({ file, sequence }) => ({ sequence, bytes: this.files.get(file) as Uint8Array }));
  }

  #carryOut(writes: readonly DiskWrite[]): void {
    for (const write of writes) {
      if (write.type === 'replace') continue;
      const before = write.type === 'append' ? (this.files.get(write.file) as Uint8Array) : new Uint8Array();
      this.files.set(write.file, concatBytes([before, write.bytes]));
    }
    const { file } = writes[writes.length - 1] as DiskWrite;
    const state = {
      term: this.#hardState.term,
      snapshotIndex: this.#snapshot.index,
      entries: this.#entries.map(describe),
    };
    this.marks.push({ file, bytes: (this.files.get(file) as Uint8Array).length, state });
  }
}

function describe(entry: Entry): string {
  return `${entry.index}@${entry.term} ${entry.type} ${entry.data.join()}`;
}

function stateOf(recovery: LogRecovery): State {
  if (recovery.type !== 'recovered') throw new Error(JSON.stringify(recovery));
  const { hardState, snapshot, entries } = recovery;
  return { term: hardState.term, snapshotIndex: snapshot.index, entries: entries.map(describe) };
}

function write(seed: number, segmentBytesMax: number, steps = 12): Writer {
  const random = new Random(seed, 'log');
  const writer = new Writer(segmentBytesMax);
  for (let step = 0; step < steps; step += 1) writer.step(random);
  return writer;
}

/** The files with the last one replaced by `bytes`. */
function withLast(files: readonly SegmentFile[], bytes: Uint8Array): SegmentFile[] {
  const last = files[files.length - 1] as SegmentFile;
  return [...files.slice(0, -1), { sequence: last.sequence, bytes }];
}

test('an undamaged log comes back as it was written, over segments and snapshots', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const writer = write(seed, 150, 40);
    expect(stateOf(recoverLog(owner, writer.segments()))).toEqual(writer.marks[writer.marks.length - 1]?.state);
  }
});

test('a log cut at any byte of its last segment holds everything that was written whole before the cut', () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const writer = write(seed, seed % 2 === 0 ? 400 : 1e6);
    const files = writer.segments();
    const last = files[files.length - 1] as SegmentFile;
    const marks = writer.marks.filter(({ file }) => file.includes(String(last.sequence).padStart(10, '0')));
    for (let cut = 0; cut <= last.bytes.length; cut += 1) {
      const recovery = recoverLog(owner, withLast(files, last.bytes.subarray(0, cut)));
      const whole = marks.filter(({ bytes }) => bytes <= cut);
      const mark = whole[whole.length - 1];
      if (mark === undefined) continue;
      const state = stateOf(recovery);
      expect(state.term).toBeGreaterThanOrEqual(mark.state.term);
      if (mark.bytes === cut) expect(state).toEqual(mark.state);
      const next = marks[whole.length]?.state;
      const known = new Set([...mark.state.entries, ...(next?.entries ?? [])]);
      expect(state.entries.filter((entry) => !known.has(entry))).toEqual([]);
      if (next === undefined) expect(state).toEqual(mark.state);
    }
  }
});

test('a changed byte is never believed: before the last segment it is corruption, in the last the log ends before it', () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const writer = write(seed, 300);
    const files = writer.segments();
    for (const [index, file] of files.entries()) {
      for (let at = 0; at < file.bytes.length; at += 1) {
        const bytes = file.bytes.slice();
        bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
        const recovery = recoverLog(owner, files.with(index, { sequence: file.sequence, bytes }));
        if (index < files.length - 1) expect(recovery.type).toBe('corrupt');
        else {
          const cut = recoverLog(owner, withLast(files, file.bytes.subarray(0, at)));
          const end = cut.type === 'recovered' ? (cut.repair?.bytes ?? at) : 0;
          const expected = recoverLog(owner, withLast(files, file.bytes.subarray(0, end)));
          if (recovery.type === 'recovered' && expected.type === 'recovered') {
            expect(stateOf(recovery)).toEqual(stateOf(expected));
            expect(recovery.repair?.bytes).toBe(end);
          } else expect(recovery.type).toBe(expected.type);
        }
      }
    }
  }
});

test('a segment of another cluster, another replica or another place is corruption', () => {
  const writer = write(3, 1e6);
  const files = writer.segments();
  expect(recoverLog({ ...owner, clusterId: 'other' }, files).type).toBe('corrupt');
  expect(recoverLog({ ...owner, replica: 2 as ReplicaId }, files).type).toBe('corrupt');
  expect(recoverLog(owner, [{ sequence: 7, bytes: (files[0] as SegmentFile).bytes }]).type).toBe('corrupt');
});

test('a missing segment is corruption', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const files = write(seed, 120).segments();
    if (files.length < 3) continue;
    expect(recoverLog(owner, [files[0] as SegmentFile, ...files.slice(2)]).type).toBe('corrupt');
  }
});

test('a replica whose log is lost or damaged is refused; one that never was may begin; a log that is there is used', () => {
  const found = { type: 'found', membership } as const;
  expect(decideStart(recoverLog(owner, []), { type: 'resume' }).type).toBe('refused');
  expect(decideStart(recoverLog(owner, []), found).type).toBe('found');
  const files = write(5, 1e6).segments();
  expect(decideStart(recoverLog(owner, files), found).type).toBe('recover');
  expect(decideStart(recoverLog({ ...owner, clusterId: 'x' }, files), { type: 'resume' }).type).toBe('refused');
});
