/** The shell's language: what scripts mean, sums, patterns. Running them is tested in test/threads/runtime-worker.test.ts. */
import { describe, expect, test } from 'vitest';
import { calculate } from '../../../src/shell/arithmetic.ts';
import { parseScript } from '../../../src/shell/parser.ts';
import { escapedPattern, matchesPattern, trimmed } from '../../../src/shell/pattern.ts';
import type { Command, Word } from '../../../src/shell/syntax.ts';

/** A word as text; what is not text is put in braces. */
function shown(word: Word): string {
  return word
    .map((part) => (part.type === 'text' ? part.text : `{${part.type === 'variable' ? part.name : part.type}}`))
    .join('');
}

function only(script: string): Command {
  const command = parseScript(script)[0]?.pipelines[0]?.pipeline.commands[0];
  if (command === undefined) throw new Error('no command');
  return command;
}

function words(script: string): string[] {
  const command = only(script);
  return command.type === 'simple' ? command.words.map(shown) : [];
}

describe('scripts', () => {
  test.each([
    ['echo a  b', ['echo', 'a', 'b']],
    ['echo "a  b" \'c d\' e\\ f', ['echo', 'a  b', 'c d', 'e f']],
    ['echo $X "${Y:-z}" $(ls) `ls` $((1 + 1))', ['echo', '{X}', '{Y}', '{command}', '{command}', '{arithmetic}']],
    ['echo a#b # comment', ['echo', 'a#b']],
    ['echo a \\\n b', ['echo', 'a', 'b']],
    ['X=1 Y=2 env', ['env']],
    ['echo $ 5$', ['echo', '$', '5$']],
  ])('%j has the words %j', (script, expected) => {
    expect(words(script)).toEqual(expected);
  });

  test('operators join pipelines, and pipes commands', () => {
    const [first, second] = parseScript('a | b && ! c || d &\ne');
    expect(first?.isBackground).toBe(true);
    expect(
      first?.pipelines.map(({ operator, pipeline }) => [operator, pipeline.isNegated, pipeline.commands.length]),
    ).toEqual([
      ['', false, 2],
      ['&&', true, 1],
      ['||', false, 1],
    ]);
    expect(second?.isBackground).toBe(false);
  });

  test('redirections belong to their command, here-documents with the text that follows', () => {
    const command = only('cat <<END > out 2>&1\none $X\nEND\n');
    const redirects = command.type === 'simple' ? command.redirects : [];
    expect(redirects.map(({ descriptor, operator, target }) => [descriptor, operator, shown(target)])).toEqual([
      [0, '<<', 'one {X}\n'],
      [1, '>', 'out'],
      [2, '>&', '1'],
    ]);
  });

  test.each([
    ['if a; then b; elif c; then d; else e; fi', 'if'],
    ['while a; do b; done', 'while'],
    ['until a\ndo\nb\ndone', 'while'],
    ['for x in 1 2; do echo $x; done', 'for'],
    ['for x; do echo; done', 'for'],
    ['case $x in a|b) c;; *) d;; esac', 'case'],
    ['(a; b)', 'group'],
    ['{ a; b; }', 'group'],
    ['f() { a; }', 'function'],
  ])('%j is a command of type %s', (script, type) => {
    expect(only(script).type).toBe(type);
  });

  test.each([
    ['echo "a', 'unterminated quoted string'],
    ['if true; then', 'expected "fi"'],
    ['a &&', 'unexpected end of file'],
    ['done', 'unexpected "done"'],
    ['echo $(ls', 'expected ")"'],
    ['echo >', 'expected a file name'],
    ['| a', 'unexpected "|"'],
    ['echo ${}', 'bad substitution'],
    [`${'('.repeat(300)}a`, 'nested too deeply'],
  ])('%j cannot be read', (script, message) => {
    expect(() => parseScript(script)).toThrow(message);
  });
});

test.each([
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['7 / 2 - 7 % 2', 2],
  ['-3 / 2', -1],
  ['x + 1', 6],
  ['none + 1', 1],
  ['x > 4 && x < 6', 1],
  ['!x || 0', 0],
  ['x == 5 ? 10 : 20', 10],
  ['', 0],
])('$((%s)) is %d', (text, value) => {
  expect(
    calculate(
      text,
      (name) => (name === 'x' ? '5' : ''),
      () => {},
    ),
  ).toBe(value);
});

test('sums assign, and a division by zero is an error', () => {
  const assigned: [string, number][] = [];
  calculate(
    'y = x += 2',
    () => '5',
    (name, value) => assigned.push([name, value]),
  );
  expect(assigned).toEqual([
    ['x', 7],
    ['y', 7],
  ]);
  expect(() =>
    calculate(
      '1 / 0',
      () => '',
      () => {},
    ),
  ).toThrow('division by zero');
  expect(() =>
    calculate(
      '1 +',
      () => '',
      () => {},
    ),
  ).toThrow('unexpected');
});

test.each([
  ['abc', 'a*', true],
  ['abc', 'a?c', true],
  ['abc', '[a-c]bc', true],
  ['abc', '[!a]bc', false],
  ['a*c', 'a\\*c', true],
  ['abc', 'a\\*c', false],
  ['a.c', 'a.c', true],
  ['abc', 'a.c', false],
])('%j matches %j: %s', (text, pattern, expected) => {
  expect(matchesPattern(text, pattern)).toBe(expected);
  expect(matchesPattern(text, escapedPattern(text))).toBe(true);
});

test.each([
  ['a/b/c', '*/', '#', 'b/c'],
  ['a/b/c', '*/', '##', 'c'],
  ['a.b.c', '.*', '%', 'a.b'],
  ['a.b.c', '.*', '%%', 'a'],
  ['abc', 'x', '#', 'abc'],
])('of %j without %j by %s remains %j', (value, pattern, operator, expected) => {
  expect(trimmed(value, pattern, operator)).toBe(expected);
});
