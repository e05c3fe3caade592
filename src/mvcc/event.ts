/** A change of one key, as watchers see it. Models etcd mvccpb.Event. */
import type { KeyValue } from './key-value.ts';

export interface Event {
  readonly type: 'put' | 'delete';
  /** The new version; for a deletion the tombstone, whose modRevision tells when. */
  readonly keyValue: KeyValue;
  /** The version before, or null when the key did not exist or its earlier state is compacted. */
  readonly previous: KeyValue | null;
}

/** Tells whether the event created its key. */
export function isCreate(event: Event): boolean {
  return event.type === 'put' && event.keyValue.createRevision === event.keyValue.modRevision;
}
