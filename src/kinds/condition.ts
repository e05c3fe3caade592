/** Conditions as status blocks carry them, oldest style and newest alike. */

export type ConditionStatus = 'True' | 'False' | 'Unknown';

export interface Condition {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
  readonly lastHeartbeatTime?: string;
  readonly lastProbeTime?: string;
  readonly observedGeneration?: number;
}

/** Returns the condition of that type, if there is one. */
export function findCondition<T extends Condition>(conditions: readonly T[] | undefined, type: string): T | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/**
 * Returns the conditions with `next` in the place of the one of its type, or behind the others. The transition time of the
 * former one is kept while the status stays the same.
 */
export function withCondition<T extends Condition>(conditions: readonly T[] | undefined, next: T): T[] {
  const list = conditions ?? [];
  const former = findCondition(list, next.type);
  if (former === undefined) return [...list, next];
  const isUnchanged = former.status === next.status && former.lastTransitionTime !== undefined;
  const entry = isUnchanged ? { ...next, lastTransitionTime: former.lastTransitionTime } : next;
  return list.map((condition) => (condition === former ? entry : condition));
}
