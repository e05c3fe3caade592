/** The file disk keeps its contract: order, group commit, replacement, failure as an event. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileDisk } from '../../actors/io/file-disk.ts';
import type { DiskCommand, DiskEvent } from '../../src/actor/disk-port.ts';
import { utf8 } from '../../src/base/bytes.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'threemaster-disk-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Gives the commands at once and resolves with their events when all have come. */
async function carryOut(isDurable: boolean, commands: readonly DiskCommand[]): Promise<DiskEvent[]> {
  return new Promise((resolve) => {
    const events: DiskEvent[] = [];
    const emit = (event: unknown): void => {
      events.push(event as DiskEvent);
      if (events.length < commands.length) return;
      port.close();
      resolve(events);
    };
    const port = openFileDisk(
      (event) => setImmediate(emit, event),
      { path: 'm/store', incarnation: 1 },
      { folder, isDurable },
    );
    for (const command of commands) port.handle(command);
  });
}

const append = (id: number, text: string, sync = true): DiskCommand => ({
  type: 'append',
  id,
  file: 'log',
  bytes: utf8(text),
  sync,
});

test.each([true, false])(
  'appends complete in order and stand in the file in order (durable: %s)',
  async (isDurable) => {
    const events = await carryOut(isDurable, [append(1, 'a'), append(2, 'b'), append(3, 'c', false), append(4, 'd')]);
    expect(events).toEqual([1, 2, 3, 4].map((id) => ({ type: 'done', id })));
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('abcd');
  },
);

test.each([true, false])('a created file starts anew, and later appends follow it (durable: %s)', async (isDurable) => {
  await writeFile(join(folder, 'log'), 'leftover');
  await carryOut(isDurable, [
    { type: 'create', id: 1, file: 'log', bytes: utf8('new '), sync: true },
    append(2, 'tail'),
  ]);
  expect(await readFile(join(folder, 'log'), 'utf8')).toBe('new tail');
});

test('a replaced file is whole, and drafts of a crash are not listed', async () => {
  await writeFile(join(folder, 'old.draft'), 'half');
  const events = await carryOut(true, [
    append(1, 'before'),
    { type: 'replace', id: 2, file: 'log', chunks: [utf8('one '), utf8('two')], isOptional: false },
    { type: 'read', id: 3, file: 'log' },
    { type: 'list', id: 4 },
    { type: 'delete', id: 5, file: 'log' },
    { type: 'read', id: 6, file: 'log' },
  ]);
  const [, , read, listed, , absent] = events;
  expect(read?.type === 'read' && read.bytes !== null ? Buffer.from(read.bytes).toString() : '').toBe('one two');
  expect(listed).toEqual({ type: 'listed', id: 4, files: ['log'] });
  expect(absent).toEqual({ type: 'read', id: 6, bytes: null });
});

test('a write that cannot be done is an event, not a throw', async () => {
  const [event] = await carryOut(true, [
    { type: 'append', id: 1, file: 'no/such/folder', bytes: utf8('x'), sync: true },
  ]);
  expect(event?.type).toBe('failed');
});

test.each([
  [true, 'done'],
  [false, 'failed'],
])('what follows a failed replacement is carried out only if that was optional (%s)', async (isOptional, outcome) => {
  const events = await carryOut(true, [
    { type: 'replace', id: 1, file: 'no/such/folder', chunks: [utf8('x')], isOptional },
    append(2, 'behind'),
  ]);
  expect(events.map(({ type }) => type)).toEqual(['failed', outcome]);
});

test('nothing is written behind an append that failed, until the disk is opened again', async () => {
  const events = await carryOut(true, [
    { type: 'append', id: 1, file: 'no/such/folder', bytes: utf8('x'), sync: true },
    append(2, 'behind'),
    { type: 'create', id: 3, file: 'next', bytes: utf8('behind'), sync: true },
    { type: 'list', id: 4 },
  ]);
  expect(events.map(({ type }) => type)).toEqual(['failed', 'failed', 'failed', 'failed']);
  expect(await carryOut(true, [{ type: 'list', id: 1 }])).toEqual([{ type: 'listed', id: 1, files: [] }]);
});
