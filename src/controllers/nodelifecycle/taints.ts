/** Which taints a node ought to have, by its conditions, and which pods tolerate them. Models pkg/controller/nodelifecycle and tainteviction. */
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import { findCondition } from '../../kinds/condition.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { Taint, Toleration } from '../../kinds/pod/scheduling-types.ts';
import type { Pod } from '../../kinds/pod/types.ts';

/** Set by somebody who knows that the node is off. */
export const outOfServiceTaint = 'node.kubernetes.io/out-of-service';
const notReady = 'node.kubernetes.io/not-ready';
const unreachable = 'node.kubernetes.io/unreachable';
const unschedulable = 'node.kubernetes.io/unschedulable';

/** Condition types to the status that taints, and the key of the taint. */
const pressures = [
  ['MemoryPressure', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'node.kubernetes.io/network-unavailable'],
] as const;

/** Keys that only this controller sets; other taints are left alone. */
const managed = new Set<string>([notReady, unreachable, unschedulable, ...pressures.map(([, key]) => key)]);

export function noExecuteTaints({ spec }: Node): readonly Taint[] {
  return (spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

/**
 * Returns the taints that the node ought to have, or null when it has them. Those it had keep the time at which they came. In a full
 * disruption (`isDisrupted`) none evicts.
 */
export function wantedTaints(node: Node, isDisrupted: boolean, wallMs: WallMs): readonly Taint[] | null {
  const known = node.spec.taints ?? [];
  const wanted = wantedKeys(node).filter(({ effect }) => !isDisrupted || effect !== 'NoExecute');
  const isWanted = (taint: Taint): boolean =>
    wanted.some(({ key, effect }) => key === taint.key && effect === taint.effect);
  const kept = known.filter((taint) => !isManaged(taint) || isWanted(taint));
  const missing = wanted.filter(
    ({ key, effect }) => !kept.some((taint) => taint.key === key && taint.effect === effect),
  );
  if (missing.length === 0 && kept.length === known.length) return null;
  const timeAdded = timestampSeconds(wallMs);
  return [...kept, ...missing.map((taint): Taint => ({ ...taint, timeAdded }))];
}

/** Tells whether this controller alone sets the taint. */
export function isManaged({ key, effect }: Taint): boolean {
  if (effect === 'NoExecute') return key === notReady || key === unreachable;
  return effect === 'NoSchedule' && managed.has(key);
}

function wantedKeys(node: Node): readonly Pick<Taint, 'key' | 'effect'>[] {
  const wanted: Pick<Taint, 'key' | 'effect'>[] = [];
  const conditions = node.status?.conditions;
  const ready = findCondition(conditions, 'Ready')?.status;
  if (ready === 'False') wanted.push({ key: notReady, effect: 'NoSchedule' }, { key: notReady, effect: 'NoExecute' });
  if (ready === 'Unknown') {
    wanted.push({ key: unreachable, effect: 'NoSchedule' }, { key: unreachable, effect: 'NoExecute' });
  }
  for (const [type, key] of pressures) {
    if (findCondition(conditions, type)?.status === 'True') wanted.push({ key, effect: 'NoSchedule' });
  }
  if (node.spec.unschedulable === true) wanted.push({ key: unschedulable, effect: 'NoSchedule' });
  return wanted;
}

/** How long the pod may stay on a node with these taints: infinity for ever, 0 not at all. */
export function toleratedMs(pod: Pod, taints: readonly Taint[]): number {
  let leastMs = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return 0;
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds !== undefined) leastMs = Math.min(leastMs, Math.max(0, tolerationSeconds) * 1000);
    }
  }
  return leastMs;
}

function tolerates({ key = '', operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== taint.effect) return false;
  if (key === '') return operator === 'Exists';
  if (key !== taint.key) return false;
  return operator === 'Exists' || (operator === 'Equal' && value === (taint.value ?? ''));
}
