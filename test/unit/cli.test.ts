/** The command line: what is asked for, or what is wrong with it. */
import { expect, test } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';

const parse = (line: string): ReturnType<typeof parseCommandLine> =>
  parseCommandLine(
    line.split(' ').filter((word) => word !== ''),
    '1.2.3',
  );

test('demo is the default, with three masters and three nodes', () => {
  expect(parse('')).toEqual({ type: 'demo', once: false, masters: 3, nodes: 3 });
  expect(parse('demo --once --masters 5 --nodes 0')).toEqual({ type: 'demo', once: true, masters: 5, nodes: 0 });
  expect(parse('--once')).toEqual({ type: 'demo', once: true, masters: 3, nodes: 3 });
});

test.each([
  ['demo --masters 8', 'Must be a whole number from 1 to 7.'],
  ['demo --nodes many', 'Must be a whole number from 0 to 1000.'],
  ['demo --mastres 3', "unknown option '--mastres'"],
  ['demo now', 'too many arguments'],
  ['frobnicate', "unknown command 'frobnicate'"],
])('%s is refused with what is allowed', (line, message) => {
  const invocation = parse(line);
  expect(invocation).toMatchObject({ type: 'print', exitCode: 1 });
  expect((invocation as { text: string }).text).toContain(message);
});

test('version and help are printed and succeed', () => {
  expect(parse('version')).toEqual({ type: 'print', text: '1.2.3\n', exitCode: 0 });
  expect(parse('--help')).toMatchObject({ type: 'print', exitCode: 0 });
  expect((parse('demo --help') as { text: string }).text).toContain('--once');
});
