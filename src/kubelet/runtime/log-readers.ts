/** Who reads the logs of containers: each gets what there is as far as its credit goes, and, if it follows, what comes. */
import type { Effect } from '../../actor/effect.ts';
import type { StreamId } from '../../actor/input.ts';
import type { LogOptions } from '../../protocol/runtime.ts';
import type { LogPosition, LogRing } from '../log-ring.ts';

/** A log, and whether more may come. */
export interface LogView {
  readonly ring: LogRing;
  readonly isRunning: boolean;
}

interface Reader {
  readonly containerId: string;
  readonly options: LogOptions;
  /** Who does not follow reads to where the log ended when he came: one that is written without a pause has no other end. */
  readonly endAt: number;
  position: LogPosition;
  credit: number;
  bytesLeft: number;
}

/** Finds the log of a container; undefined when there is none. */
export type ViewOf = (containerId: string) => LogView | undefined;

const chunkBytesMax = 32 * 1024;

export class LogReaders {
  readonly #readers = new Map<StreamId, Reader>();
  readonly #viewOf: ViewOf;

  constructor(viewOf: ViewOf) {
    this.#viewOf = viewOf;
  }

  /** Somebody follows a log and has room for more of it. */
  get areFollowing(): boolean {
    return [...this.#readers.values()].some(({ options, credit }) => options.follow && credit > 0);
  }

  open(stream: StreamId, containerId: string, options: LogOptions, credit: number): readonly Effect[] {
    const view = this.#viewOf(containerId);
    if (view === undefined) return [{ type: 'end', stream, reason: 'rejected' }];
    const position = view.ring.start(options);
    const bytesLeft = options.limitBytes ?? Number.POSITIVE_INFINITY;
    const endAt = options.follow ? Number.POSITIVE_INFINITY : view.ring.end;
    this.#readers.set(stream, { containerId, options, endAt, position, credit, bytesLeft });
    return this.#read(stream);
  }

  /** Returns null when the stream is none of a reader's. */
  grant(stream: StreamId, messages: number): readonly Effect[] | null {
    const reader = this.#readers.get(stream);
    if (reader === undefined) return null;
    reader.credit += messages;
    return this.#read(stream);
  }

  close(stream: StreamId): void {
    this.#readers.delete(stream);
  }

  /** The log of a container has grown, or it has ended. */
  changed(containerId: string): readonly Effect[] {
    const streams = [...this.#readers].filter(([, reader]) => reader.containerId === containerId);
    return streams.flatMap(([stream]) => this.#read(stream));
  }

  /** Any log may have grown. */
  advance(): readonly Effect[] {
    return [...this.#readers.keys()].flatMap((stream) => this.#read(stream));
  }

  #read(stream: StreamId): readonly Effect[] {
    const reader = this.#readers.get(stream);
    if (reader === undefined) return [];
    const view = this.#viewOf(reader.containerId);
    if (view === undefined) return this.#finish(stream, []);
    const { ring, isRunning } = view;
    const effects: Effect[] = [];
    const end = Math.min(ring.end, reader.endAt);
    while (reader.credit > 0 && reader.position < end && reader.bytesLeft > 0) {
      const { timestamps, stream: wanted } = reader.options;
      const { bytes, next } = ring.read(reader.position, timestamps, chunkBytesMax, wanted);
      reader.position = next;
      // Lines of the other stream are no news.
      if (bytes.length === 0) continue;
      reader.credit -= 1;
      const allowed = bytes.subarray(0, Math.min(bytes.length, reader.bytesLeft));
      reader.bytesLeft -= allowed.length;
      effects.push({ type: 'emit', stream, body: { bytes: allowed } });
    }
    const isDone = reader.bytesLeft <= 0 || (reader.position >= end && !(reader.options.follow && isRunning));
    return isDone ? this.#finish(stream, effects) : effects;
  }

  #finish(stream: StreamId, effects: readonly Effect[]): readonly Effect[] {
    this.#readers.delete(stream);
    return [...effects, { type: 'end', stream, reason: 'completed' }];
  }
}
