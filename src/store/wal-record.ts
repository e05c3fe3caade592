/**
 * The format of the log on disk: segments of records.
 *
 * Record: payload length (32 bits) | type (8 bits) | CRC-32C (32 bits) | payload. The checksum covers length, type and payload
 * and continues the checksum of the record before, so a record is accepted only behind exactly the records it was written
 * behind: damage, loss and leftovers of older files all break the chain. A segment's header is its first record; it names the
 * cluster, the replica and the segment, so that a file that strayed from elsewhere is noticed.
 *
 * Models etcd server/storage/wal; deviates: no padding to sectors, and one checksum per record instead of two.
 */
import { ByteReader, readUint32 } from '../base/byte-reader.ts';
import { ByteWriter } from '../base/byte-writer.ts';
import { ownBytes } from '../base/bytes.ts';
import { crc32c } from '../base/hash.ts';
import type {
  Entry,
  EntryType,
  HardState,
  LogIndex,
  Membership,
  ReplicaId,
  SnapshotMetadata,
  Term,
} from '../raft/message.ts';

/** Names the owner of a segment and its place in the sequence 1, 2, 3. */
export interface SegmentHeader {
  /** One string for all replicas of a cluster, made when the cluster is. ASCII. */
  readonly clusterId: string;
  readonly replica: ReplicaId;
  readonly sequence: number;
}

/**
 * `snapshot` marks that the state at `index` is stored elsewhere, so that entries up to it are not needed; the log goes on
 * behind it. An `entry` whose index is not above the last one replaces that one and all behind it.
 */
export type WalRecord =
  | { readonly type: 'header'; readonly header: SegmentHeader }
  | { readonly type: 'hardState'; readonly hardState: HardState }
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'snapshot'; readonly snapshot: SnapshotMetadata };

export const walFormatVersion = 1;
const recordHeaderBytes = 9;
const recordTypes: readonly WalRecord['type'][] = ['header', 'hardState', 'entry', 'snapshot'];
const entryTypes: readonly EntryType[] = ['command', 'membership'];

/** Appends one record that follows one with checksum `previous` (0 at the start of a segment); returns its checksum. */
export function writeWalRecord(writer: ByteWriter, record: WalRecord, previous: number): number {
  const start = writer.length;
  writer.uint32(0);
  writer.byte(recordTypes.indexOf(record.type) + 1);
  writer.uint32(0);
  writePayload(writer, record);
  writer.patchUint32(start, writer.length - start - recordHeaderBytes);
  const written = writer.view(start);
  const checksum = checksumOf(written, previous);
  writer.patchUint32(start + 5, checksum);
  return checksum;
}

export type WalRead =
  | { readonly type: 'record'; readonly record: WalRecord; readonly end: number; readonly checksum: number }
  | { readonly type: 'end' }
  | { readonly type: 'bad' };

/** Reads the record at `offset`; `bad` when it is incomplete, damaged, or does not continue `previous`. Entry data are copies. */
export function readWalRecord(segment: Uint8Array, offset: number, previous: number): WalRead {
  if (offset === segment.length) return { type: 'end' };
  if (segment.length - offset < recordHeaderBytes) return { type: 'bad' };
  const end = offset + recordHeaderBytes + readUint32(segment, offset);
  if (end > segment.length) return { type: 'bad' };
  const written = segment.subarray(offset, end);
  const checksum = checksumOf(written, previous);
  if (checksum !== readUint32(written, 5)) return { type: 'bad' };
  const record = readPayload(recordTypes[(written[4] as number) - 1], written.subarray(recordHeaderBytes));
  return record === null ? { type: 'bad' } : { type: 'record', record, end, checksum };
}

/** Covers everything but the checksum's own four bytes. Seeded by a constant, so that a run of zeros is never a record. */
function checksumOf(record: Uint8Array, previous: number): number {
  const seeded = crc32c(record.subarray(0, 5), (previous ^ 0x334d574c) >>> 0);
  return crc32c(record.subarray(recordHeaderBytes), seeded);
}

function writePayload(writer: ByteWriter, record: WalRecord): void {
  switch (record.type) {
    case 'header':
      writer.byte(walFormatVersion);
      writer.binaryString(record.header.clusterId);
      writer.varint(record.header.replica);
      writer.varint(record.header.sequence);
      return;
    case 'hardState':
      writer.varint(record.hardState.term);
      writer.varint(record.hardState.votedFor);
      writer.varint(record.hardState.commit);
      return;
    case 'entry':
      writer.varint(record.entry.term);
      writer.varint(record.entry.index);
      writer.byte(entryTypes.indexOf(record.entry.type));
      writer.raw(record.entry.data);
      return;
    case 'snapshot':
      writeSnapshotMetadata(writer, record.snapshot);
  }
}

function readPayload(type: WalRecord['type'] | undefined, payload: Uint8Array): WalRecord | null {
  const reader = new ByteReader(payload);
  switch (type) {
    case undefined:
      return null;
    case 'header':
      return readHeader(reader);
    case 'hardState': {
      const term = reader.varint() as Term;
      const votedFor = reader.varint() as ReplicaId;
      const hardState = { term, votedFor, commit: reader.varint() as LogIndex };
      return reader.isComplete ? { type, hardState } : null;
    }
    case 'entry': {
      const term = reader.varint() as Term;
      const index = reader.varint() as LogIndex;
      const entryType = entryTypes[reader.byte()];
      if (entryType === undefined || reader.failed) return null;
      return { type, entry: { term, index, type: entryType, data: ownBytes(reader.raw(reader.remaining)) } };
    }
    case 'snapshot': {
      const snapshot = readSnapshotMetadata(reader);
      return reader.isComplete ? { type, snapshot } : null;
    }
  }
}

function readHeader(reader: ByteReader): WalRecord | null {
  if (reader.byte() !== walFormatVersion) return null;
  const clusterId = reader.binaryString();
  const header = { clusterId, replica: reader.varint() as ReplicaId, sequence: reader.varint() };
  return reader.isComplete ? { type: 'header', header } : null;
}

/** Appends the place and the members of a snapshot; also used by the snapshot files themselves. */
export function writeSnapshotMetadata(writer: ByteWriter, snapshot: SnapshotMetadata): void {
  writer.varint(snapshot.index);
  writer.varint(snapshot.term);
  const { membership } = snapshot;
  for (const list of [membership.voters, membership.votersOutgoing, membership.learners, membership.learnersNext]) {
    writer.varint(list.length);
    for (const replica of list) writer.varint(replica);
  }
  writer.byte(membership.autoLeave ? 1 : 0);
}

export function readSnapshotMetadata(reader: ByteReader): SnapshotMetadata {
  const index = reader.varint() as LogIndex;
  const term = reader.varint() as Term;
  const voters = readReplicas(reader);
  const votersOutgoing = readReplicas(reader);
  const learners = readReplicas(reader);
  const learnersNext = readReplicas(reader);
  const membership: Membership = { voters, votersOutgoing, learners, learnersNext, autoLeave: reader.byte() === 1 };
  return { index, term, membership };
}

function readReplicas(reader: ByteReader): ReplicaId[] {
  const replicas: ReplicaId[] = [];
  const count = reader.varint();
  for (let index = 0; index < count && !reader.failed; index += 1) replicas.push(reader.varint() as ReplicaId);
  return replicas;
}
