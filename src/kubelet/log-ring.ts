/** The last lines that one container wrote, bounded in number and in characters: what `kubectl logs` can still see. */

import type { WallMs } from '../base/brand.ts';
import { utf8, utf8Text } from '../base/bytes.ts';
import { RingBuffer } from '../base/ring-buffer.ts';
import { timestampMicros } from '../base/time.ts';
import type { LogOptions } from '../protocol/runtime.ts';

export interface LogLine {
  readonly atMs: WallMs;
  readonly text: string;
  /** What it was written to; absent: the standard output. */
  readonly stream?: LogStream;
}

type LogStream = NonNullable<LogOptions['stream']>;

export const logLinesMax = 4_096;
const logCharactersMax = 1_048_576;

/** Names a place in the log: the number of the next line to read, counted from the first that was ever written. */
export type LogPosition = number;

export class LogRing {
  readonly #lines = new RingBuffer<LogLine>(logLinesMax);
  #characters = 0;
  #written = 0;

  /** How many lines were ever written. */
  get end(): LogPosition {
    return this.#written;
  }

  write(line: LogLine): void {
    if (this.#lines.isFull()) this.#drop();
    this.#lines.push(line);
    this.#written += 1;
    this.#characters += line.text.length;
    while (this.#characters > logCharactersMax && this.#lines.length > 1) this.#drop();
  }

  /** Returns where reading starts under `options`. */
  start({ tailLines, sinceMs }: Pick<LogOptions, 'tailLines' | 'sinceMs'>): LogPosition {
    const oldest = this.#written - this.#lines.length;
    let position = tailLines === null ? oldest : Math.max(oldest, this.#written - tailLines);
    if (sinceMs === null) return position;
    for (; position < this.#written; position += 1) {
      const line = this.#lines.at(position - oldest);
      if (line === undefined || line.atMs >= sinceMs) break;
    }
    return position;
  }

  /**
   * Returns the lines from `position` on as text, at most about `bytesMax` of it, and where to go on. Lines lost meanwhile are skipped, and those of
   * another stream than `stream`, if that is given.
   */
  read(
    position: LogPosition,
    timestamps: boolean,
    bytesMax: number,
    stream?: LogStream,
  ): { bytes: Uint8Array; next: LogPosition } {
    const oldest = this.#written - this.#lines.length;
    let next = Math.max(position, oldest);
    let text = '';
    while (next < this.#written && text.length < bytesMax) {
      const line = this.#lines.at(next - oldest);
      if (line === undefined) break;
      next += 1;
      if (stream !== undefined && (line.stream ?? 'stdout') !== stream) continue;
      text += timestamps ? `${nanoTimestamp(line.atMs)} ${line.text}\n` : `${line.text}\n`;
    }
    return { bytes: utf8(text), next };
  }

  /** Returns the end of the log, for a termination message. */
  tail(lines: number, charactersMax: number): string {
    const { bytes } = this.read(this.start({ tailLines: lines, sinceMs: null }), false, charactersMax);
    return utf8Text(bytes).slice(-charactersMax);
  }

  #drop(): void {
    this.#characters -= this.#lines.shift()?.text.length ?? 0;
  }
}

/** Container logs carry nanoseconds; the clock here has micros. */
function nanoTimestamp(atMs: WallMs): string {
  return `${timestampMicros(atMs).slice(0, -1)}000Z`;
}
