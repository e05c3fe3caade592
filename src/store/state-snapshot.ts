/**
 * The whole state of a replica as a stream of chunks: one head (place in the log, members, sessions) with its own checksum, then
 * the keyspace's snapshot. The same bytes are written to disk and sent to a follower.
 */
import { must } from '../base/assert.ts';
import { ByteReader, readUint32 } from '../base/byte-reader.ts';
import { ByteWriter } from '../base/byte-writer.ts';
import { concatBytes, emptyBytes } from '../base/bytes.ts';
import { crc32c } from '../base/hash.ts';
import { SnapshotExport } from '../mvcc/snapshot-export.ts';
import { SnapshotImport } from '../mvcc/snapshot-import.ts';
import type { ReplicaId, SnapshotMetadata } from '../raft/message.ts';
import type { ProposalNumber, Session } from './command.ts';
import type { SessionState, StateMachine } from './state-machine.ts';
import { readList } from './transaction-codec.ts';
import { readSnapshotMetadata, writeSnapshotMetadata } from './wal-record.ts';

const formatVersion = 1;
const headerBytes = 8;

/** Exports the state as it is now; later changes do not show. Drain it, or close it. */
export class StateExport {
  readonly metadata: SnapshotMetadata;
  readonly #keyspace: SnapshotExport;
  #head: Uint8Array | null;

  constructor(machine: StateMachine, metadata: SnapshotMetadata) {
    this.metadata = metadata;
    this.#head = encodeHead(metadata, machine.sessions());
    this.#keyspace = new SnapshotExport(machine.mvcc.keyspace, machine.mvcc.leases);
  }

  /** Returns the next chunk, owned by the caller, or null at the end. */
  next(): Uint8Array | null {
    const head = this.#head;
    if (head === null) return this.#keyspace.next();
    this.#head = null;
    return head;
  }

  close(): void {
    this.#keyspace.close();
  }
}

/** Rebuilds a state from its chunks, as they come. Nothing is visible before `install`. */
export class StateImport {
  readonly #keyspace = new SnapshotImport();
  #pending: Uint8Array = emptyBytes;
  #head: Head | null = null;
  #isDamaged = false;

  /** Takes the next chunk, in order. */
  push(chunk: Uint8Array): void {
    if (this.#head !== null) {
      this.#keyspace.push(chunk);
      return;
    }
    const pending = this.#pending.length === 0 ? chunk : concatBytes([this.#pending, chunk]);
    this.#pending = pending;
    if (this.#isDamaged || pending.length < headerBytes) return;
    const end = headerBytes + readUint32(pending, 0);
    if (pending.length < end) return;
    this.#head = decodeHead(pending.subarray(headerBytes, end), readUint32(pending, 4));
    this.#isDamaged = this.#head === null;
    this.#keyspace.push(pending.subarray(end));
    this.#pending = emptyBytes;
  }

  /** Returns the place in the log of a state that is whole, or null when it is cut or damaged. */
  verify(): SnapshotMetadata | null {
    return this.#head !== null && this.#keyspace.verify() === null ? this.#head.metadata : null;
  }

  /** Replaces the state of `machine`, whose watchers resume in the new one. Only once, and only what was verified. */
  install(machine: StateMachine): void {
    this.#keyspace.install(machine.mvcc);
    machine.restoreSessions(must(this.#head, 'an installed state has a head').sessions);
  }
}

interface Head {
  readonly metadata: SnapshotMetadata;
  readonly sessions: readonly SessionState[];
}

function encodeHead(metadata: SnapshotMetadata, sessions: readonly SessionState[]): Uint8Array {
  const writer = new ByteWriter();
  writer.uint32(0);
  writer.uint32(0);
  writer.byte(formatVersion);
  writeSnapshotMetadata(writer, metadata);
  writer.varint(sessions.length);
  for (const state of sessions) {
    writer.varint(state.replica);
    writer.varint(state.session);
    writer.varint(state.lastNumber);
  }
  const payload = writer.view(headerBytes);
  writer.patchUint32(0, payload.length);
  writer.patchUint32(4, crc32c(payload));
  return writer.finish();
}

function decodeHead(payload: Uint8Array, checksum: number): Head | null {
  if (crc32c(payload) !== checksum) return null;
  const reader = new ByteReader(payload);
  if (reader.byte() !== formatVersion) return null;
  const metadata = readSnapshotMetadata(reader);
  const sessions = readList(reader, (): SessionState => {
    const replica = reader.varint() as ReplicaId;
    return { replica, session: reader.varint() as Session, lastNumber: reader.varint() as ProposalNumber };
  });
  return reader.isComplete ? { metadata, sessions } : null;
}
