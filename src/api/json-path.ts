/**
 * JSON paths as printer columns, selectable fields and the scale subresource use them: `.spec.replicas`,
 * `.status.conditions[?(@.type=="Ready")].status`, `.metadata.annotations.example\.com/owner`, `.spec.list[*]['a']`, `..name`.
 * Models the part of client-go util/jsonpath that is meaningful outside of templates.
 */
import { equalJson, fieldOf, isJsonObject, type Json } from './json.ts';

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'wildcard' }
  | { readonly type: 'slice'; readonly from: number | undefined; readonly to: number | undefined; readonly by: number }
  | { readonly type: 'index'; readonly index: number }
  | {
      readonly type: 'filter';
      readonly left: Operand;
      readonly operator: Operator;
      readonly right: Operand | undefined;
    }
  /** Every value below, and the value itself. */
  | { readonly type: 'descend' };

type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'exists';
type Operand = { readonly type: 'path'; readonly path: JsonPath } | { readonly type: 'literal'; readonly value: Json };

export type JsonPath = readonly Step[];

/** Parses a path that begins with a dot or a bracket, or is empty behind a `$` or `@`; undefined when it is malformed. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps: Step[] = [];
  let rest = /^[$@]/.test(text) ? text.slice(1) : text;
  while (rest !== '') {
    const read = readStep(rest);
    if (read === undefined) return undefined;
    steps.push(...read.steps);
    rest = rest.slice(read.length);
  }
  return steps;
}

/** Returns everything that the path leads to, in document order. */
export function findAll(path: JsonPath, root: Json): readonly Json[] {
  let values: readonly Json[] = [root];
  for (const step of path) {
    if (values.length === 0) return values;
    values = values.flatMap((value) => follow(step, value));
  }
  return values;
}

/** Returns the first value that the path leads to, or undefined. */
export function findFirst(path: JsonPath, root: Json): Json | undefined {
  return findAll(path, root)[0];
}

/** Returns the names of a path that consists of fields alone, or undefined for any other. */
export function plainFields(path: JsonPath): readonly string[] | undefined {
  const names = path.map((step) => (step.type === 'field' ? step.name : undefined));
  return names.includes(undefined) ? undefined : (names as string[]);
}

interface Read {
  readonly steps: readonly Step[];
  readonly length: number;
}

function readStep(text: string): Read | undefined {
  if (text.startsWith('[')) return readBracket(text);
  if (!text.startsWith('.')) return undefined;
  if (text.startsWith('..')) {
    const next = text.startsWith('..[') ? readBracket(text.slice(2)) : readStep(text.slice(1));
    if (next === undefined) return undefined;
    const skipped = text.startsWith('..[') ? 2 : 1;
    return { steps: [{ type: 'descend' }, ...next.steps], length: next.length + skipped };
  }
  if (text === '.') return { steps: [], length: 1 };
  if (text.startsWith('.[')) return withLength(readBracket(text.slice(1)), 1);
  if (text.startsWith('.*')) return { steps: [{ type: 'wildcard' }], length: 2 };
  const match = /^\.((?:\\.|[^.[\]\\])+)/.exec(text);
  if (match === null) return undefined;
  const name = (match[1] as string).replace(/\\(.)/g, '$1');
  return { steps: [{ type: 'field', name }], length: match[0].length };
}

function withLength(read: Read | undefined, more: number): Read | undefined {
  return read === undefined ? undefined : { steps: read.steps, length: read.length + more };
}

function readBracket(text: string): Read | undefined {
  const end = bracketEnd(text);
  if (end === -1) return undefined;
  const inside = text.slice(1, end).trim();
  const step = bracketStep(inside);
  return step === undefined ? undefined : { steps: [step], length: end + 1 };
}

