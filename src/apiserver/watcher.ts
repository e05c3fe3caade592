/**
 * One open watch: what waits for its client. What the watch begins with may be large and goes out as fast as the client takes it; what
 * happens meanwhile is bounded, and a client that falls behind is cut: it comes back and starts from where it was.
 */
import type { Effect } from '../actor/effect.ts';
import type { StreamId } from '../actor/input.ts';
import { concatBytes } from '../base/bytes.ts';
import type { ApiStreamItem } from '../protocol/apiserver.ts';
import { jsonContentType } from './answer.ts';
import { bookmarkFrame } from './form.ts';
import { chunkBytesMax, watchQueueBytesMax, watchQueueEventsMax } from './limits.ts';
import type { WatchPlan } from './watch.ts';

/** Frames that have gone out and are still held, at most, by a client that never catches up. */
const sentFramesMax = 256;

export class Watcher {
  readonly stream: StreamId;
  readonly plan: WatchPlan;
  #credit: number;
  #isHeadSent = false;
  /** Frames that wait; the first `#sent` have gone out already. */
  #queue: Uint8Array[];
  #sent = 0;
  /** How many of the frames in the queue the watch began with. */
  #initial: number;
  #liveBytes = 0;
  #hasOverflowed = false;
  /** The revision of the last frame, or of the last bookmark. */
  #revision: number;

  constructor(stream: StreamId, plan: WatchPlan, credit: number) {
    this.stream = stream;
    this.plan = plan;
    this.#credit = credit;
    this.#queue = [...plan.frames];
    this.#initial = plan.frames.length;
    this.#revision = plan.revision;
  }

  grant(messages: number): void {
    this.#credit += messages;
  }

  /** Queues a frame that belongs to `revision`. */
  push(frame: Uint8Array, revision: number): void {
    this.#queue.push(frame);
    this.#liveBytes += frame.length;
    this.#revision = revision;
    const live = this.#queue.length - Math.max(this.#sent, this.#initial);
    if (live > watchQueueEventsMax || this.#liveBytes > watchQueueBytesMax) this.#hasOverflowed = true;
  }

  /** Queues a bookmark if the client wants them, has taken everything and does not know of `revision` yet. */
  bookmark(revision: number): boolean {
    if (!this.plan.wantsBookmarks || revision <= this.#revision || this.#sent < this.#queue.length) return false;
    this.push(bookmarkFrame(this.plan.form, revision, false), revision);
    return true;
  }

  /** Sends what the client has room for. `isOver`: the stream has ended with it. */
  flush(): { readonly effects: readonly Effect[]; readonly isOver: boolean } {
    const effects: Effect[] = [];
    if (this.#hasOverflowed) {
      effects.push({ type: 'end', stream: this.stream, reason: 'overflow' });
      return { effects, isOver: true };
    }
    if (!this.#isHeadSent && this.#credit > 0) {
      this.#isHeadSent = true;
      this.#emit(effects, { type: 'head', status: 200, contentType: jsonContentType, headers: {} });
    }
    while (this.#credit > 0 && this.#sent < this.#queue.length) {
      this.#emit(effects, { type: 'chunk', bytes: this.#nextChunk() });
    }
    this.#forgetSent();
    if (this.#queue.length > 0) return { effects, isOver: false };
    if (!this.plan.isRefused || !this.#isHeadSent) return { effects, isOver: false };
    effects.push({ type: 'end', stream: this.stream, reason: 'completed' });
    return { effects, isOver: true };
  }

  /** Frees what has gone out: at once when that is all, else only now and then, since what stays has to move. */
  #forgetSent(): void {
    if (this.#sent < this.#queue.length && this.#sent < sentFramesMax) return;
    this.#queue.splice(0, this.#sent);
    this.#initial = Math.max(0, this.#initial - this.#sent);
    this.#sent = 0;
  }

  /** Joins frames up to the size of one item; a larger frame goes alone. */
  #nextChunk(): Uint8Array {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    while (this.#sent < this.#queue.length) {
      const frame = this.#queue[this.#sent] as Uint8Array;
      if (parts.length > 0 && bytes + frame.length > chunkBytesMax) break;
      if (this.#sent >= this.#initial) this.#liveBytes -= frame.length;
      parts.push(frame);
      bytes += frame.length;
      this.#sent += 1;
    }
    return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
  }

  #emit(effects: Effect[], body: ApiStreamItem): void {
    this.#credit -= 1;
    effects.push({ type: 'emit', stream: this.stream, body });
  }
}
