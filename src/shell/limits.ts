/** Bounds of the shell's language, of what it runs, and of files in memory. */

/** Commands within commands within a script. */
export const scriptDepthMax = 200;
/** Functions and subshells within each other while a script runs. */
export const shellDepthMax = 100;
/** Commands of one shell that run side by side, in pipes and in the background. */
export const tasksMax = 256;
/** Bytes that wait in a pipe between two commands. */
export const pipeBytesMax = 64 * 1024;
/** Bytes that a command moves without any wait before others may run; each move counts as `moveBytes` more. */
export const breathBytesMax = 64 * 1024;
export const moveBytes = 1_024;
/** Characters to which `printf` fills up a value. */
export const fieldWidthMax = 1_000;
/** Characters of a regular expression, of a script of `sed`, and of a line that is looked at with them. */
export const expressionCharactersMax = 1_000;
export const searchedCharactersMax = 64 * 1024;
/** Steps that a pattern with `*` may take: characters of the text times those of the pattern. */
export const patternWorkMax = 32 * 1024 * 1024;
/** Bytes of its input that one command holds. */
export const heldBytesMax = 64 * 1024 * 1024;
/** Bytes that all commands of one shell hold at once, and pipes between them. */
export const shellBytesMax = 128 * 1024 * 1024;
export const shellPipesMax = 64;
/** Bytes of one line, and of what `$(...)` stands for. */
export const lineBytesMax = 1024 * 1024;
export const capturedBytesMax = 8 * 1024 * 1024;
/** Characters of all variables of a shell, and of the words of one command, or the lines that are sorted. */
export const variableCharactersMax = 1024 * 1024;
export const wordCharactersMax = 8 * 1024 * 1024;
/** Bytes that a command reads from a file at once. */
export const readBytesMax = 64 * 1024;
/** Bytes of one file system in memory, and files and folders in it; beyond them there is no space left. */
export const memoryBytesMax = 64 * 1024 * 1024;
export const memoryFilesMax = 10_000;
/** Bytes of all file systems in memory of one node, volumes included. */
export const nodeMemoryBytesMax = 256 * 1024 * 1024;
/** Parts of a path in memory, and characters of each. */
export const pathPartsMax = 128;
export const nameCharactersMax = 255;
