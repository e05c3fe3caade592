/** Functions over texts and numbers, of those that Go programs add to templates. Models github.com/Masterminds/sprig strings.go, numeric.go. */
import { type Call, checkLength, numberAt, type TemplateFunctions, taking, textAt } from './functions.ts';
import { formattedText, isList, type Json, type Value } from './values.ts';

const any = Number.POSITIVE_INFINITY;

export const textFunctions: TemplateFunctions = {
  quote: ({ args }) =>
    args
      .filter(isThere)
      .map((value) => JSON.stringify(formattedText(value)))
      .join(' '),
  squote: ({ args }) =>
    args
      .filter(isThere)
      .map((value) => `'${formattedText(value)}'`)
      .join(' '),
  cat: ({ args }) => args.filter(isThere).map(formattedText).join(' '),
  toString: taking(1, 1, ({ args: [value] }) => formattedText(value)),
  upper: taking(1, 1, (call) => textAt(call, 0).toUpperCase()),
  lower: taking(1, 1, (call) => textAt(call, 0).toLowerCase()),
  title: taking(1, 1, (call) => textAt(call, 0).replace(/(^|\s)\S/g, (letter) => letter.toUpperCase())),
  trim: taking(1, 1, (call) => textAt(call, 0).trim()),
  nospace: taking(1, 1, (call) => textAt(call, 0).replace(/\s/g, '')),
  trimPrefix: taking(2, 2, (call) => withoutPrefix(textAt(call, 1), textAt(call, 0))),
  trimSuffix: taking(2, 2, (call) => withoutSuffix(textAt(call, 1), textAt(call, 0))),
  hasPrefix: taking(2, 2, (call) => textAt(call, 1).startsWith(textAt(call, 0))),
  hasSuffix: taking(2, 2, (call) => textAt(call, 1).endsWith(textAt(call, 0))),
  contains: taking(2, 2, (call) => textAt(call, 1).includes(textAt(call, 0))),
  replace: taking(3, 3, (call) => replaced(call)),
  splitList: taking(2, 2, (call) => textAt(call, 1).split(textAt(call, 0))),
  trunc: taking(2, 2, (call) => truncated(numberAt(call, 0), textAt(call, 1))),
  substr: taking(3, 3, (call) => textAt(call, 2).slice(Math.max(0, numberAt(call, 0)), endOf(numberAt(call, 1)))),
  repeat: taking(2, 2, (call) => repeated(numberAt(call, 0), textAt(call, 1), call)),
  indent: taking(2, 2, (call) => indented(numberAt(call, 0), textAt(call, 1), call)),
  nindent: taking(2, 2, (call) => `\n${indented(numberAt(call, 0), textAt(call, 1), call)}`),
  toJson: taking(1, 1, ({ args: [value] }) => JSON.stringify(value ?? null)),
  toPrettyJson: taking(1, 1, ({ args: [value] }) => JSON.stringify(value ?? null, null, 2)),
  kindIs: taking(2, 2, (call) => textAt(call, 0) === kindOf(call.args[1])),
  kindOf: taking(1, 1, ({ args: [value] }) => kindOf(value)),
};

export const numberFunctions: TemplateFunctions = {
  int: taking(1, 1, (call) => Math.trunc(numberAt(call, 0))),
  int64: taking(1, 1, (call) => Math.trunc(numberAt(call, 0))),
  float64: taking(1, 1, (call) => numberAt(call, 0)),
  atoi: taking(1, 1, (call) => Math.trunc(numberAt(call, 0))),
  add: (call) => numbersOf(call).reduce((sum, number) => sum + number, 0),
  add1: taking(1, 1, (call) => Math.trunc(numberAt(call, 0)) + 1),
  sub: taking(2, 2, (call) => Math.trunc(numberAt(call, 0)) - Math.trunc(numberAt(call, 1))),
  mul: taking(1, any, (call) => numbersOf(call).reduce((product, number) => product * number, 1)),
  div: taking(2, 2, (call) => Math.trunc(numberAt(call, 0) / divisor(call))),
  mod: taking(2, 2, (call) => Math.trunc(numberAt(call, 0)) % divisor(call)),
  max: taking(1, any, (call) => Math.max(...numbersOf(call))),
  min: taking(1, any, (call) => Math.min(...numbersOf(call))),
  floor: taking(1, 1, (call) => Math.floor(numberAt(call, 0))),
  ceil: taking(1, 1, (call) => Math.ceil(numberAt(call, 0))),
  round: taking(2, 2, (call) => Number(numberAt(call, 0).toFixed(Math.min(20, Math.max(0, numberAt(call, 1)))))),
};

function isThere(value: Value): boolean {
  return value !== undefined && value !== null;
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function withoutSuffix(text: string, suffix: string): string {
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

function truncated(count: number, text: string): string {
  return count < 0 ? text.slice(Math.max(0, text.length + count)) : text.slice(0, count);
}

function endOf(end: number): number | undefined {
  return end < 0 ? undefined : end;
}

function replaced(call: Call): string {
  const [from, to, text] = [textAt(call, 0), textAt(call, 1), textAt(call, 2)];
  const count = from === '' ? text.length + 1 : text.split(from).length - 1;
  checkLength(text.length + count * to.length, call);
  return text.replaceAll(from, () => to);
}

function repeated(count: number, text: string, call: Call): string {
  const times = Math.max(0, Math.trunc(count));
  checkLength(times * text.length, call);
  return text === '' ? '' : text.repeat(times);
}

function indented(spaces: number, text: string, call: Call): string {
  const lines = text.split('\n');
  checkLength(text.length + lines.length * Math.max(0, spaces), call);
  const pad = ' '.repeat(Math.max(0, spaces));
  return lines.map((line) => `${pad}${line}`).join('\n');
}

function kindOf(value: Value): string {
  if (value === undefined || value === null) return 'invalid';
  if (isList(value)) return 'slice';
  const kinds: Readonly<Record<string, string>> = { object: 'map', boolean: 'bool', number: 'float64' };
  return kinds[typeof value] ?? 'string';
}

function numbersOf(call: Call): number[] {
  return call.args.map((_value: Value | Json, index) => Math.trunc(numberAt(call, index)));
}

function divisor(call: Call): number {
  const number = Math.trunc(numberAt(call, 1));
  return number === 0 ? call.fail('divides by zero') : number;
}
