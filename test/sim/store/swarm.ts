/**
 * What a seed draws: not every fault at a fixed rate, but a different mixture each time, because faults hide each other (swarm testing,
 * Groce et al. 2012). Sizes are small, so that snapshots, compactions and new segments happen all the while.
 */
import type { Random } from '../../../src/base/random.ts';
import type { ReplicaSettings } from '../../../src/store/replica-options.ts';

export const faultNames = [
  'kill',
  'killLeader',
  'killMajority',
  'pause',
  'pauseClient',
  'partition',
  'oneWay',
  'isolateLeader',
  'disturb',
  'slowDisk',
  'syncFailure',
] as const;
export type FaultName = (typeof faultNames)[number];

export interface Swarm {
  readonly replicas: number;
  readonly clients: number;
  readonly keys: number;
  readonly faults: readonly FaultName[];
  /** Pause between two faults, on average. */
  readonly faultEveryMs: number;
  readonly faultPhaseMs: number;
  readonly thinkMaxMs: number;
  readonly latencyMaxMs: number;
  readonly diskLatencyMaxMs: number;
  readonly turnDelayMaxMs: number;
  readonly compactChance: number;
  /** After so long the leader compacts the history by itself. */
  readonly retentionMs: number;
  readonly settings: Partial<ReplicaSettings>;
}

export function drawSwarm(random: Random): Swarm {
  const replicas = random.pick([3, 3, 3, 3, 3, 3, 5, 5, 1]);
  const faults = faultNames.filter(() => random.chance(0.5));
  return {
    replicas,
    clients: random.integer(2, 4),
    keys: random.integer(2, 5),
    faults: faults.length > 0 ? faults : [random.pick(faultNames)],
    faultEveryMs: random.pick([150, 300, 600, 1_000]),
    faultPhaseMs: random.integer(3_000, 6_000),
    thinkMaxMs: random.pick([20, 50, 100]),
    latencyMaxMs: random.pick([0.5, 2, 8, 20]),
    diskLatencyMaxMs: random.pick([0.5, 2, 10]),
    turnDelayMaxMs: random.pick([0.1, 1, 5]),
    compactChance: random.pick([0, 0.02, 0.1]),
    retentionMs: random.pick([800, 60_000]),
    settings: {
      snapshotEveryEntries: random.integer(10, 80),
      catchUpEntries: random.pick([0, 5, 20, 100]),
      segmentBytesMax: random.pick([500, 2_000, 20_000]),
      requestTimeoutMs: random.pick([500, 1_500]),
    },
  };
}
