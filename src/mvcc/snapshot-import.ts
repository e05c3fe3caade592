/**
 * Rebuilds the state from the chunks of a SnapshotExport, in order. Nothing of it is visible before `install`, and a snapshot that
 * was cut, reordered or damaged is refused as a whole.
 */
import { assert, must } from '../base/assert.ts';
import { readUint32 } from '../base/byte-reader.ts';
import { concatBytes, emptyBytes } from '../base/bytes.ts';
import { crc32c } from '../base/hash.ts';
import { everyKey } from './key-range.ts';
import { noLease } from './key-value.ts';
import { Keyspace } from './keyspace.ts';
import type { Lease } from './lease-table.ts';
import type { Mvcc } from './mvcc.ts';
import { readPayload, recordHeaderBytes, type SnapshotRecord, snapshotFormatVersion } from './snapshot-record.ts';

export class SnapshotImport {
  #rest: Uint8Array = emptyBytes;
  #keyspace: Keyspace | null = null;
  #revision = 0;
  readonly #leases: Lease[] = [];
  #checksum = 0;
  #isEnded = false;
  #failure: string | null = null;

  /** Takes the next bytes; their cut into chunks does not matter. */
  push(chunk: Uint8Array): void {
    if (this.#failure !== null || chunk.length === 0) return;
    const bytes = this.#rest.length === 0 ? chunk : concatBytes([this.#rest, chunk]);
    let offset = 0;
    while (this.#failure === null && bytes.length - offset >= recordHeaderBytes) {
      const start = offset + recordHeaderBytes;
      const end = start + readUint32(bytes, offset);
      if (end > bytes.length) break;
      this.#failure = this.#take(bytes.subarray(start, end), readUint32(bytes, offset + 4));
      offset = end;
    }
    this.#rest = bytes.slice(offset);
  }

  /** Returns why the state can't be used, or null when it is whole. */
  verify(): string | null {
    if (this.#failure !== null) return this.#failure;
    if (this.#keyspace === null || !this.#isEnded || this.#rest.length > 0) return 'cut short';
    return this.#keyspace.revision === this.#revision ? null : 'revisions are missing';
  }

  /** Puts the state, leases included, into `mvcc`, whose watchers resume in it. Only once, and only what was verified. */
  install(mvcc: Mvcc): void {
    assert(this.verify() === null, 'an installed snapshot is whole', { reason: this.verify() });
    const keyspace = must(this.#keyspace, 'a whole snapshot has a keyspace');
    mvcc.leases.clear();
    for (const lease of this.#leases) mvcc.leases.add(lease);
    keyspace.scan(everyKey, null, (keyValue) => {
      mvcc.leases.reattach(keyValue.key, noLease, keyValue.lease);
      return true;
    });
    mvcc.replaceKeyspace(keyspace);
  }

  /** Checks and loads one record; returns why it can't be, or null. */
  #take(payload: Uint8Array, checksum: number): string | null {
    if (this.#isEnded) return 'bytes behind the end';
    this.#checksum = crc32c(payload, this.#checksum);
    if (this.#checksum !== checksum) return 'checksum';
    const record = readPayload(payload);
    return record === null ? 'malformed record' : this.#load(record);
  }

  #load(record: SnapshotRecord): string | null {
    if (record.type === 'header') return this.#start(record);
    if (this.#keyspace === null) return 'no header';
    switch (record.type) {
      case 'lease':
        this.#leases.push(record.lease);
        return null;
      case 'base':
        this.#keyspace.loadBase(record.keyValue);
        return null;
      case 'revision':
        this.#keyspace.loadRevision(record.versions);
        return null;
      case 'end':
        this.#isEnded = true;
        return null;
    }
  }

  #start(header: SnapshotRecord & { readonly type: 'header' }): string | null {
    if (this.#keyspace !== null) return 'two headers';
    if (header.formatVersion !== snapshotFormatVersion) return `format version ${header.formatVersion}`;
    this.#keyspace = new Keyspace(header.floor);
    this.#revision = header.revision;
    return null;
  }
}
