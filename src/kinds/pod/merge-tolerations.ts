/** Two lists of tolerations as one. Models kubernetes pkg/util/tolerations MergeTolerations. */
import type { Toleration } from './scheduling-types.ts';

/** Keeps what no other one covers; of two that say the same, the first. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): readonly Toleration[] {
  const merged: Toleration[] = [];
  const all = [...first, ...second];
  for (const [index, toleration] of all.entries()) {
    const isCoveredAlready = merged.some((other) => covers(other, toleration));
    const isCoveredLater = all
      .slice(index + 1)
      .some((other) => !saysTheSame(other, toleration) && covers(other, toleration));
    if (!isCoveredAlready && !isCoveredLater) merged.push(toleration);
  }
  return merged;
}

/** Whether `wide` tolerates all that `narrow` does. */
export function covers(wide: Toleration, narrow: Toleration): boolean {
  if (saysTheSame(wide, narrow)) return true;
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = wide;
  if (key !== (narrow.key ?? '') && (key !== '' || operator !== 'Exists')) return false;
  if (effect !== '' && effect !== (narrow.effect ?? '')) return false;
  if (effect === 'NoExecute' && tolerationSeconds !== undefined) {
    const { tolerationSeconds: seconds = Number.POSITIVE_INFINITY } = narrow;
    if (seconds > tolerationSeconds) return false;
  }
  if (operator === 'Exists') return true;
  return (operator === '' || operator === 'Equal') && narrow.operator === 'Equal' && value === (narrow.value ?? '');
}

function saysTheSame(left: Toleration, right: Toleration): boolean {
  const texts = ['key', 'operator', 'value', 'effect'] as const;
  return (
    left.tolerationSeconds === right.tolerationSeconds &&
    texts.every((name) => (left[name] ?? '') === (right[name] ?? ''))
  );
}
