/**
 * What the store committed, as its replicas applied it: revision by revision, from all replicas, which must agree. Everything that clients saw
 * is held against it.
 */
import { must } from '../../../src/base/assert.ts';
import { utf8Text } from '../../../src/base/bytes.ts';
import type { Event } from '../../../src/mvcc/event.ts';
import { containsKey, type KeyRange } from '../../../src/mvcc/key-range.ts';

/** One change of one key. A deletion has no value. */
export interface Change {
  readonly type: 'put' | 'delete';
  readonly revision: number;
  readonly key: string;
  readonly value: string | null;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: number;
}

export interface Committed {
  readonly revision: number;
  readonly changes: readonly Change[];
  /** When the first replica applied it. */
  readonly atMs: number;
}

/** The store begins at this revision, with nothing in it. */
export const emptyRevision = 1;

export function changeOf({ type, keyValue }: Event): Change {
  const { key, modRevision, createRevision, version, lease } = keyValue;
  const value = type === 'put' ? utf8Text(keyValue.value) : null;
  return { type, revision: modRevision, key, value, createRevision, version, lease };
}

export function sameChange(left: Change, right: Change): boolean {
  return (
    left.type === right.type &&
    left.revision === right.revision &&
    left.key === right.key &&
    left.value === right.value &&
    left.createRevision === right.createRevision &&
    left.version === right.version &&
    left.lease === right.lease
  );
}

export class Journal {
  readonly #committed = new Map<number, Committed>();
  readonly #byKey = new Map<string, Change[]>();
  readonly #byValue = new Map<string, Change>();
  #last = emptyRevision;

  get last(): number {
    return this.#last;
  }

  /** Takes all changes of one revision from one replica; returns what is wrong with them, or null. */
  add(revision: number, changes: readonly Change[], atMs: number): string | null {
    const known = this.#committed.get(revision);
    if (known !== undefined) {
      const isSame =
        known.changes.length === changes.length &&
        changes.every((change, index) => sameChange(change, must(known.changes[index], 'a change')));
      return isSame ? null : `two histories at revision ${revision}: ${text(known.changes)} and ${text(changes)}`;
    }
    if (revision !== this.#last + 1) return `revision ${revision} was applied, and nobody applied ${this.#last + 1}`;
    this.#last = revision;
    this.#committed.set(revision, { revision, changes, atMs });
    for (const change of changes) {
      const ofKey = this.#byKey.get(change.key) ?? [];
      this.#byKey.set(change.key, ofKey);
      ofKey.push(change);
      if (change.value !== null) this.#byValue.set(change.value, change);
    }
    return null;
  }

  at(revision: number): Committed | undefined {
    return this.#committed.get(revision);
  }

  /** The change that wrote this value; values are unique. */
  writeOf(value: string): Change | undefined {
    return this.#byValue.get(value);
  }

  /** The last change of the key at or below the revision. */
  stateOf(key: string, revision: number): Change | undefined {
    return this.#byKey.get(key)?.findLast((change) => change.revision <= revision);
  }

  changesOf(key: string): readonly Change[] {
    return this.#byKey.get(key) ?? [];
  }

  /** Keys of a range that exist at a revision, ascending. */
  range(range: KeyRange, revision: number): Change[] {
    return [...this.#byKey.keys()]
      .filter((key) => containsKey(range, key))
      .toSorted()
      .flatMap((key) => {
        const state = this.stateOf(key, revision);
        return state === undefined || state.type === 'delete' ? [] : [state];
      });
  }

  /** Changes in a range of keys, of the revisions above `from` up to `to`, in order. */
  between(range: KeyRange, from: number, to: number): Change[] {
    const changes: Change[] = [];
    for (let revision = from + 1; revision <= to; revision += 1) {
      for (const change of this.#committed.get(revision)?.changes ?? []) {
        if (containsKey(range, change.key)) changes.push(change);
      }
    }
    return changes;
  }

  revisions(): Iterable<Committed> {
    return this.#committed.values();
  }
}

function text(changes: readonly Change[]): string {
  return JSON.stringify(changes);
}
