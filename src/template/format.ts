/** `printf` with the verbs that make sense for JSON: `%v %s %q %d %x %t %f %g %e %c %%`, with width, precision, `-`, `+` and `0`. Models Go fmt. */
import { type Call, checkLength, textAt } from './functions.ts';
import { formattedText, type Value } from './values.ts';

const verb = /%([-+# 0]*)((?:[1-9]\d*)?)(?:\.(\d+))?([a-zA-Z%])/g;
const widthMax = 1_000;
const precisionMax = 100;

export function format(call: Call): string {
  const pattern = textAt(call, 0);
  let at = 1;
  const text = pattern.replace(
    verb,
    (whole, flags: string, width: string, precision: string | undefined, letter: string) => {
      if (letter === '%') return '%';
      if (Number(width) > widthMax || Number(precision ?? 0) > precisionMax) return call.fail(`${whole} is too wide`);
      if (at >= call.args.length) return `%!${letter}(MISSING)`;
      const value = call.args[at];
      at += 1;
      const shown = shownAs(letter, value, precision === undefined ? undefined : Number(precision), call);
      const signed = flags.includes('+') && typeof value === 'number' && value >= 0 ? `+${shown}` : shown;
      if (flags.includes('-')) return signed.padEnd(Number(width));
      return signed.padStart(Number(width), flags.includes('0') && typeof value === 'number' ? '0' : ' ');
    },
  );
  checkLength(text.length, call);
  return text;
}

function shownAs(letter: string, value: Value, precision: number | undefined, { fail }: Call): string {
  switch (letter) {
    case 'v':
    case 't':
      return formattedText(value);
    case 's': {
      const text = formattedText(value);
      return precision === undefined ? text : text.slice(0, precision);
    }
    case 'q':
      return JSON.stringify(formattedText(value));
    default:
      return typeof value === 'number'
        ? numberAs(letter, value, precision, fail)
        : `%!${letter}(${formattedText(value)})`;
  }
}

function numberAs(letter: string, value: number, precision: number | undefined, fail: Call['fail']): string {
  switch (letter) {
    case 'd':
      return String(Math.trunc(value));
    case 'x':
      return Math.trunc(value).toString(16);
    case 'X':
      return Math.trunc(value).toString(16).toUpperCase();
    case 'f':
      return value.toFixed(precision ?? 6);
    case 'g':
      return String(value);
    case 'e':
      return value.toExponential(precision ?? 6);
    case 'c':
      return value >= 0 && value <= 0x10_ffff ? String.fromCodePoint(Math.trunc(value)) : '\ufffd';
    default:
      return fail(`does not know %${letter}`);
  }
}
