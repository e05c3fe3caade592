/**
 * Decides what stands on a replica's disk: which segment a record goes to, when a new segment begins, when a snapshot is due, and
 * which files nobody needs any more. It only names files and makes bytes; the host carries that out.
 *
 * Every start opens a segment of its own, so a file that a crash may have torn is never appended to; the sequence of that
 * segment therefore counts the starts. Every segment begins with header, newest snapshot mark and hard state, so any prefix of
 * segments can go once the entries in it lie at or below a durable snapshot.
 * Models etcd server/storage/wal (cut, ReleaseLockTo).
 */
import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/byte-writer.ts';
import { entryBytes } from '../raft/limits.ts';
import type { Entry, HardState, LogIndex, ReplicaId, SnapshotMetadata } from '../raft/message.ts';
import type { RecoveredSegment } from './log-recovery.ts';
import { type WalRecord, writeWalRecord } from './wal-record.ts';

/**
 * `create`: a new file with these bytes (replacing a leftover of the same name). `append`: at the end of the file.
 * `replace`: a whole file, written under another name, synced, and renamed.
 */
export type DiskWrite =
  | { readonly type: 'create' | 'append'; readonly file: string; readonly bytes: Uint8Array }
  | { readonly type: 'replace'; readonly file: string; readonly chunks: readonly Uint8Array[] };

export interface DiskPlanOptions {
  readonly clusterId: string;
  readonly replica: ReplicaId;
  readonly segments: readonly RecoveredSegment[];
  readonly snapshot: SnapshotMetadata;
  readonly hardState: HardState;
  readonly segmentBytesMax: number;
  readonly snapshotEveryEntries: number;
  readonly snapshotEveryBytes: number;
}

/** A large state is written whole when one part in so many of its bytes has come new. */
const rewriteFactor = 2;

interface Segment {
  readonly sequence: number;
  lastIndex: number;
  bytes: number;
}

export class DiskPlan {
  readonly #options: DiskPlanOptions;
  readonly #segments: Segment[];
  readonly #writer = new ByteWriter(64 * 1024);
  #snapshot: SnapshotMetadata;
  #hardState: HardState;
  #checksum = 0;
  #isStarted = false;
  #bytesSinceSnapshot = 0;
  /** Snapshot files that a newer one replaced, oldest first. */
  #oldSnapshots: SnapshotMetadata[] = [];

  constructor(options: DiskPlanOptions) {
    this.#options = options;
    this.#segments = options.segments.map((segment) => ({ ...segment }));
    this.#snapshot = options.snapshot;
    this.#hardState = options.hardState;
  }

  /** The sequence of the segment that this start writes first. */
  static nextSequence(segments: readonly RecoveredSegment[]): number {
    return (segments[segments.length - 1]?.sequence ?? 0) + 1;
  }

  get snapshot(): SnapshotMetadata {
    return this.#snapshot;
  }

