/** What real programs use, made of readings: the windows of the rates, programs that come and go, and the sum with simulated containers. */
import { expect, test } from 'vitest';
import type { WallMs } from '../../../src/base/brand.ts';
import { addedUsage, ProgramMeters, usageOfBoth } from '../../../src/kubelet/runtime/program-meters.ts';
import type { RuntimeUsage } from '../../../src/protocol/runtime.ts';

const nanosecondsPerMs = 1_000_000;
const main = { id: 'a', podUid: 'u', name: 'main', programs: [1] };

/** Measures with readings of `[program, milliseconds on a processor]`. */
function measure(
  meters: ProgramMeters,
  nowMs: number,
  readings: readonly (readonly [number, number])[],
  containers: readonly (typeof main)[] = [main],
): RuntimeUsage {
  const given = readings.map(([program, ms]) => ({ program, cpuNanoseconds: ms * nanosecondsPerMs, memoryBytes: 100 }));
  return meters.measured(containers, given, nowMs, nowMs as WallMs);
}

const millis = ({ containers }: RuntimeUsage): number => (containers[0]?.cpuNanocores ?? Number.NaN) / 1_000_000;

test('a rate is a mean since the start at first, later since the last round that is old enough', () => {
  const meters = new ProgramMeters();
  meters.started('a', 0);
  expect(measure(meters, 100, [[1, 90]]).containers).toEqual([]);
  const first = measure(meters, 1_000, [[1, 500]]);
  expect([millis(first), first.windowMs]).toEqual([500, 1_000]);
  // The round at 1,000 is not old enough; that at 100 is.
  const second = measure(meters, 1_600, [[1, 540]]);
  expect([millis(second), second.windowMs]).toEqual([300, 1_500]);
  const third = measure(meters, 2_000, [[1, 600]]);
  expect([millis(third), third.windowMs]).toEqual([100, 1_000]);
  const late = measure(meters, 12_000, [[1, 600]]);
  expect([millis(late), late.windowMs]).toEqual([0, 10_000]);
  expect(late.containers[0]).toMatchObject({ cpuNanoseconds: 600 * nanosecondsPerMs, workingSetBytes: 100 });
});

test('commands beside the program count, and what they used stays counted when they are gone', () => {
  const meters = new ProgramMeters();
  meters.started('a', 0);
  const both = { ...main, programs: [1, 2] };
  const readings = [
    [1, 100],
    [2, 300],
  ] as const;
  const busy = measure(meters, 1_000, readings, [both]);
  expect(busy.containers).toMatchObject([{ cpuNanocores: 400 * nanosecondsPerMs, workingSetBytes: 200 }]);
  const after = measure(meters, 2_000, [[1, 150]]);
  expect(after.containers).toMatchObject([
    { cpuNanocores: 50 * nanosecondsPerMs, cpuNanoseconds: 450 * nanosecondsPerMs, workingSetBytes: 100 },
  ]);
});

test('what cannot be read, has only begun or has ended is left out', () => {
  const meters = new ProgramMeters();
  meters.started('a', 0);
  expect(measure(meters, 1_000, []).containers).toEqual([]);
  meters.started('a', 1_000);
  expect(measure(meters, 1_100, [[1, 1]]).containers).toEqual([]);
  expect(measure(meters, 1_500, [[1, 50]]).containers).toMatchObject([{ cpuNanocores: 100 * nanosecondsPerMs }]);
  meters.ended('a');
  expect(measure(meters, 3_000, [[1, 1]]).containers).toEqual([]);
});

test('a node adds up what runs in different ways', () => {
  const meters = new ProgramMeters();
  meters.started('a', 0);
  const programs = measure(meters, 2_000, [[1, 200]]);
  const simulated = { ...measure(meters, 2_000, []), windowMs: 1_000 };
  const [usage] = programs.containers;
  if (usage === undefined) throw new Error('not measured');
  const sum = addedUsage({ ...simulated, containers: [{ ...usage, containerId: 'b' }] }, programs);
  expect(sum.windowMs).toBe(2_000);
  expect(sum.containers.map(({ containerId }) => containerId)).toEqual(['b', 'a']);
  expect(sum.node).toEqual({
    cpuNanocores: 2 * usage.cpuNanocores,
    cpuNanoseconds: 2 * usage.cpuNanoseconds,
    workingSetBytes: 2 * usage.workingSetBytes,
  });
});

test('where one of two runtimes has no figures, the other’s are all there is; a failure is told when there are none', () => {
  const failed = { type: 'failed', code: 'unsupported', message: 'no' } as const;
  const meters = new ProgramMeters();
  meters.started('a', 0);
  const nothing = { type: 'done' as const, ...measure(meters, 1_000, []) };
  const something = { type: 'done' as const, ...measure(meters, 2_000, [[1, 200]]) };
  expect(usageOfBoth(failed, something)).toBe(something);
  expect(usageOfBoth(something, failed)).toBe(something);
  expect(usageOfBoth(nothing, failed)).toBe(failed);
  expect(usageOfBoth(failed, failed)).toBe(failed);
  expect(usageOfBoth(nothing, something)).toMatchObject({ type: 'done', containers: something.containers });
});
