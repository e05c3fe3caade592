/** Tools that read and write bytes and text. */

import { utf8Text } from '../../base/bytes.ts';
import { attempt } from '../files.ts';
import { fieldWidthMax, readBytesMax } from '../limits.ts';
import { type Reader, readAll, TextSource } from '../streams.ts';
import type { Task } from '../tasks.ts';
import { eachInput, openWriter, parseFlags, type Tool, type ToolCall } from '../tool.ts';

function* cat(call: ToolCall): Task<number> {
  const { rest } = parseFlags(call.args, 'u');
  return yield* eachInput(call, rest, (reader) => pass(call, reader));
}

function* pass({ stdout }: ToolCall, reader: Reader): Task<void> {
  for (let bytes = yield* reader.read(); bytes !== null; bytes = yield* reader.read()) yield* stdout.write(bytes);
}

function* echo({ args, stdout }: ToolCall): Task<number> {
  let words = args;
  let ends = true;
  let escapes = false;
  while (/^-[neE]+$/.test(words[0] ?? '')) {
    if (words[0]?.includes('n')) ends = false;
    if (words[0]?.includes('e')) escapes = true;
    words = words.slice(1);
  }
  const text = words.join(' ');
  yield* stdout.write((escapes ? unescaped(text) : text) + (ends ? '\n' : ''));
  return 0;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  a: '\u0007',
  0: '\0',
  e: '\u001b',
};

/** Gives the escapes of C their meaning. */
export function unescaped(text: string): string {
  return text.replaceAll(/\\([ntr\\a0e])/g, (_found, letter: string) => escapes[letter] ?? letter);
}

function* printf({ args, stdout }: ToolCall): Task<number> {
  const [format = '', ...values] = args;
  const text = unescaped(format);
  const once = (): void => {
    output += text.replaceAll(/%(-?\d*)(?:\.\d+)?([sdixc%q])/g, (_found, width: string, type: string) => {
      if (type === '%') return '%';
      const value = values.shift() ?? '';
      const shown =
        type === 's' || type === 'q'
          ? value
          : type === 'c'
            ? value.slice(0, 1)
            : type === 'x'
              ? Number(value).toString(16)
              : String(Math.trunc(Number(value)) || 0);
      const characters = Math.min(Math.abs(Number(width)) || 0, fieldWidthMax);
      if (width.startsWith('0')) return shown.padStart(characters, '0');
      return width.startsWith('-') ? shown.padEnd(characters) : shown.padStart(characters);
    });
  };
  let output = '';
  do once();
  while (values.length > 0 && /%[^%]/.test(text));
  yield* stdout.write(output);
  return 0;
}

function* head(call: ToolCall): Task<number> {
  const { values, rest } = parseFlags(withCount(call.args), 'q', 'nc');
  const bytesMax = values.get('c');
  return yield* eachInput(call, rest, (reader) =>
    bytesMax === undefined
      ? headLines(call, reader, Number(values.get('n') ?? 10))
      : headBytes(call, reader, Number(bytesMax)),
  );
}

/** `-5` means `-n5`. */
function withCount(args: readonly string[]): readonly string[] {
  return args.map((arg) => arg.replace(/^-(\d+)$/, '-n$1'));
}

function* headBytes({ stdout }: ToolCall, reader: Reader, bytesMax: number): Task<void> {
  for (let left = bytesMax; left > 0; ) {
    const bytes = yield* reader.read();
    if (bytes === null) return;
    reader.unread(bytes.subarray(left));
    yield* stdout.write(bytes.subarray(0, left));
    left -= Math.min(left, bytes.length);
  }
}

const newline = 0x0a;

function* headLines({ stdout }: ToolCall, reader: Reader, linesMax: number): Task<void> {
  for (let left = linesMax; left > 0; ) {
    const bytes = yield* reader.read();
    if (bytes === null) return;
    let end = 0;
    for (; left > 0 && end < bytes.length; left -= 1) {
      const at = bytes.indexOf(newline, end);
      if (at < 0) break;
      end = at + 1;
    }
    if (left > 0) end = bytes.length;
    reader.unread(bytes.subarray(end));
    yield* stdout.write(bytes.subarray(0, end));
  }
}

const followMs = 100;

