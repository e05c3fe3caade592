/**
 * Keeps a key from being reconciled before the caches show what its last plan wrote: otherwise a replica set would make its pods twice. All
 * revisions are those of one store, so a write that was acknowledged at revision r is visible once the informer of its resource stands at
 * r. A deletion whose answer tells no revision is visible once the cache does not hold the object any more, or shows it as going.
 * See docs/adr/0006-revision-barrier.md; takes the place of the expectations of kubernetes pkg/controller.
 */
import { isBeingDeleted, type KubeObject } from '../../src/api/object-meta.ts';
import type { MonotonicMs } from '../../src/base/brand.ts';
import type { Write } from '../../src/controllers/plan.ts';
import type { Informer } from '../../src/streams/informer.ts';
import { revisionOf } from '../../src/streams/watch-event.ts';

/** What a cache must show. `resource` is `group/resource`. */
export type Requirement =
  | { readonly type: 'revision'; readonly resource: string; readonly revision: number }
  | { readonly type: 'gone'; readonly resource: string; readonly key: string; readonly uid: string };

interface Hold {
  readonly untilMs: MonotonicMs;
  requirements: readonly Requirement[];
  /** The key is wanted and waits here instead of in the queue. */
  isWaiting: boolean;
}

/** A write whose event has not come by then was outside what the informer selects: waiting longer is of no use. */
const patienceMs = 10_000;

export class RevisionBarrier {
  readonly #informers = new Map<string, Informer>();
  readonly #holds = new Map<string, Hold>();

  constructor(informers: Iterable<Informer>) {
    for (const informer of informers) this.add(informer);
  }

  add(informer: Informer): void {
    this.#informers.set(resourceKey(informer.selection.resource), informer);
  }

  /** Nobody waits for this cache any more. */
  remove(informer: Informer): void {
    this.#informers.delete(resourceKey(informer.selection.resource));
  }

  /** Holds `key` until the caches meet `requirements`; those of resources that nobody watches are met. */
  hold(key: string, requirements: readonly Requirement[], nowMs: MonotonicMs): void {
    const open = this.#open(requirements);
    if (open.length === 0) this.#holds.delete(key);
    else this.#holds.set(key, { untilMs: (nowMs + patienceMs) as MonotonicMs, requirements: open, isWaiting: false });
  }

  /** Tells whether `key` has to wait; then it is given back by `released`. */
  mustWait(key: string, nowMs: MonotonicMs): boolean {
    const hold = this.#holds.get(key);
    if (hold === undefined) return false;
    if (this.#isMet(hold, nowMs)) {
      this.#holds.delete(key);
      return false;
    }
    hold.isWaiting = true;
    return true;
  }

  /** Returns the waiting keys whose time has come, after the caches changed or time passed. */
  released(nowMs: MonotonicMs): readonly string[] {
    const keys: string[] = [];
    for (const [key, hold] of this.#holds) {
      if (!this.#isMet(hold, nowMs)) continue;
      this.#holds.delete(key);
      if (hold.isWaiting) keys.push(key);
    }
    return keys;
  }

  /** When the first hold runs out, if there is any. */
  nextAtMs(): MonotonicMs | undefined {
    let nextMs: MonotonicMs | undefined;
    for (const { untilMs } of this.#holds.values()) if (nextMs === undefined || untilMs < nextMs) nextMs = untilMs;
    return nextMs;
  }

  #isMet(hold: Hold, nowMs: MonotonicMs): boolean {
    if (nowMs >= hold.untilMs) return true;
    hold.requirements = this.#open(hold.requirements);
    return hold.requirements.length === 0;
  }

  #open(requirements: readonly Requirement[]): readonly Requirement[] {
    return requirements.filter((requirement) => {
      const informer = this.#informers.get(requirement.resource);
      return informer !== undefined && !isVisible(requirement, informer);
    });
  }
}

function isVisible(requirement: Requirement, informer: Informer): boolean {
  if (requirement.type === 'revision') return informer.revision >= requirement.revision;
  const object = informer.get(requirement.key);
  return object === undefined || object.metadata.uid !== requirement.uid || isBeingDeleted(object);
}

/** What the caches must show after `write` was answered with `object` (null: there was nothing to do). */
export function requirementsOf(write: Write, object: unknown): readonly Requirement[] {
  const resource = resourceKey(write.resource);
  const answer = object as (KubeObject & { readonly items?: readonly KubeObject[] }) | null;
  if (write.verb === 'deletecollection') {
    return (answer?.items ?? []).map((item) => goneOrMarked(resource, item));
  }
  if (write.verb === 'delete') {
    const key = write.namespace === '' ? write.name : `${write.namespace}/${write.name}`;
    return [{ type: 'gone', resource, key, uid: write.uid }];
  }
  const revision = answer === null ? 0 : revisionOf(answer);
  return revision > 0 ? [{ type: 'revision', resource, revision }] : [];
}

function goneOrMarked(resource: string, { metadata }: KubeObject): Requirement {
  const { namespace = '', name = '', uid = '' } = metadata;
  return { type: 'gone', resource, key: namespace === '' ? name : `${namespace}/${name}`, uid };
}

function resourceKey({ group, resource }: { readonly group: string; readonly resource: string }): string {
  return `${group}/${resource}`;
}
