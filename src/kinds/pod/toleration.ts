/** Whether a toleration covers a taint. Models kubernetes component-helpers/scheduling/corev1 and core/v1 toleration.go. */
import type { Taint, Toleration } from './scheduling-types.ts';

/** An empty key with `Exists` covers every taint, an empty effect every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = '', operator = 'Equal', value = '', effect } = toleration;
  if (effect !== undefined && (effect as string) !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  switch (operator) {
    case 'Exists':
      return true;
    case 'Equal':
      return key !== '' && value === (taint.value ?? '');
    case 'Gt':
    case 'Lt':
      return comparesTo(operator, taint.value ?? '', value);
  }
}

/** `Gt` covers a taint whose number is above the toleration's, `Lt` one below it. What is no whole number is covered by neither. */
function comparesTo(operator: 'Gt' | 'Lt', taintValue: string, bound: string): boolean {
  if (!/^-?\d+$/.test(taintValue) || !/^-?\d+$/.test(bound)) return false;
  return operator === 'Gt' ? BigInt(taintValue) > BigInt(bound) : BigInt(taintValue) < BigInt(bound);
}

/** Returns the first of `taints` with one of `effects` that nothing covers. */
export function untoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly Taint['effect'][],
): Taint | undefined {
  return taints.find(
    (taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}
