/** The bounds and durations of the scheduler. Models kubernetes pkg/scheduler/apis/config defaults @ v1.36. */

export interface SchedulerLimits {
  /** A pod that could not be placed waits so long before it is tried again, doubling with each attempt. */
  readonly backoffInitialMs: number;
  readonly backoffMaxMs: number;
  /** A pod that no event freed is tried again after so long all the same. */
  readonly unschedulableMaxMs: number;
  /** How many bindings may be under way at once; further pods wait in the queue. */
  readonly bindingsMax: number;
  /** How many pods one turn schedules before others get theirs. */
  readonly cyclesPerTurnMax: number;
}

export const schedulerLimits: SchedulerLimits = {
  backoffInitialMs: 1_000,
  backoffMaxMs: 10_000,
  unschedulableMaxMs: 300_000,
  bindingsMax: 256,
  cyclesPerTurnMax: 64,
};

/** Fewer feasible nodes than this are never cut down by percentageOfNodesToScore. */
export const feasibleNodesMin = 100;
export const feasiblePercentageMin = 5;
export const feasiblePercentageMax = 50;
/** Nodes per percent by which the share of scored nodes shrinks. */
export const nodesPerPercent = 125;

export const scoreMax = 100;

/** Distinct selectors whose matches are counted per node; the least recently used is dropped beyond it. */
export const countedSelectorsMax = 1_024;