/** Returns the position of the bracket that closes the first one; quotes and inner brackets are passed over. */
function bracketEnd(text: string): number {
  let depth = 0;
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (quote !== '') {
      if (character === '\\') index += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth += 1;
    else if (character === ']') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
}

function bracketStep(inside: string): Step | undefined {
  if (inside === '*') return { type: 'wildcard' };
  if (/^-?\d+$/.test(inside)) return { type: 'index', index: Number(inside) };
  const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(inside);
  if (slice !== null) {
    const [, from = '', to = '', by = '1'] = slice;
    return { type: 'slice', from: boundOf(from), to: boundOf(to), by: Math.max(1, Number(by)) };
  }
  const name = quotedText(inside);
  if (name !== undefined) return { type: 'field', name };
  const filter = /^\?\((.*)\)$/s.exec(inside);
  return filter === null ? undefined : filterStep((filter[1] as string).trim());
}

function boundOf(text: string): number | undefined {
  return text === '' ? undefined : Number(text);
}

function filterStep(text: string): Step | undefined {
  const match = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$/s.exec(text);
  if (match === null) {
    const left = operandOf(text);
    return left === undefined ? undefined : { type: 'filter', left, operator: 'exists', right: undefined };
  }
  const left = operandOf(match[1] as string);
  const right = operandOf((match[3] as string).trim());
  if (left === undefined || right === undefined) return undefined;
  return { type: 'filter', left, operator: match[2] as Operator, right };
}

function operandOf(text: string): Operand | undefined {
  if (text.startsWith('@') || text.startsWith('$')) {
    const path = parseJsonPath(text);
    return path === undefined ? undefined : { type: 'path', path };
  }
  const quoted = quotedText(text);
  if (quoted !== undefined) return { type: 'literal', value: quoted };
  if (text === 'true' || text === 'false') return { type: 'literal', value: text === 'true' };
  return /^-?\d+(\.\d+)?$/.test(text) ? { type: 'literal', value: Number(text) } : undefined;
}

function quotedText(text: string): string | undefined {
  const match = /^(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)')$/s.exec(text);
  return match === null ? undefined : (match[1] ?? match[2] ?? '').replace(/\\(.)/g, '$1');
}

function follow(step: Step, value: Json): readonly Json[] {
  switch (step.type) {
    case 'field': {
      const found = isJsonObject(value) ? fieldOf(value, step.name) : undefined;
      return found === undefined ? [] : [found];
    }
    case 'wildcard':
      return typeof value === 'object' && value !== null ? Object.values(value) : [];
    case 'index': {
      const found = Array.isArray(value) ? value.at(step.index) : undefined;
      return found === undefined ? [] : [found];
    }
    case 'slice':
      return Array.isArray(value)
        ? value.slice(step.from, step.to).filter((_item, index) => index % step.by === 0)
        : [];
    case 'filter':
      return typeof value === 'object' && value !== null
        ? Object.values(value).filter((item) => holds(step, item))
        : [];
    case 'descend':
      return descendants(value);
  }
}

function descendants(value: Json): readonly Json[] {
  if (typeof value !== 'object' || value === null) return [value];
  return [value, ...Object.values(value).flatMap(descendants)];
}

function holds({ left, operator, right }: Step & { readonly type: 'filter' }, item: Json): boolean {
  const actual = valueOf(left, item);
  if (actual === undefined || right === undefined) return operator === 'exists' && actual !== undefined;
  const wanted = valueOf(right, item);
  if (wanted === undefined) return false;
  if (operator === '==') return equalJson(actual, wanted);
  if (operator === '!=') return !equalJson(actual, wanted);
  if (typeof actual !== typeof wanted || (typeof actual !== 'number' && typeof actual !== 'string')) return false;
  const bound = wanted as typeof actual;
  switch (operator) {
    case '<':
      return actual < bound;
    case '<=':
      return actual <= bound;
    case '>':
      return actual > bound;
    default:
      return actual >= bound;
  }
}

function valueOf(operand: Operand, item: Json): Json | undefined {
  return operand.type === 'literal' ? operand.value : findFirst(operand.path, item);
}
