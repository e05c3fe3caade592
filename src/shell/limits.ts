/** Bounds of the shell's language. */

/** Commands within commands within a script. */
export const scriptDepthMax = 200;