function* tail(call: ToolCall): Task<number> {
  const { flags, values, rest } = parseFlags(withCount(call.args), 'fFq', 'nc');
  const code = yield* eachInput(call, rest, (reader) => tailOf(call, reader, values));
  const [path] = rest;
  if (path === undefined || !(flags.has('f') || flags.has('F')) || code !== 0) return code;
  return yield* follow(call, path);
}

/** `+N` begins at the Nth byte or line, `N` ends with so many. */
function* tailOf({ stdout }: ToolCall, reader: Reader, values: ReadonlyMap<string, string>): Task<void> {
  const bytesWanted = values.get('c');
  if (bytesWanted?.startsWith('+') === true) {
    let skips = Math.max(0, Number(bytesWanted) - 1);
    for (let bytes = yield* reader.read(); bytes !== null; bytes = yield* reader.read()) {
      if (skips < bytes.length) yield* stdout.write(bytes.subarray(skips));
      skips = Math.max(0, skips - bytes.length);
    }
    return;
  }
  const bytes = yield* readAll(reader);
  if (bytesWanted !== undefined) {
    yield* stdout.write(bytes.subarray(Math.max(0, bytes.length - Number(bytesWanted))));
    return;
  }
  const count = values.get('n') ?? '10';
  const lines = utf8Text(bytes).split('\n');
  const endsWhole = lines.at(-1) === '';
  if (endsWhole) lines.pop();
  const from = count.startsWith('+') ? Number(count) - 1 : Math.max(0, lines.length - Number(count));
  const shown = lines.slice(from);
  if (shown.length > 0) yield* stdout.write(shown.join('\n') + (endsWhole ? '\n' : ''));
}

function* follow({ files, machine, stdout }: ToolCall, path: string): Task<number> {
  const sizeOf = (): number => attempt(() => files.stat(path).size) ?? 0;
  if (path === '/dev/null') for (;;) yield { isOver: () => false };
  for (let size = sizeOf(); ; ) {
    yield* machine.tasks.sleep(followMs);
    const now = sizeOf();
    if (now < size) size = 0;
    if (now > size) {
      const file = files.open(path, 'r');
      for (let skips = size, bytes = file.read(readBytesMax); bytes !== null; bytes = file.read(readBytesMax)) {
        if (skips < bytes.length) yield* stdout.write(bytes.subarray(skips));
        skips = Math.max(0, skips - bytes.length);
      }
      file.close();
    }
    size = now;
  }
}

function* wc(call: ToolCall): Task<number> {
  const { flags, rest } = parseFlags(call.args, 'lwcm');
  return yield* eachInput(call, rest, function* (reader, path) {
    const input = new TextSource(reader);
    const { lines, words, characters } = yield* countsOf(input);
    const all = flags.size === 0;
    const counts: number[] = [];
    if (all || flags.has('l')) counts.push(lines);
    if (all || flags.has('w')) counts.push(words);
    if (all || flags.has('c')) counts.push(input.bytes);
    if (flags.has('m')) counts.push(characters);
    yield* call.stdout.write(`${counts.join(' ')}${path === '-' ? '' : ` ${path}`}\n`);
  });
}

interface Counts {
  readonly lines: number;
  readonly words: number;
  readonly characters: number;
}

function* countsOf(input: TextSource): Task<Counts> {
  let [lines, words, characters] = [0, 0, 0];
  let isInWord = false;
  for (let text = yield* input.read(); text !== null; text = yield* input.read()) {
    if (text === '') continue;
    lines += text.split('\n').length - 1;
    words += text.split(/\s+/).filter((word) => word !== '').length;
    if (isInWord && !/^\s/.test(text)) words -= 1;
    isInWord = !/\s/.test(text.at(-1) ?? '');
    // Two units of UTF-16 are one character.
    characters += text.length - (text.match(/[\uD800-\uDBFF]/g)?.length ?? 0);
  }
  return { lines, words, characters };
}

function* tee(call: ToolCall): Task<number> {
  const { flags, rest } = parseFlags(call.args, 'a');
  const writers = rest.map((path) => openWriter(call, path, flags.has('a') ? 'a' : 'w'));
  try {
    for (let bytes = yield* call.stdin.read(); bytes !== null; bytes = yield* call.stdin.read()) {
      for (const writer of [call.stdout, ...writers]) yield* writer.write(bytes);
    }
  } finally {
    for (const writer of writers) writer.close();
  }
  return 0;
}

export const textTools: Readonly<Record<string, Tool>> = { cat, echo, printf, head, tail, wc, tee };
