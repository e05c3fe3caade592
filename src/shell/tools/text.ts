/** Tools that read and write bytes and text. */

import { fieldWidthMax } from '../limits.ts';
import { type Reader, TextSource } from '../streams.ts';
import type { Task } from '../tasks.ts';
import { eachInput, openWriter, parseFlags, type Tool, type ToolCall, withCount } from '../tool.ts';
import { tail } from './tail.ts';

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
