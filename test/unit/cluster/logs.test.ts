/** What actors log and where it arrives. */
import { expect, test } from 'vitest';
import { Cluster, type LogEntry } from '../../../actors/cluster/index.ts';
import { logLine, warningSink } from '../../../actors/cluster/log-lines.ts';

const entry: LogEntry = {
  wallMs: 1_700_000_000_123,
  actor: 'master-0/store',
  level: 'warn',
  message: 'two\nlines',
  fields: { message: 'of its own', term: 3 },
};

test('a line holds a whole entry, and fields hide nothing of it', () => {
  expect(logLine(entry)).not.toContain('\n');
  expect(JSON.parse(logLine(entry))).toEqual({
    time: '2023-11-14T22:13:20.123000Z',
    level: 'warn',
    actor: 'master-0/store',
    message: 'two\nlines',
    fields: { message: 'of its own', term: 3 },
  });
});

test('the sink of warnings writes warnings and errors alone', () => {
  const lines: string[] = [];
  const sink = warningSink((line) => lines.push(line));
  for (const level of ['debug', 'info', 'warn', 'error'] as const) sink({ ...entry, level });
  expect(lines.map((line) => (JSON.parse(line) as LogEntry).level)).toEqual(['warn', 'error']);
});

test('what actors log while a cluster starts and stops reaches the sink that it was given, and none of it is a warning', async () => {
  const entries: LogEntry[] = [];
  const cluster = await Cluster.start({
    simulated: { seed: 5 },
    masters: 1,
    nodes: 1,
    log: (each) => entries.push(each),
  });
  expect(entries.map(({ message }) => message)).toContain('elected to run the controllers');
  await cluster.stop();
  expect(entries.map(({ message }) => message)).toContain('stopped running the controllers');
  expect(entries.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});
