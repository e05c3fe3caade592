/**
 * What real programs use: rates made of readings of their counters. Readings are taken when somebody asks, so a rate is a mean since a reading
 * that is old enough, or since the container's start; the answer says how long that is.
 */
import type { ProgramReading } from '../../actor/programs-port.ts';
import type { WallMs } from '../../base/brand.ts';
import type { ContainerUsage, RuntimeOutcome, RuntimeUsage } from '../../protocol/runtime.ts';
import { measurableAfterMs, usageRoundsApartMs, usageWindowMinMs } from '../limits.ts';

/** A container that runs, and its programs: its own, and commands beside it. */
export interface Metered {
  readonly id: string;
  readonly podUid: string;
  readonly name: string;
  readonly programs: readonly number[];
}

interface Meter {
  readonly startedAtMs: number;
  /** The last reading of each program that runs. */
  counters: ReadonlyMap<number, number>;
  cpuNanoseconds: number;
  /** `cpuNanoseconds` at each round that is remembered. */
  readonly samples: Map<number, number>;
}

const millisecondsPerSecond = 1_000;

export class ProgramMeters {
  readonly #meters = new Map<string, Meter>();
  /** When readings were taken that later ones are compared with: ascending, of the old ones only the newest. */
  #rounds: readonly number[] = [];

  started(containerId: string, nowMs: number): void {
    this.#meters.set(containerId, { startedAtMs: nowMs, counters: new Map(), cpuNanoseconds: 0, samples: new Map() });
  }

  ended(containerId: string): void {
    this.#meters.delete(containerId);
  }

  /** Takes a round of readings. A container of whose own program there is none is left out, as is one that has only just begun. */
  measured(
    containers: readonly Metered[],
    readings: readonly ProgramReading[],
    nowMs: number,
    wallMs: WallMs,
  ): RuntimeUsage {
    const byProgram = new Map(readings.map((reading) => [reading.program, reading]));
    const reference = this.#rounds.findLast((atMs) => nowMs - atMs >= usageWindowMinMs);
    const usages: ContainerUsage[] = [];
    let windowMs = reference === undefined ? usageWindowMinMs : nowMs - reference;
    for (const container of containers) {
      const meter = this.#meters.get(container.id);
      const own = container.programs.flatMap((program) => byProgram.get(program) ?? []);
      if (meter === undefined || !byProgram.has(container.programs[0] ?? 0)) continue;
      count(meter, own);
      if (nowMs - meter.startedAtMs < measurableAfterMs) continue;
      const sinceMs = Math.max(meter.startedAtMs, reference ?? meter.startedAtMs);
      windowMs = Math.max(windowMs, nowMs - sinceMs);
      usages.push(usageOf(container, meter, own, sinceMs, nowMs));
    }
    this.#remember(nowMs, reference);
    return { measuredAtMs: wallMs, windowMs: Math.round(windowMs), node: sumOf(usages), containers: usages };
  }

  #remember(nowMs: number, reference: number | undefined): void {
    const kept = this.#rounds.filter((atMs) => atMs >= (reference ?? 0));
    const isNew = nowMs - (kept.at(-1) ?? Number.NEGATIVE_INFINITY) >= usageRoundsApartMs;
    this.#rounds = isNew ? [...kept, nowMs] : kept;
    for (const { samples, cpuNanoseconds } of this.#meters.values()) {
      if (isNew) samples.set(nowMs, cpuNanoseconds);
      for (const atMs of samples.keys()) if (!this.#rounds.includes(atMs)) samples.delete(atMs);
    }
  }
}

/** Adds what the programs have used since their last readings. What one used between its last reading and its end is lost. */
function count(meter: Meter, readings: readonly ProgramReading[]): void {
  for (const { program, cpuNanoseconds } of readings) {
    meter.cpuNanoseconds += Math.max(0, cpuNanoseconds - (meter.counters.get(program) ?? 0));
  }
  meter.counters = new Map(readings.map(({ program, cpuNanoseconds }) => [program, cpuNanoseconds]));
}

function usageOf(
  { id, podUid, name }: Metered,
  { samples, cpuNanoseconds }: Meter,
  readings: readonly ProgramReading[],
  sinceMs: number,
  nowMs: number,
): ContainerUsage {
  const used = cpuNanoseconds - (samples.get(sinceMs) ?? 0);
  return {
    containerId: id,
    podUid,
    name,
    cpuNanocores: Math.round((used / (nowMs - sinceMs)) * millisecondsPerSecond),
    cpuNanoseconds: Math.round(cpuNanoseconds),
    workingSetBytes: readings.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
  };
}

function sumOf(usages: readonly ContainerUsage[]): RuntimeUsage['node'] {
  const sum = (field: 'cpuNanocores' | 'cpuNanoseconds' | 'workingSetBytes'): number =>
    usages.reduce((total, usage) => total + usage[field], 0);
  return {
    cpuNanocores: sum('cpuNanocores'),
    cpuNanoseconds: sum('cpuNanoseconds'),
    workingSetBytes: sum('workingSetBytes'),
  };
}

/** Adds up what two runtimes of one node use. The rates are means over different windows; the longer one is told. */
export function addedUsage(left: RuntimeUsage, right: RuntimeUsage): RuntimeUsage {
  const containers = [...left.containers, ...right.containers];
  return {
    measuredAtMs: Math.max(left.measuredAtMs, right.measuredAtMs) as WallMs,
    windowMs: Math.max(left.windowMs, right.windowMs),
    node: sumOf(containers),
    containers,
  };
}

/** Returns what a node answers of which both runtimes were asked: where one has no figures, what the other has is all there is. */
export function usageOfBoth(
  simulated: RuntimeOutcome<RuntimeUsage>,
  programs: RuntimeOutcome<RuntimeUsage>,
): RuntimeOutcome<RuntimeUsage> {
  if (simulated.type === 'failed') return programs;
  if (programs.type === 'failed') return simulated.containers.length === 0 ? programs : simulated;
  return { type: 'done', ...addedUsage(simulated, programs) };
}
