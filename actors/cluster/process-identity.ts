/** Which process it was that left a file: its number alone would soon stand for another. */
import { readFileSync } from 'node:fs';

/** Plain data; two are the same process only if both fields are equal. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's own count since the boot named with it; null where the system does not tell. */
  readonly started: string | null;
}

/** Returns who this process is. */
export function ownProcess(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) };
}

/** Tells whether that very process still runs. Where the system does not tell starts, whether one of that number does. */
export function isProcessRunning({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(pid);
  if (now === 'ended') return false;
  return started === null || now === null || now === started;
}

/** `ended`: nothing is left of it but its exit code. Null for a process that is gone, and on systems without /proc. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program stands in parentheses and may hold anything. Behind it come the state and, 19 further on, the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : `${boot} ${fields[19] ?? ''}`;
  } catch {
    return null;
  }
}
