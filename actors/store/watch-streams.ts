/** The watches of one replica as streams: pulls events while the subscriber has credit, and tells progress when nothing happens. */
import type { Effect } from '../../src/actor/effect.ts';
import type { StreamId } from '../../src/actor/input.ts';
import type { MonotonicMs } from '../../src/base/brand.ts';
import type { WatcherId } from '../../src/mvcc/watcher.ts';
import type { WatchItem, WatchRequest } from '../../src/protocol/store.ts';
import type { Replica } from '../../src/store/replica.ts';

interface Stream {
  readonly id: StreamId;
  readonly watcher: WatcherId;
  readonly progressMs: number;
  credit: number;
  isReady: boolean;
  /** When the subscriber last heard of anything. */
  toldAtMs: MonotonicMs;
}

/** One item carries at most so many events and bytes, so that a heartbeat waits for one item at most. */
const eventsPerItem = 500;
const bytesPerItem = 64 * 1024;

export class WatchStreams {
  readonly #replica: Replica;
  readonly #streams = new Map<StreamId, Stream>();
  readonly #byWatcher = new Map<WatcherId, Stream>();

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  open(id: StreamId, credit: number, { options, progressMs }: WatchRequest, nowMs: MonotonicMs): Effect[] {
    const watcher = this.#replica.watch(options);
    const stream: Stream = { id, watcher, progressMs, credit, isReady: false, toldAtMs: nowMs };
    this.#streams.set(id, stream);
    this.#byWatcher.set(watcher, stream);
    return [this.#item(stream, { type: 'watching', revision: this.#replica.status().revision }, nowMs)];
  }

  addCredit(id: StreamId, messages: number, nowMs: MonotonicMs): Effect[] {
    const stream = this.#streams.get(id);
    if (stream === undefined) return [];
    stream.credit += messages;
    return this.#pull(stream, nowMs);
  }

  close(id: StreamId): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    this.#byWatcher.delete(stream.watcher);
    this.#replica.cancelWatch(stream.watcher);
  }

  /** Events wait for this watcher. */
  ready(watcher: WatcherId, nowMs: MonotonicMs): Effect[] {
    const stream = this.#byWatcher.get(watcher);
    if (stream === undefined) return [];
    stream.isReady = true;
    return this.#pull(stream, nowMs);
  }

  /** Tells the subscribers that have not heard of anything for their interval. */
  tellProgress(nowMs: MonotonicMs): Effect[] {
    const effects: Effect[] = [];
    for (const stream of this.#streams.values()) {
      if (stream.progressMs === 0 || stream.credit === 0 || nowMs - stream.toldAtMs < stream.progressMs) continue;
      const revision = this.#replica.watchProgress(stream.watcher);
      if (revision !== null) effects.push(this.#item(stream, { type: 'progress', revision }, nowMs));
    }
    return effects;
  }

  #pull(stream: Stream, nowMs: MonotonicMs): Effect[] {
    const effects: Effect[] = [];
    while (stream.isReady && stream.credit > 0) {
      const pulled = this.#replica.pullWatch(stream.watcher, eventsPerItem, bytesPerItem);
      if (pulled === null) break;
      if (pulled.type === 'cancelled') {
        effects.push(this.#item(stream, { type: 'compacted', compactRevision: pulled.compactRevision }, nowMs));
        effects.push({ type: 'end', stream: stream.id, reason: 'completed' });
        this.close(stream.id);
        break;
      }
      stream.isReady = pulled.more;
      const { events, throughRevision, fragment } = pulled;
      if (events.length > 0)
        effects.push(this.#item(stream, { type: 'events', events, throughRevision, fragment }, nowMs));
    }
    return effects;
  }

  #item(stream: Stream, body: WatchItem, nowMs: MonotonicMs): Effect {
    stream.credit -= 1;
    stream.toldAtMs = nowMs;
    return { type: 'emit', stream: stream.id, body };
  }
}
