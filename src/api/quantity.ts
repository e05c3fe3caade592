/**
 * Amounts of resources: `500m`, `1.5Gi`, `2e3`. Held exactly, as a whole number of billionths: Kubernetes keeps no finer
 * fraction (it rounds away from zero) and nothing beyond 2^63-1 (it caps).
 * The canonical text has no fraction and the largest suffix that allows it. Models apimachinery pkg/api/resource/quantity.go.
 */

export type QuantityFormat = 'decimal' | 'binary' | 'exponent';

export interface Quantity {
  /** The amount in billionths. */
  readonly nanos: bigint;
  /** The family of suffixes that the text form prefers. */
  readonly format: QuantityFormat;
}

export const quantityComplaint =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const nanosPerUnit = 1_000_000_000n;
const nanosMax = (2n ** 63n - 1n) * nanosPerUnit;
const thousand = 1000n;
const kibi = 1024n;
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const;
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
const exponentMax = 400;
const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/;

/** Parses any spelling; undefined when `text` is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', binary, decimal, exponentText] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const exponent = decimalExponent(decimal, exponentText) + 9 - fraction.length;
  const factor = binary === undefined ? 1n : kibi ** BigInt(binarySuffixes.indexOf(binary as 'Ki'));
  const nanos = capped(shifted(digits * factor, exponent));
  const format = binary === undefined ? (exponentText === undefined ? 'decimal' : 'exponent') : 'binary';
  const isTiny = format === 'binary' && nanos > 0n && nanos < nanosPerUnit;
  return { nanos: sign === '-' ? -nanos : nanos, format: isTiny ? 'decimal' : format };
}

/** Returns the canonical text. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  const bound = kibi * nanosPerUnit;
  if (format === 'binary' && nanos % nanosPerUnit === 0n && (nanos >= bound || nanos <= -bound)) {
    const [value, steps] = stripped(nanos / nanosPerUnit, kibi, binarySuffixes.length - 1);
    return `${value}${binarySuffixes[steps] as string}`;
  }
  if (format === 'exponent') {
    const [value, steps] = stripped(nanos, thousand, exponentMax);
    return steps === 3 ? String(value) : `${value}e${steps * 3 - 9}`;
  }
  const [value, steps] = stripped(nanos, thousand, decimalSuffixes.length - 1);
  return `${value}${decimalSuffixes[steps] as string}`;
}

/** Returns the canonical text of `text`, or undefined when it is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  if (/^[1-9]\d{0,2}(?:m|[KMGTP]i)?$/.test(text)) return text;
  const quantity = parseQuantity(text);
  return quantity === undefined ? undefined : formatQuantity(quantity);
}

/** Negative, zero or positive, as Array.prototype.sort wants it. */
export function compareQuantities(left: Quantity, right: Quantity): number {
  return left.nanos < right.nanos ? -1 : Number(left.nanos > right.nanos);
}

/** The sum, in the format of `left`, or of `right` when `left` is zero. */
export function addQuantities(left: Quantity, right: Quantity): Quantity {
  return { nanos: left.nanos + right.nanos, format: left.nanos === 0n ? right.format : left.format };
}

export function subtractQuantities(left: Quantity, right: Quantity): Quantity {
  return { nanos: left.nanos - right.nanos, format: left.nanos === 0n ? right.format : left.format };
}

/** Returns the amount in thousandths, rounded up: what schedulers count processors in. */
export function milliValueOf(quantity: Quantity): number {
  return Number(dividedUp(quantity.nanos, 1_000_000n));
}

/** Returns the amount in whole units, rounded up: bytes of memory, numbers of pods. */
export function valueOf(quantity: Quantity): number {
  return Number(dividedUp(quantity.nanos, nanosPerUnit));
}

function decimalExponent(suffix: string | undefined, exponentText: string | undefined): number {
  if (suffix !== undefined) return decimalSuffixes.indexOf(suffix as 'n') * 3 - 9;
  if (exponentText === undefined) return 0;
  return Math.max(-exponentMax, Math.min(exponentMax, Number(exponentText)));
}

/** Multiplies by a power of ten, rounding what does not fit upwards. `value` is not negative. */
function shifted(value: bigint, exponent: number): bigint {
  return exponent >= 0 ? value * 10n ** BigInt(exponent) : dividedUp(value, 10n ** BigInt(-exponent));
}

/** Divides, rounding away from zero. */
function dividedUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  if (quotient * divisor === value) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

function capped(nanos: bigint): bigint {
  return nanos > nanosMax ? nanosMax : nanos;
}

/** Divides by `base` while that leaves no rest; returns what is left and how often. */
function stripped(value: bigint, base: bigint, stepsMax: number): readonly [bigint, number] {
  let rest = value;
  let steps = 0;
  while (steps < stepsMax && rest % base === 0n) {
    rest /= base;
    steps += 1;
  }
  return [rest, steps];
}
