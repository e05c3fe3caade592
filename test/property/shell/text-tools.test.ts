/** Tools that answer while they read: however their input is cut, also within a character, they say what they say of it in one piece. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, utf8Text } from '../../../src/base/bytes.ts';
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
  const call = { name, args, stdin, stdout: writerTo((bytes) => output.push(bytes)) } as unknown as ToolCall;
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
