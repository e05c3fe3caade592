/** The time of threads of this process, as Linux tells it. */
import { readFileSync } from 'node:fs';

/** Returns how long a thread has been on a processor, in billionths of a second; null when that cannot be read. */
export function threadNanoseconds(thread: number): number | null {
  try {
    const [onProcessor] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ');
    const nanoseconds = Number(onProcessor);
    return Number.isSafeInteger(nanoseconds) && nanoseconds > 0 ? nanoseconds : null;
  } catch {
    return null;
  }
}
