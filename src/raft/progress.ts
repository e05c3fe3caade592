/**
 * What a leader believes about one follower's log, and how it feeds it (dissertation §10.2.1; models etcd-io/raft
 * tracker/progress.go). README.md draws the machine of the three states.
 *
 * probe      The logs' common prefix is not known: one append message at a time, the next only after a reply or a heartbeat.
 * replicate  The prefix is known: entries are sent ahead of their acknowledgement, within the inflight window.
 * snapshot   The follower lacks entries that the leader has compacted: nothing is sent until it has the snapshot.
 *
 * Invariants: 0 <= match < next; match only grows; sentCommit < next; in replicate, (match, next) is what is in flight.
 */
import { assert } from '../base/assert.ts';
import { Inflights } from './inflights.ts';
import type { RaftLimits } from './limits.ts';
import { maxIndex, minIndex, nextIndex, noIndex, offsetIndex, previousIndex } from './log-index.ts';
import type { LogIndex } from './message.ts';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export class Progress {
  readonly inflights: Inflights;
  /** The highest index known to be durable on the follower and equal to the leader's. */
  match: LogIndex;
  /** The first index to send next. */
  next: LogIndex;
  state: ProgressState = 'probe';
  /** The highest commit index that was sent, so that it isn't sent again without need. */
  sentCommit = noIndex;
  /** In `snapshot`: the index of the snapshot that was sent. */
  pendingSnapshot = noIndex;
  /** Whether anything was heard from the follower since the last check of the quorum. */
  recentActive: boolean;
  /** No more appends until a reply or a heartbeat reply; in `replicate` set when the window is full. */
  flowPaused = false;

  constructor(match: LogIndex, next: LogIndex, recentActive: boolean, limits: RaftLimits) {
    assert(match >= 0 && match < next, 'progress bounds', { match, next });
    this.inflights = new Inflights(limits.inflightMessagesMax, limits.inflightBytesMax);
    this.match = match;
    this.next = next;
    this.recentActive = recentActive;
  }

  isPaused(): boolean {
    return this.state === 'snapshot' || this.flowPaused;
  }

  /** Starts over from what is known for certain, or from behind a snapshot that has arrived. */
  becomeProbe(): void {
    const from = this.state === 'snapshot' ? maxIndex(this.match, this.pendingSnapshot) : this.match;
    this.#enter('probe', nextIndex(from));
  }

  becomeReplicate(): void {
    this.#enter('replicate', nextIndex(this.match));
  }

  becomeSnapshot(index: LogIndex): void {
    assert(index > this.match, 'snapshot behind the match index', { index, match: this.match });
    this.#enter('snapshot', nextIndex(index));
    this.pendingSnapshot = index;
    this.sentCommit = index;
  }

  /** Ends the `snapshot` state: behind the snapshot when it arrived, else at the match index. Waits for a sign of life. */
  finishSnapshot(arrived: boolean): void {
    if (this.state !== 'snapshot') return;
    if (!arrived) this.pendingSnapshot = noIndex;
    this.becomeProbe();
    this.flowPaused = true;
  }

  /** Records that `count` entries of `bytes` left for the follower, together with the commit index `commit`. */
  sentEntries(count: number, bytes: number, commit: LogIndex): void {
    assert(this.state !== 'snapshot' && count >= 0, 'append during a snapshot', { state: this.state, count });
    if (this.state === 'replicate') {
      if (count > 0) {
        this.next = offsetIndex(this.next, count);
        this.inflights.add(previousIndex(this.next), bytes);
      }
      this.flowPaused = this.inflights.isFull();
    } else if (count > 0) {
      this.flowPaused = true;
    }
    // The follower cuts the commit index to what it has. In `probe` the entries may be refused, so they don't count.
    this.sentCommit = minIndex(commit, previousIndex(this.next));
  }

  /** Tells whether an append without entries would teach the follower a higher commit index. */
  canLearnCommit(commit: LogIndex): boolean {
    return commit > this.sentCommit && this.sentCommit < previousIndex(this.next);
  }

  /** Takes note of an acknowledgement up to `index`; returns false when it tells nothing new. */
  maybeUpdate(index: LogIndex): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = maxIndex(this.next, nextIndex(index));
    this.flowPaused = false;
    return true;
  }

  /**
   * Takes note that the append behind `rejected` was refused, and steps back to at most `hint` + 1. Returns false when the refusal
   * is a stale one: it concerns what is acknowledged meanwhile, or is not the answer to the current probe.
   */
  maybeDecrease(rejected: LogIndex, hint: LogIndex): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.next = nextIndex(this.match);
      this.sentCommit = minIndex(this.sentCommit, this.match);
      return true;
    }
    if (previousIndex(this.next) !== rejected) return false;
    this.next = maxIndex(minIndex(rejected, nextIndex(hint)), nextIndex(this.match));
    this.sentCommit = minIndex(this.sentCommit, previousIndex(this.next));
    this.flowPaused = false;
    assert(this.match < this.next, 'progress bounds', { match: this.match, next: this.next });
    return true;
  }

  #enter(state: ProgressState, next: LogIndex): void {
    this.state = state;
    this.next = next;
    this.pendingSnapshot = noIndex;
    this.flowPaused = false;
    this.inflights.clear();
    this.sentCommit = minIndex(this.sentCommit, previousIndex(next));
    assert(this.match < this.next, 'progress bounds', { match: this.match, next: this.next });
  }
}
