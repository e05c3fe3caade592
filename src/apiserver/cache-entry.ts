/**
 * One version of one object as the cache holds it: its bytes with the resourceVersion spliced in, and, read from them only when
 * somebody asks, what selectors need. Immutable: the cache, its history, watchers and lists share it.
 */
import type { SelectableFields } from '../api/field-selector.ts';
import { freezeJson } from '../api/json.ts';
import { type AnyObject, labelsOf, ownerReferencesOf, type StringMap } from '../api/object-meta.ts';
import { utf8Text } from '../base/bytes.ts';
import type { KeyValue } from '../mvcc/key-value.ts';
import type { KeyOwner, StoredResource } from './catalog.ts';
import { withResourceVersion } from './splice.ts';

export interface EntryFacts {
  readonly uid: string;
  readonly labels: StringMap;
  readonly fields: SelectableFields;
  readonly ownerUids: readonly string[];
  readonly deletionTimestamp: string | undefined;
}

export class CacheEntry {
  readonly stored: StoredResource;
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly createRevision: number;
  readonly revision: number;
  /** JSON in the stored version. Never to be changed. */
  readonly bytes: Uint8Array;
  #facts: EntryFacts | undefined;
  /** Weak: whoever looks at a new version looks at it several times, and nobody for long. Held for good, trees would be most of the cache. */
  #object: WeakRef<AnyObject> | undefined;

  constructor(owner: KeyOwner, keyValue: KeyValue) {
    this.stored = owner.stored;
    this.namespace = owner.namespace;
    this.name = owner.name;
    this.key = keyValue.key;
    this.createRevision = keyValue.createRevision;
    this.revision = keyValue.modRevision;
    this.bytes = withResourceVersion(keyValue.value, keyValue.modRevision);
  }

  get facts(): EntryFacts {
    this.#facts ??= readFacts(this.stored, this.object);
    return this.#facts;
  }

  /** The object, frozen and shared by all who ask. */
  get object(): AnyObject {
    const known = this.#object?.deref();
    if (known !== undefined) return known;
    const object = freezeJson(this.decode());
    this.#object = new WeakRef(object);
    return object;
  }

  /** Returns a fresh tree that the caller owns. */
  decode(): AnyObject {
    const object = JSON.parse(utf8Text(this.bytes)) as AnyObject;
    return this.stored.custom === null ? object : this.stored.custom.read(object);
  }

  /** What selectors need is to be read anew: the kind has changed. */
  forgetFacts(): void {
    this.#facts = undefined;
    this.#object = undefined;
  }
}

function readFacts(stored: StoredResource, object: AnyObject): EntryFacts {
  return {
    uid: object.metadata.uid ?? '',
    labels: labelsOf(object),
    fields: stored.strategy.selectableFields(object),
    ownerUids: ownerReferencesOf(object).map((owner) => owner.uid),
    deletionTimestamp: object.metadata.deletionTimestamp,
  };
}
