/** Values that are a number or a text: ports by number or name, amounts or percentages. Models apimachinery pkg/util/intstr. */

export type IntOrString = number | string;

export function isPercentage(value: IntOrString): boolean {
  return typeof value === 'string' && /^\d+%$/.test(value);
}

/** Returns the amount that `value` means of `total`, or undefined when it is neither a number nor a percentage. */
export function scaledValue(value: IntOrString, total: number, rounding: 'up' | 'down'): number | undefined {
  if (typeof value === 'number') return value;
  if (!isPercentage(value)) return undefined;
  const share = (Number(value.slice(0, -1)) * total) / 100;
  return rounding === 'up' ? Math.ceil(share) : Math.floor(share);
}
