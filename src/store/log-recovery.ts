/**
 * Rebuilds what a replica had made durable from the segments of its log. Only the end of the last segment may be broken, by a crash
 * in the middle of a write: it is cut at the first bad record, which can't have been acknowledged, because a write is
 * acknowledged only after everything before it is durable. Anything broken elsewhere is `corrupt`: the replica must not start,
 * for it may have forgotten a vote or an acknowledged entry; it rejoins as a new member instead.
 *
 * Models etcd server/storage/wal ReadAll and Repair; Raft dissertation §3.8 (what must be durable).
 */
import type { Entry, HardState, LogIndex, ReplicaId, SnapshotMetadata, Term } from '../raft/message.ts';
import { readWalRecord, type SegmentHeader, type WalRecord } from './wal-record.ts';

/** A segment file as read from disk; `sequence` comes from its name. */
export interface SegmentFile {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

export interface RecoveredSegment {
  readonly sequence: number;
  /** Highest index among the entries of this segment; 0 without entries. */
  readonly lastIndex: LogIndex;
  readonly bytes: number;
}

export interface RecoveredLog {
  readonly type: 'recovered';
  readonly hardState: HardState;
  /** The newest snapshot that the log speaks of; its state file must exist, unless its index is 0 or 1 (an empty store). */
  readonly snapshot: SnapshotMetadata;
  /** Contiguous, and the first one follows the snapshot. */
  readonly entries: readonly Entry[];
  readonly segments: readonly RecoveredSegment[];
  /** The torn segment and its good bytes: the host truncates the file to them and syncs before it starts the replica. */
  readonly repair: { readonly sequence: number; readonly bytes: number } | null;
}

export type LogRecovery =
  | RecoveredLog
  /** No record of a log at all: the id was never used here. */
  | { readonly type: 'empty' }
  | { readonly type: 'corrupt'; readonly sequence: number; readonly offset: number; readonly reason: string };

type Corrupt = LogRecovery & { readonly type: 'corrupt' };

/** Replays `files`, ascending and contiguous in sequence. */
export function recoverLog(
  owner: { readonly clusterId: string; readonly replica: ReplicaId },
  files: readonly SegmentFile[],
): LogRecovery {
  const replay = new LogReplay(owner);
  for (const [index, file] of files.entries()) {
    const corrupt = replay.addSegment(file, index === files.length - 1);
    if (corrupt !== null) return corrupt;
  }
  return replay.finish();
}

class LogReplay {
  readonly #owner: { readonly clusterId: string; readonly replica: ReplicaId };
  readonly #segments: RecoveredSegment[] = [];
  #hardState: HardState | null = null;
  #snapshot: SnapshotMetadata | null = null;
  #entries: Entry[] = [];
  #segmentLastIndex = 0;
  #repair: { sequence: number; bytes: number } | null = null;
  #sequence = 0;

  constructor(owner: { readonly clusterId: string; readonly replica: ReplicaId }) {
    this.#owner = owner;
  }

