/** Bounds of the actor kernel. Collected into docs/limits.md. */

/** Messages that may be on their way over one link (one direction of one pair of threads), and their bytes. */
export const linkWindowMessages = 8_192;
export const linkWindowBytes = 16 * 1024 * 1024;

/** Tells that wait at the sender while a link's window is spent, for the policies that let them wait. */
export const linkWaitingTellsMax = 1_024;

/** Inputs that one actor may have waiting; the windows of its links keep it far below. */
export const mailboxInputsMax = 131_072;

/** Inputs that one actor handles before the next actor of its thread gets a share of the turn. */
export const inputsPerShare = 128;

/** Inputs that one turn handles before it lets the event loop do its I/O. */
export const inputsPerTurn = 1_024;

/** Dead letters and log entries that a host keeps to be looked at. */
export const deadLettersKept = 64;
export const logEntriesKept = 256;

/** A watched thread is pinged this often, and counts as unresponsive after this long a silence. */
export const livenessPingMs = 500;
export const livenessTimeoutMs = 2_000;

/** An actor that was told to stop is ended after this long. */
export const stopGraceMs = 2_000;

/** Characters of texts whose results a thread remembers, in each of two generations. */
export const memoCharactersMax = 1_048_576;
