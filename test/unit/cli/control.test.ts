/** What arrives at the control address: commands, or a word on what was expected. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ControlCommand, parseControlCommand } from '../../../src/cli/control.ts';
import { parseDurationMs } from '../../../src/cli/duration.ts';

const commands: readonly ControlCommand[] = [
  { type: 'status' },
  { type: 'kill', member: 'master-0' },
  { type: 'resume', member: 'node-1' },
  { type: 'restart', member: 'master-0/store' },
  { type: 'pause', member: 'node-1', forMs: 500 },
  { type: 'pause', member: 'node-1', forMs: null },
  { type: 'partition', groups: [['master-0'], ['master-1', 'node-0']] },
  { type: 'heal' },
  { type: 'addMaster' },
  { type: 'removeMaster', member: 'master-1' },
  { type: 'stop' },
];

test.each(commands)('%j is understood', (command) => {
  expect(parseControlCommand(JSON.stringify(command))).toEqual({ type: 'command', command });
});

test.each([
  ['', 'expected a JSON object'],
  ['null', 'expected a JSON object'],
  ['{"type":"explode"}', 'unknown command "explode"'],
  ['{"type":"kill"}', 'member must be a name'],
  ['{"type":"removeMaster"}', 'member must be a name'],
  ['{"type":"pause","member":"a","forMs":-1}', 'forMs must be above zero'],
  ['{"type":"partition","groups":[[]]}', 'groups must be lists of names'],
])('%s is refused: %s', (text, message) => {
  expect(parseControlCommand(text)).toEqual({ type: 'malformed', message });
});

test('whatever arrives is a command or is refused', () => {
  const isDecided = (text: string): boolean => ['command', 'malformed'].includes(parseControlCommand(text).type);
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), isDecided));
});

test.each([
  ['500ms', 500],
  ['5s', 5_000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['5', null],
  ['0s', null],
  ['-1s', null],
  ['soon', null],
])('%s as a duration is %s', (text, want) => {
  expect(parseDurationMs(text)).toBe(want);
});
