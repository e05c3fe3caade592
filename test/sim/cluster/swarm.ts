/** What a seed of the cluster scenario draws: sizes, which faults, how often, and which nodes are never touched. */
import type { Random } from '../../../src/base/random.ts';

export const clusterFaultNames = [
  'killMaster',
  'killLeader',
  'killPart',
  'killMajority',
  'pauseMaster',
  'pausePart',
  'isolateMaster',
  'disturbMasters',
  'killNode',
  'killKubelet',
  'pauseNode',
  'isolateNode',
] as const;
export type ClusterFaultName = (typeof clusterFaultNames)[number];

export interface ClusterSwarm {
  readonly masters: number;
  readonly nodes: number;
  /** Nodes from this index on are left alone. */
  readonly touchedNodes: number;
  readonly deployments: number;
  readonly faults: readonly ClusterFaultName[];
  readonly faultEveryMs: number;
  readonly actEveryMs: number;
  readonly chaosMs: number;
  /** The last victims stay down, and the rest must do. */
  readonly leavesMasterDown: boolean;
  readonly leavesNodeDown: boolean;
  readonly snapshotEveryEntries: number;
  readonly threadsPerMaster: 2 | 3;
}

export function drawClusterSwarm(random: Random): ClusterSwarm {
  const nodes = random.integer(3, 5);
  const faults = clusterFaultNames.filter(() => random.chance(0.4));
  return {
    masters: 3,
    nodes,
    touchedNodes: random.integer(1, nodes - 2),
    deployments: random.integer(1, 2),
    faults: faults.length > 0 ? faults : [random.pick(clusterFaultNames)],
    faultEveryMs: random.pick([500, 1_000, 2_000]),
    actEveryMs: random.pick([400, 1_000]),
    chaosMs: random.integer(3_000, 8_000),
    leavesMasterDown: random.chance(0.3),
    leavesNodeDown: random.chance(0.3),
    snapshotEveryEntries: random.pick([50, 10_000]),
    threadsPerMaster: random.pick([2, 3]),
  };
}
