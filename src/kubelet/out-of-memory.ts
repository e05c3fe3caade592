/** When a simulated container has used up its memory. */
import type { ContainerConfig } from '../protocol/runtime.ts';
import type { ContainerProfile } from './container-profile.ts';

/** Milliseconds from its start until it uses more than its limit; infinite when it never does. */
export function outOfMemoryAfterMs({ memoryBytes }: ContainerProfile, { memoryLimitBytes }: ContainerConfig): number {
  if (memoryLimitBytes === 0) return Number.POSITIVE_INFINITY;
  return memoryBytes.find(({ amount }) => amount > memoryLimitBytes)?.fromMs ?? Number.POSITIVE_INFINITY;
}
