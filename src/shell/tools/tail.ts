/** `tail`: the end of a stream, of which no more is held than is shown, and what comes to a file after that. */
import { attempt } from '../files.ts';
import { KeptEnd } from '../kept-end.ts';
import { readBytesMax } from '../limits.ts';
import type { Reader } from '../streams.ts';
import type { Task } from '../tasks.ts';
import { eachInput, parseFlags, type ToolCall, UsageError, withCount } from '../tool.ts';

const followMs = 100;
const newline = 0x0a;

/** Which part of a stream is asked for: `+N` begins at the Nth line or byte, `N` ends with so many. */
interface Asked {
  readonly unit: 'lines' | 'bytes';
  readonly isFromStart: boolean;
  readonly count: number;
}

export function* tail(call: ToolCall): Task<number> {
  const { flags, values, rest } = parseFlags(withCount(call.args), 'fFq', 'nc');
  const asked = values.has('c') ? askedBy('bytes', values.get('c')) : askedBy('lines', values.get('n') ?? '10');
  const [path] = rest;
  let seen = 0;
  const code = yield* eachInput(call, rest, function* (reader, from) {
    const bytes = yield* asked.isFromStart ? showFrom(call, reader, asked) : showEnd(call, reader, asked);
    if (from === path) seen = bytes;
  });
  if (path === undefined || !(flags.has('f') || flags.has('F')) || code !== 0) return code;
  return yield* follow(call, path, seen);
}

function askedBy(unit: Asked['unit'], text = ''): Asked {
  if (!/^[+-]?\d+$/.test(text)) throw new UsageError(`invalid number '${text}'`);
  return { unit, isFromStart: text.startsWith('+'), count: Math.abs(Number(text)) };
}

/** Returns how many bytes there were. */
function* showEnd({ stdout, memory }: ToolCall, reader: Reader, { unit, count }: Asked): Task<number> {
  const kept = new KeptEnd({ type: unit, count }, memory);
  let seen = 0;
  try {
    for (let bytes = yield* reader.read(); bytes !== null; bytes = yield* reader.read()) {
      kept.push(bytes);
      seen += bytes.length;
    }
    for (const piece of kept.pieces()) yield* stdout.write(piece);
  } finally {
    kept.drop();
  }
  return seen;
}

function* showFrom({ stdout }: ToolCall, reader: Reader, { unit, count }: Asked): Task<number> {
  let [skips, seen] = [Math.max(0, count - 1), 0];
  for (let bytes = yield* reader.read(); bytes !== null; bytes = yield* reader.read()) {
    seen += bytes.length;
    let start = 0;
    for (; skips > 0 && start < bytes.length; skips -= unit === 'bytes' ? start : 1) {
      const at = unit === 'bytes' ? Math.min(skips, bytes.length) - 1 : bytes.indexOf(newline, start);
      if (at < 0) break;
      start = at + 1;
    }
    if (skips === 0 && start < bytes.length) yield* stdout.write(bytes.subarray(start));
  }
  return seen;
}

/** Shows what comes to a file behind its first `seen` bytes; all of it, when it has become shorter. */
function* follow({ files, machine, stdout }: ToolCall, path: string, seen: number): Task<number> {
  if (path === '/dev/null') for (;;) yield { isOver: () => false };
  for (let shown = seen; ; ) {
    yield* machine.tasks.sleep(followMs);
    const size = attempt(() => files.stat(path).size) ?? 0;
    if (size < shown) shown = 0;
    if (size === shown) continue;
    const file = files.open(path, 'r');
    try {
      let at = 0;
      for (let bytes = file.read(readBytesMax); bytes !== null; bytes = file.read(readBytesMax)) {
        if (at + bytes.length > shown) yield* stdout.write(bytes.subarray(Math.max(0, shown - at)));
        at += bytes.length;
      }
      shown = at;
    } finally {
      file.close();
    }
  }
}
