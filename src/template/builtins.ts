/**
 * The functions that every template of Go knows, but those that escape for HTML, JavaScript and URLs. `and` and `or` are not here: they look at
 * their arguments one after another. Models Go text/template/funcs.go.
 */
import { format } from './format.ts';
import { type Call, numberAt, type TemplateFunctions, taking } from './functions.ts';
import { areEqual, formattedText, isList, isObject, isTrue, type Json, typeNameOf, type Value } from './values.ts';

export const builtins: TemplateFunctions = {
  not: taking(1, 1, ({ args: [value] }) => !isTrue(value)),
  eq: taking(2, Number.POSITIVE_INFINITY, (call) =>
    call.args.slice(1).some((other) => isSame(call.args[0], other, call)),
  ),
  ne: taking(2, 2, (call) => !isSame(call.args[0], call.args[1], call)),
  lt: taking(2, 2, (call) => compare(call) < 0),
  le: taking(2, 2, (call) => compare(call) <= 0),
  gt: taking(2, 2, (call) => compare(call) > 0),
  ge: taking(2, 2, (call) => compare(call) >= 0),
  len: taking(1, 1, lengthOf),
  index: taking(1, Number.POSITIVE_INFINITY, indexed),
  slice: taking(1, 3, sliced),
  print: ({ args }) => printed(args),
  println: ({ args }) => `${args.map(formattedText).join(' ')}\n`,
  printf: taking(1, Number.POSITIVE_INFINITY, format),
};

/** Lists and maps have no equality in templates. */
function isSame(left: Value, right: Value, { fail }: Call): boolean {
  if (isList(left) || isObject(left)) return fail(`cannot compare ${typeNameOf(left)}`);
  return areEqual(left, right);
}

function compare({ args: [left, right], fail }: Call): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left !== 'string' || typeof right !== 'string') {
    return fail(`cannot order ${typeNameOf(left)} and ${typeNameOf(right)}`);
  }
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function lengthOf({ args: [value], fail }: Call): number {
  if (typeof value === 'string' || isList(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : fail(`${typeNameOf(value)} has no length`);
}

function indexed(call: Call): Value {
  const { args, fail } = call;
  let value = args[0];
  for (let at = 1; at < args.length; at += 1) {
    const key = args[at];
    if (isObject(value)) {
      if (typeof key !== 'string') return fail(`cannot index a map with ${typeNameOf(key)}`);
      value = Object.hasOwn(value, key) ? value[key] : undefined;
    } else if (isList(value)) {
      const position = numberAt(call, at);
      if (position < 0 || position >= value.length) return fail(`index out of range: ${position}`);
      value = value[position];
    } else return fail(`index of ${typeNameOf(value)}`);
  }
  return value;
}

function sliced(call: Call): Value {
  const [value] = call.args;
  if (typeof value !== 'string' && !isList(value)) return call.fail(`cannot slice ${typeNameOf(value)}`);
  const from = call.args.length > 1 ? numberAt(call, 1) : 0;
  const to = call.args.length > 2 ? numberAt(call, 2) : value.length;
  if (from < 0 || to > value.length || from > to) return call.fail(`slice out of range: ${from} to ${to}`);
  return value.slice(from, to) as Json;
}

/** Like fmt.Sprint: a space between two values of which neither is a text. */
function printed(args: readonly Value[]): string {
  return args.reduce<string>((text, value, index) => {
    const isApart = index > 0 && typeof value !== 'string' && typeof args[index - 1] !== 'string';
    return `${text}${isApart ? ' ' : ''}${formattedText(value)}`;
  }, '');
}
