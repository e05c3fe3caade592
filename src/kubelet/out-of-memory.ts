/** When a simulated container has used up its memory. */
import type { ContainerConfig } from '../protocol/runtime.ts';
import type { ContainerProfile } from './container-profile.ts';
import { amountAt } from './usage-curve.ts';

/** Milliseconds from its start until it uses more than its limit, at the age of `ageMs` at the earliest; infinite when it never does. */
export function outOfMemoryAfterMs(
  { memoryBytes }: ContainerProfile,
  { memoryLimitBytes }: ContainerConfig,
  ageMs = 0,
): number {
  if (memoryLimitBytes === 0) return Number.POSITIVE_INFINITY;
  if (amountAt(memoryBytes, ageMs) > memoryLimitBytes) return ageMs;
  const later = memoryBytes.find(({ fromMs, amount }) => fromMs > ageMs && amount > memoryLimitBytes);
  return later?.fromMs ?? Number.POSITIVE_INFINITY;
}
