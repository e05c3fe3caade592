/** Bounds of real programs. */

/** Processes of one program; one that has more is taken for a fork bomb and killed. */
export const processesMax = 256;
/** How often memory and processes of programs are looked at. */
export const processLookMs = 100;
/** A thread that does not tell within this what it holds is taken to hold what it held. */
export const measureWaitMs = 100;
/** Memory that the containers of one pod share by key, in bytes. */
export const sharedMemoryBytesMax = 64 * 1024 * 1024;
/** The heap of a worker, in MiB, whatever its limit says: a thread does not start with less. */
export const workerHeapMbMin = 16;
