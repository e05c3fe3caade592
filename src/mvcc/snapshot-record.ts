/**
 * The records that a snapshot of the keyspace is made of, and their bytes. A record is the length of its payload (32 bits), a CRC-32C
 * of the payload that continues the one of the record before (32 bits), and the payload: its type (one byte) and its fields. The
 * chain shows damage, loss and reordering before anything is believed. Order in a snapshot: header, leases, base, revisions, end.
 *
 * Base: the versions visible at the floor that are older than the floor. Revisions: everything from the floor on, so a restored
 * replica serves the same history, and watchers that resume there lose nothing.
 */
import { ByteReader } from '../base/byte-reader.ts';
import type { ByteWriter } from '../base/byte-writer.ts';
import { crc32c } from '../base/hash.ts';
import type { KeyValue, LeaseId, Revision } from './key-value.ts';
import type { Lease } from './lease-table.ts';

export const snapshotFormatVersion = 1;

export type SnapshotRecord =
  | { readonly type: 'header'; readonly formatVersion: number; readonly floor: Revision; readonly revision: Revision }
  | { readonly type: 'lease'; readonly lease: Lease }
  | { readonly type: 'base'; readonly keyValue: KeyValue }
  | { readonly type: 'revision'; readonly versions: readonly KeyValue[] }
  | { readonly type: 'end' };

const tags: readonly SnapshotRecord['type'][] = ['header', 'lease', 'base', 'revision', 'end'];

/** Bytes before the payload. */
export const recordHeaderBytes = 8;

/** Appends one record that follows one with checksum `previous`, and returns its checksum. */
export function writeRecord(writer: ByteWriter, record: SnapshotRecord, previous: number): number {
  const start = writer.length;
  writer.uint32(0);
  writer.uint32(0);
  writer.byte(tags.indexOf(record.type));
  writeFields(writer, record);
  const payload = writer.view(start + recordHeaderBytes);
  const checksum = crc32c(payload, previous);
  writer.patchUint32(start, payload.length);
  writer.patchUint32(start + 4, checksum);
  return checksum;
}

function writeFields(writer: ByteWriter, record: SnapshotRecord): void {
  switch (record.type) {
    case 'header':
      writer.varint(record.formatVersion);
      writer.varint(record.floor);
      writer.varint(record.revision);
      return;
    case 'lease':
      writer.varint(record.lease.id);
      writer.varint(record.lease.ttlSeconds);
      writer.varint(record.lease.remainingTtlSeconds);
      return;
    case 'base':
      writeKeyValue(writer, record.keyValue);
      return;
    case 'revision':
      writer.varint(record.versions.length);
      for (const keyValue of record.versions) writeKeyValue(writer, keyValue);
      return;
    case 'end':
      return;
  }
}

/** Reads a payload whose checksum was found right; null when it is malformed all the same. */
export function readPayload(payload: Uint8Array): SnapshotRecord | null {
  const reader = new ByteReader(payload);
  const record = readFields(reader);
  return reader.isComplete ? record : null;
}

function readFields(reader: ByteReader): SnapshotRecord | null {
  const type = tags[reader.byte()];
  if (type === undefined) return null;
  switch (type) {
    case 'header':
      return {
        type,
        formatVersion: reader.varint(),
        floor: reader.varint() as Revision,
        revision: reader.varint() as Revision,
      };
    case 'lease': {
      const id = reader.varint() as LeaseId;
      return { type, lease: { id, ttlSeconds: reader.varint(), remainingTtlSeconds: reader.varint() } };
    }
    case 'base':
      return { type, keyValue: readKeyValue(reader) };
    case 'revision': {
      const versions: KeyValue[] = [];
      const count = reader.varint();
      for (let index = 0; index < count && !reader.failed; index += 1) versions.push(readKeyValue(reader));
      return { type, versions };
    }
    case 'end':
      return { type };
  }
}

function writeKeyValue(writer: ByteWriter, keyValue: KeyValue): void {
  writer.binaryString(keyValue.key);
  writer.bytes(keyValue.value);
  writer.varint(keyValue.createRevision);
  writer.varint(keyValue.modRevision);
  writer.varint(keyValue.version);
  writer.varint(keyValue.lease);
}

function readKeyValue(reader: ByteReader): KeyValue {
  return {
    key: reader.binaryString(),
    value: reader.ownedBytes(),
    createRevision: reader.varint() as Revision,
    modRevision: reader.varint() as Revision,
    version: reader.varint(),
    lease: reader.varint() as LeaseId,
  };
}
