/**
 * One version of one key. Models etcd mvccpb.KeyValue.
 *
 * Keys are binary strings, one character per byte, so that the order of JavaScript strings is byte order; an ASCII key is
 * itself. A KeyValue never changes once made, so ranges, events and history share it and nobody copies a value.
 */
import type { Brand } from '../base/brand.ts';
import { emptyBytes } from '../base/bytes.ts';

/** The main revision: one per transaction that wrote something. The empty store stands at revision 1, as in etcd. */
export type Revision = Brand<number, 'Revision'>;

/** Identifies a lease; 0 means none. */
export type LeaseId = Brand<number, 'LeaseId'>;

export const noRevision = 0 as Revision;
export const firstRevision = 1 as Revision;
export const noLease = 0 as LeaseId;

/** One version of a key. A tombstone (the deletion) has version 0, createRevision 0 and no value. */
export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** How often the key was put since it was created: 1 at its creation. */
  readonly version: number;
  readonly lease: LeaseId;
}

/** What every version costs beside its key and value: the objects, the array headers and its place in the index. */
const overheadBytes = 256;

/** Returns the bytes that one version counts against the quota. */
export function costBytes(keyValue: KeyValue): number {
  return keyValue.key.length + keyValue.value.length + overheadBytes;
}

/** Makes the record of a deletion at `revision`. */
export function tombstone(key: string, revision: Revision): KeyValue {
  return {
    key,
    value: emptyBytes,
    createRevision: noRevision,
    modRevision: revision,
    version: 0,
    lease: noLease,
  };
}

export function isTombstone(keyValue: KeyValue): boolean {
  return keyValue.version === 0;
}
