/** Random runs under faults: safety after every step, liveness once the faults end. A failure names its seed, which replays it. */
import { expect, test } from 'vitest';
import { Simulation, type SimulationOptions } from './simulation.ts';

interface Totals {
  committed: number;
  leaders: number;
  reads: number;
}

function run(count: number, steps: number, options: (seed: number) => SimulationOptions): Totals {
  const totals: Totals = { committed: 0, leaders: 0, reads: 0 };
  for (let seed = 1; seed <= count; seed += 1) {
    const simulation = new Simulation(options(seed));
    try {
      for (let step = 0; step < steps; step += 1) simulation.step();
      if (!simulation.heal(400)) throw new Error('no progress after the faults ended');
    } catch (cause) {
      throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
    }
    totals.committed += simulation.checker.committedCount;
    totals.leaders += simulation.checker.leaderCount;
    totals.reads += simulation.checker.readCount;
  }
  return totals;
}

test('three replicas stay safe under loss, repetition, reordering, slow disks and crashes, and recover', () => {
  const totals = run(120, 1500, (seed) => ({ seed, voters: 3, spares: 0 }));
  // The schedule must have done real work, or the checks mean nothing.
  expect(totals.committed).toBeGreaterThan(1000);
  expect(totals.leaders).toBeGreaterThan(240);
  expect(totals.reads).toBeGreaterThan(100);
});

test('five replicas do, with windows and pages so small that flow control is always at work', () => {
  const limits = { messageBytesMax: 64, inflightMessagesMax: 2, inflightBytesMax: 100, committedBytesMax: 64 };
  const totals = run(60, 2000, (seed) => ({ seed, voters: 5, spares: 0, limits }));
  expect(totals.committed).toBeGreaterThan(500);
});

test('a group stays safe while its membership changes at random, jointly too', () => {
  const totals = run(80, 2500, (seed) => ({ seed, voters: 3, spares: 2 }));
  expect(totals.committed).toBeGreaterThan(500);
});
