/** When a simulated container has used up its memory. */
import type { ContainerConfig } from '../protocol/runtime.ts';
import type { ContainerProfile } from './container-profile.ts';

/** Milliseconds from its start until it uses more than its limit; infinite when it never does. */
export function outOfMemoryAfterMs({ memoryBytes }: ContainerProfile, { memoryLimitBytes }: ContainerConfig): number {
  return memoryLimitBytes > 0 && memoryBytes > memoryLimitBytes ? 0 : Number.POSITIVE_INFINITY;
}