  addSegment(file: SegmentFile, isLast: boolean): Corrupt | null {
    if (this.#sequence !== 0 && file.sequence !== this.#sequence + 1) return this.#corrupt(0, 'a segment is missing');
    this.#sequence = file.sequence;
    this.#segmentLastIndex = 0;
    let offset = 0;
    let checksum = 0;
    for (;;) {
      const read = readWalRecord(file.bytes, offset, checksum);
      if (read.type === 'end') break;
      if (read.type === 'bad') {
        if (!isLast) return this.#corrupt(offset, 'a bad record before the last segment');
        this.#repair = { sequence: file.sequence, bytes: offset };
        break;
      }
      const reason = offset === 0 ? this.#checkHeader(read.record) : this.#replay(read.record);
      if (reason !== null) return this.#corrupt(offset, reason);
      offset = read.end;
      checksum = read.checksum;
    }
    if (offset === 0 && !isLast) return this.#corrupt(0, 'an empty segment before the last');
    const lastIndex = this.#segmentLastIndex as LogIndex;
    // A segment without even a header was never used: the next start writes its file anew, under the same sequence.
    if (offset > 0) this.#segments.push({ sequence: file.sequence, lastIndex, bytes: offset });
    return null;
  }

  finish(): LogRecovery {
    const snapshot = this.#snapshot;
    const hardState = this.#hardState;
    if (snapshot === null || hardState === null) {
      // The first write holds header, snapshot and hard state together; if even that is torn, nothing was ever promised.
      if (this.#sequence > 1) {
        return this.#corrupt(0, 'no hard state or snapshot in the log');
      }
      return { type: 'empty' };
    }
    const entries = this.#entries.filter((entry) => entry.index > snapshot.index);
    const first = entries[0];
    if (first !== undefined && first.index !== snapshot.index + 1) return this.#corrupt(0, 'entries are missing');
    const last = entries[entries.length - 1]?.index ?? snapshot.index;
    const commit = Math.max(hardState.commit, snapshot.index) as LogIndex;
    // A hard state is written behind the entries it speaks of, so no torn write explains this.
    if (commit > last) return this.#corrupt(0, 'committed entries are missing');
    // A torn write may hold the first entries of a term without the hard state behind them: the term counts, and no vote was cast.
    const lastTerm = entries[entries.length - 1]?.term ?? snapshot.term;
    const term = Math.max(hardState.term, lastTerm) as Term;
    return {
      type: 'recovered',
      hardState: term === hardState.term ? { ...hardState, commit } : { term, votedFor: 0 as ReplicaId, commit },
      snapshot,
      entries,
      segments: this.#segments,
      repair: this.#repair,
    };
  }

  #checkHeader(record: WalRecord): string | null {
    if (record.type !== 'header') return 'a segment without header';
    const expected: SegmentHeader = { ...this.#owner, sequence: this.#sequence };
    const { clusterId, replica, sequence } = record.header;
    if (clusterId !== expected.clusterId) return `a segment of cluster ${clusterId}`;
    if (replica !== expected.replica) return `a segment of replica ${replica}`;
    return sequence === expected.sequence ? null : `a segment with sequence ${sequence} under another name`;
  }

  #replay(record: WalRecord): string | null {
    switch (record.type) {
      case 'header':
        return 'a header inside a segment';
      case 'hardState':
        this.#hardState = record.hardState;
        return null;
      case 'snapshot':
        this.#replaySnapshot(record.snapshot);
        return null;
      case 'entry':
        return this.#replayEntry(record.entry);
    }
  }

  /**
   * Entries behind a snapshot stay only if they belong to the same log, which the entry at its index tells. If that entry is in a
   * segment deleted since, for a mark that comes later, nothing can be told yet; a conflicting rest is then replaced by what follows.
   * The same for marks that every segment repeats at its start.
   */
  #replaySnapshot(snapshot: SnapshotMetadata): void {
    if (this.#snapshot !== null && snapshot.index <= this.#snapshot.index) return;
    this.#snapshot = snapshot;
    const first = this.#entries[0];
    if (first === undefined || first.index > snapshot.index) return;
    const at = this.#entries[snapshot.index - first.index];
    this.#entries = at?.term === snapshot.term ? this.#entries.slice(snapshot.index - first.index + 1) : [];
  }

  #replayEntry(entry: Entry): string | null {
    const first = this.#entries[0];
    if (first === undefined || entry.index <= first.index) this.#entries = [entry];
    else {
      const position = entry.index - first.index;
      if (position > this.#entries.length) return 'a gap between entries';
      this.#entries.length = position;
      this.#entries.push(entry);
    }
    this.#segmentLastIndex = Math.max(this.#segmentLastIndex, entry.index);
    return null;
  }

  #corrupt(offset: number, reason: string): Corrupt {
    return { type: 'corrupt', sequence: this.#sequence, offset, reason };
  }
}
