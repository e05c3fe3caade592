/** Bounds of stages: what a set of them may hold, and what their expressions may cost. */

/** Stages of one cluster. */
export const stagesMax = 200;

/** Steps, or patches, of one stage. */
export const stageStepsMax = 50;

/** Characters of an expression. */
export const queryCharactersMax = 4_096;

/** Parentheses and functions of an expression within each other. */
export const queryDepthMax = 50;

/** Values that an expression may produce. */
export const queryResultsMax = 100_000;

/** Milliseconds that a stage may be delayed; a longer delay is cut to it. */
export const stageDelayMsMax = 10 * 365 * 24 * 3_600_000;

/** Weight of a stage; a greater one counts as this much, so that the sum of all weights stays exact. */
export const stageWeightMax = 1_000_000_000;
