/** Bounds of templates: what a text may hold, and what rendering it may cost. */

/** Characters of a template. */
export const templateCharactersMax = 256 * 1024;

/** Branches and parentheses within each other. */
export const templateDepthMax = 100;

/** Nodes and operands that are evaluated in one rendering, and parts of values that functions take and make. */
export const templateStepsMax = 1_000_000;

/** Characters that a rendering, or one value in it, may have. */
export const templateOutputMax = 1024 * 1024;

/** `template` calls within each other. */
export const templateCallsMax = 50;

/** Entries of a list that a function may make. */
export const templateListMax = 10_000;
