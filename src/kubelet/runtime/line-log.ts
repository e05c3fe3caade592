/** Turns the bytes that a program writes into the lines of its log. Lines of the two streams do not mix. */
import type { WallMs } from '../../base/brand.ts';
import { concatBytes, emptyBytes, ownBytes, utf8Text } from '../../base/bytes.ts';
import { logLineBytesMax } from '../limits.ts';
import { LogRing } from '../log-ring.ts';

const newline = 0x0a;

export class LineLog {
  readonly ring = new LogRing();
  /** What was written behind the last end of a line. */
  #rest: Record<'stdout' | 'stderr', Uint8Array> = { stdout: emptyBytes, stderr: emptyBytes };

  write(stream: 'stdout' | 'stderr', bytes: Uint8Array, atMs: WallMs): void {
    const all = this.#rest[stream].length === 0 ? bytes : concatBytes([this.#rest[stream], bytes]);
    let start = 0;
    while (start < all.length) {
      const end = all.indexOf(newline, start);
      const length = (end < 0 ? all.length : end) - start;
      if (end < 0 && length < logLineBytesMax) break;
      const part = Math.min(length, logLineBytesMax);
      this.#line(stream, all.subarray(start, start + part), atMs);
      start += part < length || end < 0 ? part : part + 1;
    }
    this.#rest[stream] = ownBytes(all.subarray(start));
  }

  /** The program has ended: what has no end of line is a line all the same. */
  end(atMs: WallMs): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#rest[stream].length > 0) this.#line(stream, this.#rest[stream], atMs);
      this.#rest[stream] = emptyBytes;
    }
  }

  #line(stream: 'stdout' | 'stderr', bytes: Uint8Array, atMs: WallMs): void {
    this.ring.write({ atMs, text: utf8Text(bytes), stream });
  }
}
