/**
 * How much history the store keeps: what was written within the last interval or two. Whoever resumes a watch or reads at a revision from
 * before that is told `compacted` and reads anew. Models etcd's periodic auto-compaction, and kube-apiserver's compactor (5 minutes).
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Revision } from '../mvcc/key-value.ts';

export class Retention {
  readonly #intervalMs: number;
  #markedAtMs: MonotonicMs | null = null;
  #mark: Revision | null = null;

  constructor(intervalMs: number) {
    assert(intervalMs > 0, 'history is kept for some time', { intervalMs });
    this.#intervalMs = intervalMs;
  }

  /** Returns the revision to compact at, once an interval: the current one of an interval ago. Null otherwise. */
  due(nowMs: MonotonicMs, current: Revision): Revision | null {
    if (this.#markedAtMs !== null && nowMs - this.#markedAtMs < this.#intervalMs) return null;
    const due = this.#mark;
    this.#markedAtMs = nowMs;
    this.#mark = current;
    return due === current ? null : due;
  }
}
