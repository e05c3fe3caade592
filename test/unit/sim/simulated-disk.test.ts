/** The simulated disk loses what a disk may lose, and nothing else. */
import { expect, test } from 'vitest';
import type { DiskCommand, DiskEvent } from '../../../src/actor/disk-port.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { Random } from '../../../src/base/random.ts';
import { SimulatedDisk } from '../../../src/sim/simulated-disk.ts';

class Bench {
  readonly disk: SimulatedDisk;
  readonly #scheduled: (() => void)[] = [];

  constructor(seed: number) {
    this.disk = new SimulatedDisk(new Random(seed), (_delayMs, run) => this.#scheduled.push(run));
    this.disk.faults = { ...this.disk.faults, tornGarbage: 0 };
  }

  /** Gives the commands; all complete, or the disk crashes while the command of this number is under way. */
  run(commands: readonly DiskCommand[], crashAt?: number): DiskEvent[] {
    const events: DiskEvent[] = [];
    const port = this.disk.open((event) => events.push(event as DiskEvent));
    for (const command of commands) port.handle(command);
    for (let count = 0; this.#scheduled.length > 0; count += 1) {
      if (count === crashAt) this.disk.crash();
      this.#scheduled.shift()?.();
    }
    return events;
  }

  textOf(file: string): string | null {
    const [event] = this.run([{ type: 'read', id: 1, file }]);
    return event?.type === 'read' && event.bytes !== null ? utf8Text(event.bytes) : null;
  }
}

function append(id: number, text: string, sync = true): DiskCommand {
  return { type: 'append', id, file: 'log', bytes: utf8(text), sync };
}

test('a crash tears the write under way at any byte, and leaves what was synced', () => {
  const found = new Set(
    Array.from({ length: 60 }, (_, seed) => {
      const bench = new Bench(seed);
      bench.run([append(1, 'abc'), append(2, 'def'), append(3, 'ghi')], 1);
      return bench.textOf('log');
    }),
  );
  expect([...found].toSorted()).toEqual(['abc', 'abcd', 'abcde', 'abcdef']);
});

test('what was not synced is read while the machine lives, and may go with it', () => {
  const bench = new Bench(3);
  bench.run([append(1, 'abc'), append(2, 'def', false)]);
  bench.disk.abandon();
  expect(bench.textOf('log')).toBe('abcdef');
  const left = new Set(
    Array.from({ length: 40 }, (_, seed) => {
      const torn = new Bench(seed);
      torn.run([append(1, 'abc'), append(2, 'def', false)]);
      torn.disk.crash();
      return torn.textOf('log');
    }),
  );
  expect([...left].toSorted()).toEqual(['abc', 'abcd', 'abcde', 'abcdef']);
});

test('after a failed sync every command fails until the disk is opened again', () => {
  const bench = new Bench(1);
  bench.disk.faults = { ...bench.disk.faults, syncFailure: 1 };
  expect(bench.run([append(1, 'a'), { type: 'list', id: 2 }]).map(({ type }) => type)).toEqual(['failed', 'failed']);
  bench.disk.faults = { ...bench.disk.faults, syncFailure: 0 };
  expect(bench.run([append(1, 'b')]).map(({ type }) => type)).toEqual(['done']);
});

test('a deletion that no sync followed may be undone by a crash', () => {
  const left = new Set(
    Array.from({ length: 40 }, (_, seed) => {
      const bench = new Bench(seed);
      bench.run([append(1, 'abc'), { type: 'delete', id: 2, file: 'log' }]);
      bench.disk.crash();
      return bench.textOf('log');
    }),
  );
  expect(left).toEqual(new Set(['abc', null]));
});
