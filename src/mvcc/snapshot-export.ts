/**
 * Writes the whole state as of one revision, piece by piece, while the keyspace goes on changing. Versions never change, so the
 * multi-version history is itself the consistent view; the export only pins it, which delays the freeing of compacted versions.
 * The caller must drain it or `close` it.
 */
import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/byte-writer.ts';
import type { KeyValue, Revision } from './key-value.ts';
import type { Keyspace } from './keyspace.ts';
import type { LeaseTable } from './lease-table.ts';
import { snapshotChunkBytesMax } from './limits.ts';
import { type SnapshotRecord, snapshotFormatVersion, writeRecord } from './snapshot-record.ts';

export class SnapshotExport {
  readonly revision: Revision;
  readonly #keyspace: Keyspace;
  readonly #floor: Revision;
  readonly #unpin: () => void;
  readonly #writer = new ByteWriter(snapshotChunkBytesMax * 2);
  #phase: 'base' | 'revisions' | 'done' = 'base';
  #nextKey = '';
  #nextRevision: Revision;
  #checksum = 0;
  /** Bytes of the writer that were handed out already. */
  #taken = 0;

  constructor(keyspace: Keyspace, leases: LeaseTable) {
    this.#keyspace = keyspace;
    this.#floor = keyspace.compactRevision;
    this.revision = keyspace.revision;
    this.#nextRevision = keyspace.firstEventRevision;
    this.#unpin = keyspace.pin();
    this.#append({
      type: 'header',
      formatVersion: snapshotFormatVersion,
      floor: this.#floor,
      revision: this.revision,
    });
    for (const lease of leases.all()) this.#append({ type: 'lease', lease });
  }

  /** Returns the next chunk, at most 64 KiB and owned by the caller, or null at the end. */
  next(): Uint8Array | null {
    while (this.#phase !== 'done' && this.#writer.length - this.#taken < snapshotChunkBytesMax) this.#advance();
    if (this.#writer.length === this.#taken) {
      this.close();
      return null;
    }
    const chunk = this.#writer.view(this.#taken).slice(0, snapshotChunkBytesMax);
    this.#taken += chunk.length;
    this.#compactWriter();
    return chunk;
  }

  /** Lets go of the history; a second call does nothing. */
  close(): void {
    this.#unpin();
  }

  #append(record: SnapshotRecord): void {
    this.#checksum = writeRecord(this.#writer, record, this.#checksum);
  }

  #advance(): void {
    if (this.#phase === 'base') {
      this.#writeBase();
      return;
    }
    if (this.#nextRevision <= this.revision) {
      const versions = this.#keyspace.heldEventsAt(this.#nextRevision).map((event) => event.keyValue);
      this.#append({ type: 'revision', versions });
      this.#nextRevision = (this.#nextRevision + 1) as Revision;
      return;
    }
    this.#append({ type: 'end' });
    this.#phase = 'done';
  }

  /** Writes base versions until a chunk is full, and remembers the key to go on from. */
  #writeBase(): void {
    let last: string | null = null;
    const visit = (keyValue: KeyValue): boolean => {
      last = keyValue.key;
      if (keyValue.modRevision < this.#floor) this.#append({ type: 'base', keyValue });
      return this.#writer.length - this.#taken < snapshotChunkBytesMax;
    };
    this.#keyspace.scanHeld({ start: this.#nextKey, end: null }, this.#floor, visit);
    const isFull = this.#writer.length - this.#taken >= snapshotChunkBytesMax;
    if (isFull && last !== null) this.#nextKey = `${last as string}\0`;
    else this.#phase = 'revisions';
  }

  #compactWriter(): void {
    assert(this.#taken <= this.#writer.length, 'handed out what was written');
    const rest = this.#writer.view(this.#taken).slice();
    this.#writer.clear();
    this.#writer.raw(rest);
    this.#taken = 0;
  }
}
