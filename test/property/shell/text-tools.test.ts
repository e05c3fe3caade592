/** Tools that answer while they read: however their input is cut, also within a character, they say what they say of it in one piece. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { KeptEnd } from '../../../src/shell/kept-end.ts';
import { heldBytesMax } from '../../../src/shell/limits.ts';
import { ShellMemory } from '../../../src/shell/memory.ts';
import { readerOf, Source, writerTo } from '../../../src/shell/streams.ts';
import { ended, type Task } from '../../../src/shell/tasks.ts';
import type { ToolCall } from '../../../src/shell/tool.ts';
import { editTools } from '../../../src/shell/tools/edit.ts';
import { textTools } from '../../../src/shell/tools/text.ts';

function finished<Result>(task: Task<Result>): Result {
  for (;;) {
    const { done, value } = task.next();
    if (done === true) return value;
  }
}

/** What a tool says of `parts`, by lines of a command. */
function said(command: readonly string[], parts: readonly Uint8Array[]): string {
  const [name = '', ...args] = command;
  const output: Uint8Array[] = [];
  const left = [...parts];
  const stdin = parts.length === 1 ? readerOf(left[0] as Uint8Array) : new Source(() => ended(left.shift() ?? null));
  const tool = { ...editTools, ...textTools }[name];
  const call = {
    name,
    args,
    stdin,
    memory: new ShellMemory().open(),
    stdout: writerTo((bytes) => output.push(bytes)),
  } as unknown as ToolCall;
  expect(tool === undefined ? null : finished(tool(call))).toBe(0);
  return utf8Text(concatBytes(output));
}

const input = fc.array(
  fc.oneof(
    fc.constantFrom('a', 'b', ' ', '\n', '\t', 'é', '€', '🙂').map((text) => new TextEncoder().encode(text)),
    fc.uint8Array({ minLength: 1, maxLength: 2 }),
  ),
  { maxLength: 20 },
);
const cuts = fc.array(fc.nat(40), { maxLength: 10 });

test.each([
  [['wc']],
  [['wc', '-l', '-m']],
  [['wc', '-w']],
  [['tr', 'a-b', 'A-B']],
  [['tr', '-d', 'é ']],
  [['tr', '-s', 'a', '€']],
  [['tr', '-s', '\\n ']],
  [['tail', '-n', '3']],
  [['tail', '-n', '0']],
  [['tail', '-n', '+3']],
  [['tail', '-c', '5']],
  [['tail', '-c', '+5']],
])('%j', (command) => {
  fc.assert(
    fc.property(input, cuts, (characters, places) => {
      const whole = concatBytes(characters);
      const edges = [0, ...places.filter((place) => place < whole.length).sort((a, b) => a - b), whole.length];
      const parts = edges.slice(1).map((end, index) => whole.subarray(edges[index], end));
      expect(said(command, parts)).toBe(said(command, [whole]));
    }),
  );
});

test.each([
  [['wc'], 'a b\nc', '1 3 5\n'],
  [['wc', '-m'], 'é🙂', '2\n'],
  [['wc', '-w'], ' a  b ', '2\n'],
  [['wc'], '', '0 0 0\n'],
  [['tr', 'a-c', 'x'], 'abcd', 'xxxd'],
  [['tr', '-d', '[:digit:]'], 'a1b2', 'ab'],
  [['tr', '-s', ' '], 'a   b', 'a b'],
  [['tr', '-s', 'ab', 'x'], 'abc', 'xc'],
])('%j of %j', (command, text, expected) => {
  expect(said(command, [new TextEncoder().encode(text)])).toBe(expected);
});

test.each([
  [['tail', '-n', '2'], 'a\nb\nc', 'b\nc'],
  [['tail', '-n', '2'], 'a\nb\nc\n', 'b\nc\n'],
  [['tail', '-2'], '\n\n\n', '\n\n'],
  [['tail', '-n', '-1'], 'a\nb\n', 'b\n'],
  [['tail', '-n', '9'], 'a\nb', 'a\nb'],
  [['tail', '-n0'], 'a\nb', ''],
  [['tail'], '', ''],
  [['tail', '-n', '+2'], 'a\nb\nc', 'b\nc'],
  [['tail', '-n', '+0'], 'a\n', 'a\n'],
  [['tail', '-c', '2'], 'abc', 'bc'],
  [['tail', '-c+2'], 'abc', 'bc'],
])('%j of %j', (command, text, expected) => {
  expect(said(command, [new TextEncoder().encode(text)])).toBe(expected);
});

/** The last lines of a text, as `tail -n` shows them. */
function lastLines(text: string, count: number): string {
  const lines = text.split(/(?<=\n)/);
  return count === 0 ? '' : lines.slice(-count).join('');
}

test('what is kept of a stream is its last lines, or bytes, and holds no more than them', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', 'a\n', 'b'),
    fc.nat(70_000).map((length) => `${'x'.repeat(length)}\n`),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.nat(4), fc.nat(80_000), (pieces, lines, bytes) => {
      const [byLines, byBytes] = [
        new KeptEnd({ type: 'lines', count: lines }, new ShellMemory().open()),
        new KeptEnd({ type: 'bytes', count: bytes }, new ShellMemory().open()),
      ];
      let text = '';
      for (const each of pieces) {
        text += each;
        for (const kept of [byLines, byBytes]) kept.push(utf8(each));
        expect(utf8Text(concatBytes([...byLines.pieces()]))).toBe(lastLines(text, lines));
        expect(byLines.bytes).toBe(lastLines(text, lines).length);
        expect(byBytes.bytes).toBe(Math.min(bytes, text.length));
      }
      expect(utf8Text(concatBytes([...byBytes.pieces()]))).toBe(bytes === 0 ? '' : text.slice(-bytes));
    }),
    { numRuns: 60 },
  );
});

test('a stream may be larger than what a command may hold, but not the end that is asked for', () => {
  const block = utf8(`${'x'.repeat(65_535)}\n`);
  const count = Math.ceil(heldBytesMax / block.length) + 1;
  const endless = (bytes: Uint8Array): Uint8Array[] => Array.from({ length: count }, () => bytes);
  expect(said(['tail', '-n', '1'], endless(block))).toBe(utf8Text(block));
  expect(said(['tail', '-c', '3'], endless(block))).toBe('xx\n');
  const kept = new KeptEnd({ type: 'lines', count: 1 }, new ShellMemory().open());
  expect(() => {
    for (const bytes of endless(new Uint8Array(block.length))) kept.push(bytes);
  }).toThrow('out of memory');
});
