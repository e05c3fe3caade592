/**
 * Evaluates x-kubernetes-validations. Values are turned into what the language knows: integers, texts with the format of times as times, field
 * names that are no identifiers by their escapes. Rules about `oldSelf` hold for updates of what can be found in both objects alone.
 * One object's rules have one budget. Models apiextensions-apiserver pkg/apiserver/schema/cel/validation.go.
 */
import { CelCompiler, type CelProgram } from '../../api/cel.ts';
import { at, child, duplicate, type FieldError, forbiddenField, invalid, required } from '../../api/field-error.ts';
import { equalJson, fieldOf, isJsonObject, type Json } from '../../api/json.ts';
import { dateOf, parseTimestamp } from '../../base/time.ts';
import type { StructuralSchema, ValidationRule } from './schema.ts';
import { itemKey } from './validate-value.ts';

/** Steps of evaluation that the rules of one object may take together; far below a tenth of a second. */
export const ruleBudget = 5_000_000;
const exhausted = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** Compiles the rules of a definition and evaluates them. Keeps what it has compiled. */
export class RuleChecker {
  readonly #compiler = new CelCompiler();
  readonly #programs = new Map<string, CelProgram | null>();

  /** Returns what the rules complain about. `old` is the object before an update. */
  check(value: Json, schema: StructuralSchema, old?: Json): FieldError[] {
    if (!schema.hasRules) return [];
    const walk = new Walk(this);
    walk.visit(value, schema, '', old);
    return walk.errors;
  }

  /** Returns the program of an expression that has been found to compile, else null. */
  program(expression: string, wanted: 'bool' | 'string'): CelProgram | null {
    const key = `${wanted} ${expression}`;
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const compiled = this.#compiler.compile(expression, wanted);
    const program = compiled.type === 'program' ? compiled.program : null;
    this.#programs.set(key, program);
    return program;
  }

  optional(value: unknown): unknown {
    return this.#compiler.optional(value);
  }
}

class Walk {
  readonly errors: FieldError[] = [];
  readonly #checker: RuleChecker;
  #budget = ruleBudget;

  constructor(checker: RuleChecker) {
    this.#checker = checker;
  }

  /** `old` undefined: the value is new, or has no counterpart. */
  visit(value: Json, schema: StructuralSchema, path: string, old: Json | undefined): void {
    if (!schema.hasRules || value === null || this.#budget <= 0) return;
    for (const rule of schema.rules) this.#apply(rule, value, schema, path, old);
    if (Array.isArray(value)) this.#visitItems(value, schema, path, old);
    else if (isJsonObject(value)) {
      const former = isJsonObject(old) ? old : undefined;
      for (const [name, inner] of Object.entries(value)) {
        const own = schema.properties.get(name) ?? schema.additionalProperties;
        if (own === undefined || own === true) continue;
        this.visit(inner, own, child(path, name), former === undefined ? undefined : fieldOf(former, name));
      }
    }
  }

  #visitItems(list: readonly Json[], schema: StructuralSchema, path: string, old: Json | undefined): void {
    const { items, listType } = schema;
    if (items === undefined) return;
    const former =
      listType === 'map' && Array.isArray(old) ? new Map(old.map((item) => [itemKey(schema, item), item])) : undefined;
    for (const [index, item] of list.entries()) {
      this.visit(item, items, at(path, index), former?.get(itemKey(schema, item)));
    }
  }

  #apply(rule: ValidationRule, value: Json, schema: StructuralSchema, path: string, old: Json | undefined): void {
    if (this.#budget <= 0) return;
    const program = this.#checker.program(rule.rule, 'bool');
    if (program === null) return;
    if (program.usesOldSelf ? old === undefined && !rule.optionalOldSelf : old !== undefined && equalJson(value, old)) {
      return;
    }
    this.#budget -= program.cost(partsOf(value) + (program.usesOldSelf && old !== undefined ? partsOf(old) : 0));
    if (this.#budget <= 0) {
      this.errors.push(invalid(path === '' ? '<nil>' : path, schema.type ?? '', exhausted));
      return;
    }
    const before = old === undefined ? undefined : celValue(old, schema);
    const oldSelf = rule.optionalOldSelf ? this.#checker.optional(before) : before;
    const variables = { self: celValue(value, schema), ...(program.usesOldSelf ? { oldSelf } : {}) };
    const outcome = program.evaluate(variables);
    if (outcome.type === 'value' && outcome.value === true) return;
    const place = path + (rule.fieldPath.startsWith('.') && path === '' ? rule.fieldPath.slice(1) : rule.fieldPath);
    const words = this.#words(rule, variables);
    const detail = outcome.type === 'failed' ? `${outcome.message} evaluating rule: ${words}` : words;
    this.errors.push(complaint(rule, place === '' ? '<nil>' : place, schema.type ?? '', detail));
  }

  #words({ rule, message, messageExpression }: ValidationRule, variables: Readonly<Record<string, unknown>>): string {
    if (messageExpression !== '') {
      const outcome = this.#checker.program(messageExpression, 'string')?.evaluate(variables);
      const text = outcome?.type === 'value' && typeof outcome.value === 'string' ? outcome.value.trim() : '';
      if (text !== '' && !text.includes('\n')) return text;
    }
    return message.trim() === '' ? `failed rule: ${rule.trim()}` : message.trim();
  }
}

function complaint({ reason }: ValidationRule, path: string, type: string, detail: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbiddenField(path, detail);
    case 'FieldValueRequired':
      return required(path, detail);
    case 'FieldValueDuplicate':
      return duplicate(path, type);
    default:
      return invalid(path, type, detail);
  }
}

/** How many parts a value has: itself, its items and fields, all the way down; and a text by its length, because it may be split. */
function partsOf(value: Json): number {
  if (typeof value === 'string') return 1 + value.length / 16;
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner: Json) => sum + partsOf(inner), 1);
}

function celValue(value: Json, schema: StructuralSchema | undefined): unknown {
  if (typeof value === 'number') {
    return schema?.type !== 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
  }
  if (typeof value === 'string') return celText(value, schema?.type === 'string' ? schema.checks.format : '');
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema?.items));
  if (!isJsonObject(value)) return value;
  const fields = new Map<string, unknown>();
  for (const [name, inner] of Object.entries(value)) {
    const own = schema?.properties.get(name);
    const additional = schema?.additionalProperties;
    if (inner === null && own?.isNullable !== true) continue;
    const known = own ?? (additional === true ? undefined : additional);
    fields.set(own === undefined ? name : escapedName(name), celValue(inner, known));
  }
  return fields;
}

function celText(text: string, format: string): unknown {
  if (format !== 'date-time' && format !== 'date') return text;
  const wallMs = parseTimestamp(format === 'date' ? `${text}T00:00:00Z` : text);
  return wallMs === undefined ? text : dateOf(wallMs);
}

const keywords: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);

/** Field names that the language could not read have escapes. Models apiserver pkg/cel/escaping.go. */
function escapedName(name: string): string {
  if (keywords.has(name)) return `__${name}__`;
  return name
    .replace(/__/g, '__underscores__')
    .replace(/\./g, '__dot__')
    .replace(/-/g, '__dash__')
    .replace(/\//g, '__slash__');
}