  /** Returns the writes that open this start's own segment; they come before all others. */
  start(): DiskWrite[] {
    assert(!this.#isStarted, 'a plan starts once');
    this.#isStarted = true;
    return [this.#openSegment()];
  }

  /** Returns the writes that make a new hard state and entries durable. */
  persist(hardState: HardState | null, entries: readonly Entry[]): DiskWrite[] {
    const writes = this.#roll();
    if (hardState !== null) this.#hardState = hardState;
    for (const entry of entries) {
      this.#append({ type: 'entry', entry });
      this.#bytesSinceSnapshot += entryBytes(entry);
    }
    if (hardState !== null) this.#append({ type: 'hardState', hardState });
    const last = entries[entries.length - 1];
    if (last !== undefined) this.#current().lastIndex = Math.max(this.#current().lastIndex, last.index);
    writes.push(this.#flush('append'));
    return writes;
  }

  /** Returns the writes that install a snapshot received from the leader: its file, then its mark in the log. */
  install(snapshot: SnapshotMetadata, chunks: readonly Uint8Array[]): DiskWrite[] {
    const marks = this.markSnapshot(snapshot);
    return hasFile(snapshot) ? [{ type: 'replace', file: snapshotFile(snapshot), chunks }, ...marks] : marks;
  }

  /** Returns the writes that make a snapshot, whose file is durable, the start of the log. */
  markSnapshot(snapshot: SnapshotMetadata): DiskWrite[] {
    assert(snapshot.index > this.#snapshot.index, 'snapshots go forward', {
      from: this.#snapshot.index,
      to: snapshot.index,
    });
    if (hasFile(this.#snapshot)) this.#oldSnapshots.push(this.#snapshot);
    this.#snapshot = snapshot;
    this.#bytesSinceSnapshot = 0;
    const writes = this.#roll();
    this.#append({ type: 'snapshot', snapshot });
    writes.push(this.#flush('append'));
    return writes;
  }

  /**
   * Tells whether a snapshot of the state that has applied `applied` is due. A state larger than `snapshotEveryBytes` waits until a
   * good part of its size was written anew, so that making snapshots costs a constant factor of writing, however large the state.
   */
  isSnapshotDue(applied: LogIndex, stateBytes: number): boolean {
    const { snapshotEveryEntries, snapshotEveryBytes } = this.#options;
    const entries = applied - this.#snapshot.index;
    if (entries <= 0) return false;
    if (entries < snapshotEveryEntries && this.#bytesSinceSnapshot < snapshotEveryBytes) return false;
    return stateBytes <= snapshotEveryBytes || this.#bytesSinceSnapshot * rewriteFactor >= stateBytes;
  }

  /**
   * Returns the files that the mark of `snapshot` made needless, to be asked when that mark is durable. They are to be removed in
   * this order, the directory synced after each, so that no gap can appear among the segments.
   */
  takeObsolete(snapshot: SnapshotMetadata): string[] {
    const files: string[] = [];
    while (this.#segments.length > 1 && (this.#segments[0] as Segment).lastIndex <= snapshot.index) {
      files.push(segmentFile((this.#segments.shift() as Segment).sequence));
    }
    const isOld = (old: SnapshotMetadata): boolean => old.index < snapshot.index;
    for (const old of this.#oldSnapshots.filter(isOld)) files.push(snapshotFile(old));
    this.#oldSnapshots = this.#oldSnapshots.filter((old) => !isOld(old));
    return files;
  }

  #roll(): DiskWrite[] {
    assert(this.#isStarted, 'a plan is started before it writes');
    return this.#current().bytes >= this.#options.segmentBytesMax ? [this.#openSegment()] : [];
  }

  #openSegment(): DiskWrite {
    const sequence = DiskPlan.nextSequence(this.#segments as RecoveredSegment[]);
    this.#segments.push({ sequence, lastIndex: 0, bytes: 0 });
    this.#checksum = 0;
    const { clusterId, replica } = this.#options;
    this.#append({ type: 'header', header: { clusterId, replica, sequence } });
    this.#append({ type: 'snapshot', snapshot: this.#snapshot });
    this.#append({ type: 'hardState', hardState: this.#hardState });
    return this.#flush('create');
  }

  #current(): Segment {
    return this.#segments[this.#segments.length - 1] as Segment;
  }

  #append(record: WalRecord): void {
    this.#checksum = writeWalRecord(this.#writer, record, this.#checksum);
  }

  #flush(type: 'create' | 'append'): DiskWrite {
    const bytes = this.#writer.finish();
    this.#writer.clear();
    this.#current().bytes += bytes.length;
    return { type, file: segmentFile(this.#current().sequence), bytes };
  }
}

/** An empty store needs no state file: index 0 is a replica that joins, index 1 a cluster that was just made. */
export function hasFile(snapshot: SnapshotMetadata): boolean {
  return snapshot.index > 1;
}

export function segmentFile(sequence: number): string {
  return `segment-${String(sequence).padStart(10, '0')}.log`;
}

export function snapshotFile(snapshot: { readonly index: number; readonly term: number }): string {
  return `snapshot-${String(snapshot.index).padStart(16, '0')}-${snapshot.term}.state`;
}

/** What the names in a replica's directory say. */
export interface DirectoryContents {
  /** Segments by ascending sequence. */
  readonly segments: readonly { readonly file: string; readonly sequence: number }[];
  readonly snapshots: readonly string[];
  /** Everything else: unfinished files, which may be removed. */
  readonly others: readonly string[];
}

export function readDirectory(names: readonly string[]): DirectoryContents {
  const segments: { file: string; sequence: number }[] = [];
  const snapshots: string[] = [];
  const others: string[] = [];
  for (const file of names) {
    const segment = /^segment-(\d{10})\.log$/.exec(file);
    if (segment !== null) segments.push({ file, sequence: Number(segment[1]) });
    else if (/^snapshot-\d{16}-\d+\.state$/.test(file)) snapshots.push(file);
    else others.push(file);
  }
  return { segments: segments.sort((left, right) => left.sequence - right.sequence), snapshots, others };
}
