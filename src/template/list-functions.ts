/** Functions over lists and maps, of those that Go programs add to templates. Models github.com/Masterminds/sprig list.go, dict.go, defaults.go. */
import {
  boundedList,
  type Call,
  listAt,
  mapAt,
  numberAt,
  type TemplateFunctions,
  taking,
  textAt,
} from './functions.ts';
import { formattedText, isTrue, type Json, keyOf, sortedKeys, stableText, type Value } from './values.ts';

const any = Number.POSITIVE_INFINITY;

export const listFunctions: TemplateFunctions = {
  list: ({ args }) => args.map(present),
  first: taking(1, 1, (call) => listAt(call, 0)[0] ?? null),
  last: taking(1, 1, (call) => listAt(call, 0).at(-1) ?? null),
  rest: taking(1, 1, (call) => listAt(call, 0).slice(1)),
  initial: taking(1, 1, (call) => listAt(call, 0).slice(0, -1)),
  append: taking(2, 2, (call) => boundedList([...listAt(call, 0), present(call.args[1])], call)),
  prepend: taking(2, 2, (call) => boundedList([present(call.args[1]), ...listAt(call, 0)], call)),
  concat: (call) =>
    boundedList(
      call.args.flatMap((_list, index) => listAt(call, index)),
      call,
    ),
  reverse: taking(1, 1, (call) => listAt(call, 0).toReversed()),
  uniq: taking(1, 1, (call) => withoutRepetitions(listAt(call, 0))),
  compact: taking(1, 1, (call) => listAt(call, 0).filter(isTrue)),
  has: taking(2, 2, (call) => {
    const wanted = keyOf(call.args[0]);
    return listAt(call, 1).some((item) => keyOf(item) === wanted);
  }),
  without: taking(1, any, (call) => {
    const unwanted = new Set(call.args.slice(1).map(keyOf));
    return listAt(call, 0).filter((item) => !unwanted.has(keyOf(item)));
  }),
  sortAlpha: taking(1, 1, (call) => listAt(call, 0).map(formattedText).sort()),
  join: taking(2, 2, (call) => listAt(call, 1).map(formattedText).join(textAt(call, 0))),
  until: taking(1, 1, (call) => counted(0, numberAt(call, 0), 1, call)),
  untilStep: taking(3, 3, (call) => counted(numberAt(call, 0), numberAt(call, 1), numberAt(call, 2), call)),
  dict: dictOf,
  get: taking(2, 2, (call) => ownEntry(mapAt(call, 0), textAt(call, 1)) ?? ''),
  hasKey: taking(2, 2, (call) => Object.hasOwn(mapAt(call, 0), textAt(call, 1))),
  keys: taking(1, any, (call) => call.args.flatMap((_map, index) => sortedKeys(mapAt(call, index)))),
  values: taking(1, 1, (call) => sortedKeys(mapAt(call, 0)).map((name) => mapAt(call, 0)[name] ?? null)),
  pick: taking(1, any, (call) => selected(call, true)),
  omit: taking(1, any, (call) => selected(call, false)),
  // Values never change here: `set` and `unset` give a new map.
  set: taking(3, 3, (call) => ({ ...mapAt(call, 0), [textAt(call, 1)]: present(call.args[2]) })),
  unset: taking(2, 2, (call) => entriesOf(call, (name) => name !== textAt(call, 1))),
  merge: taking(1, any, (call) => merged(call)),
  default: taking(1, 2, ({ args: [fallback, value] }) => (isTrue(value) ? value : fallback)),
  empty: taking(1, 1, ({ args: [value] }) => !isTrue(value)),
  coalesce: ({ args }) => args.find(isTrue) ?? null,
  ternary: taking(3, 3, ({ args: [yes, no, condition] }) => (isTrue(condition) ? yes : no)),
  required: taking(2, 2, ({ args: [message, value], fail }) => value ?? fail(formattedText(message))),
  fail: taking(1, 1, (call) => call.fail(textAt(call, 0))),
};

function present(value: Value): Json {
  return value ?? null;
}

function ownEntry(map: { readonly [name: string]: Json }, name: string): Value {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

function withoutRepetitions(list: readonly Json[]): readonly Json[] {
  return [...new Map(list.map((item) => [stableText(item), item])).values()];
}

function dictOf({ args }: Call): Value {
  const entries: [string, Json][] = [];
  for (let at = 0; at < args.length; at += 2) {
    entries.push([formattedText(args[at]), at + 1 < args.length ? present(args[at + 1]) : '']);
  }
  return Object.fromEntries(entries);
}

/** The first map wins. */
function merged(call: Call): Value {
  const maps = call.args.map((_map, index) => mapAt(call, index));
  return Object.fromEntries(maps.toReversed().flatMap((map) => Object.entries(map)));
}

function selected(call: Call, isWanted: boolean): Value {
  const names = new Set(call.args.slice(1).map(formattedText));
  return entriesOf(call, (name) => names.has(name) === isWanted);
}

function entriesOf(call: Call, keeps: (name: string) => boolean): Value {
  return Object.fromEntries(Object.entries(mapAt(call, 0)).filter(([name]) => keeps(name)));
}

function counted(from: number, to: number, by: number, call: Call): Value {
  const count = by === 0 ? 0 : Math.max(0, Math.ceil((to - from) / by));
  // Judged before the list is made: it may be as long as a number says.
  boundedList({ length: count } as readonly Json[], call);
  return Array.from({ length: count }, (_, index) => from + index * by);
}
