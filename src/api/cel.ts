/**
 * Common Expression Language, as the validation rules of CustomResourceDefinitions use it. Expressions are compiled once. What an evaluation
 * may cost is bounded before it begins: each loop takes at most as many rounds as the values have parts, so a rule is a polynomial of
 * that number. Models apiserver pkg/cel; the language itself is @marcbachmann/cel-js. Deviates: see docs/deviations.md.
 */
import { Environment } from '@marcbachmann/cel-js';
import { findMatches, goPattern } from './go-pattern.ts';

export type CelType = 'bool' | 'string';

export type CelCompiled =
  | { readonly type: 'program'; readonly program: CelProgram }
  | { readonly type: 'malformed'; readonly message: string };

export type CelOutcome =
  | { readonly type: 'value'; readonly value: unknown }
  | { readonly type: 'failed'; readonly message: string };

type Run = ReturnType<Environment['parse']>;

interface Node {
  readonly op: string;
  args: unknown;
}

const expressionNodesMax = 2_000;
const matchesMax = 1_000;
/** Calls that go through every part of what they are called on. */
const loops: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'existsOne', 'map', 'filter']);
/** cel-js matches with JavaScript's expressions; these calls go to ours instead. */
const ownNames: Readonly<Record<string, string>> = { matches: 'matchesPattern' };

export class CelProgram {
  readonly usesOldSelf: boolean;
  readonly #run: Run;
  /** The cost of an evaluation over values with n parts: the sum of `#cost[i] * n ** i`. */
  readonly #cost: readonly number[];

  constructor(run: Run) {
    const ast = run.ast as unknown as Node;
    this.#run = run;
    this.#cost = costOf(ast);
    this.usesOldSelf = mentions(ast, 'oldSelf');
  }

  /** Returns a bound of the steps that an evaluation takes over values with so many parts. */
  cost(parts: number): number {
    return this.#cost.reduce((sum, factor, power) => sum + factor * parts ** power, 0);
  }

  evaluate(variables: Readonly<Record<string, unknown>>): CelOutcome {
    try {
      return { type: 'value', value: this.#run(variables) };
    } catch (error: unknown) {
      return { type: 'failed', message: summaryOf(error) };
    }
  }
}

/** Compiles expressions over `self` and `oldSelf`. */
export class CelCompiler {
  #made: Environment | undefined;

  /** Made when first needed: most schemas have no rules. */
  get #environment(): Environment {
    this.#made ??= environmentOf();
    return this.#made;
  }

  compile(expression: string, wanted: CelType): CelCompiled {
    try {
      const run = this.#environment.parse(expression);
      redirect(run.ast as unknown as Node);
      const checked = run.check();
      if (!checked.valid) return { type: 'malformed', message: summaryOf(checked.error) };
      const found = String(checked.type);
      if (found !== wanted && found !== 'dyn') {
        return { type: 'malformed', message: `must evaluate to a ${wanted}` };
      }
      return { type: 'program', program: new CelProgram(run) };
    } catch (error: unknown) {
      return { type: 'malformed', message: summaryOf(error) };
    }
  }

  /** Returns the value as an optional one, empty for undefined. */
  optional(value: unknown): unknown {
    const expression = value === undefined ? 'optional.none()' : 'optional.of(self)';
    return this.#environment.parse(expression)({ self: value });
  }
}

function environmentOf(): Environment {
  const environment = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: expressionNodesMax, maxDepth: 100 },
  })
    .registerVariable('self', 'dyn')
    .registerVariable('oldSelf', 'dyn');
  for (const [signature, handler] of Object.entries(functions)) {
    environment.registerFunction(signature, handler as (...values: never[]) => unknown);
  }
  return environment;
}

type Item = bigint | number | string;

/** What Kubernetes adds to the language, as far as cel-js lacks it. */
const functions: Readonly<Record<string, (...values: never[]) => unknown>> = {
  'string.matchesPattern(string): bool': (text: string, pattern: string) => {
    const compiled = goPattern(pattern);
    if (compiled === undefined) throw new Error(`error parsing regexp: ${pattern}`);
    return compiled.test(text);
  },
  'string.find(string): string': (text: string, pattern: string) => findMatches(pattern, text, 1)[0] ?? '',
  'string.findAll(string): list<string>': (text: string, pattern: string) => findMatches(pattern, text, matchesMax),
  'string.replace(string, string): string': (text: string, from: string, to: string) => text.split(from).join(to),
  'string.charAt(int): string': (text: string, index: bigint) => text.charAt(Number(index)),
  'list.isSorted(): bool': (items: Item[]) =>
    items.every((item, index) => index === 0 || (items[index - 1] as Item) <= item),
  'list.sum(): dyn': (items: Item[]) =>
    items.reduce((sum, item) => ((sum as number) + (item as number)) as Item, zeroOf(items)),
  'list.min(): dyn': (items: Item[]) => extreme(items, (item, best) => item < best),
  'list.max(): dyn': (items: Item[]) => extreme(items, (item, best) => item > best),
  'list.indexOf(dyn): int': (items: Item[], wanted: Item) => BigInt(items.indexOf(wanted)),
  'list.lastIndexOf(dyn): int': (items: Item[], wanted: Item) => BigInt(items.lastIndexOf(wanted)),
  'isURL(string): bool': (text: string) => /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^\s/?#]+[^\s]*$|^\/[^\s]*$/.test(text),
};

function zeroOf(items: readonly Item[]): Item {
  return typeof items[0] === 'number' ? 0 : 0n;
}

function extreme(items: readonly Item[], isBetter: (item: Item, best: Item) => boolean): Item {
  const [first, ...others] = items;
  if (first === undefined) throw new Error('min or max called on empty list');
  return others.reduce((best, item) => (isBetter(item, best) ? item : best), first);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

function childrenOf({ args }: Node): readonly Node[] {
  const found: Node[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (isNode(value)) found.push(value);
  };
  visit(args);
  return found;
}

function redirect(node: Node): void {
  if ((node.op === 'rcall' || node.op === 'call') && Array.isArray(node.args)) {
    const own = ownNames[String(node.args[0])];
    if (own !== undefined) node.args[0] = own;
  }
  for (const inner of childrenOf(node)) redirect(inner);
}

function mentions(node: Node, name: string): boolean {
  return (node.op === 'id' && node.args === name) || childrenOf(node).some((inner) => mentions(inner, name));
}

/** The coefficients of the cost: a loop raises what is inside of it to the next power. */
function costOf(node: Node): number[] {
  const inner = childrenOf(node).map(costOf);
  const isLoop = node.op === 'rcall' && Array.isArray(node.args) && loops.has(String(node.args[0]));
  // The receiver of a loop is evaluated once; it is the first child.
  const [once, ...repeated] = isLoop ? inner : [[], ...inner];
  const sum = isLoop ? [1, 1] : [1];
  for (const [power, factor] of (once ?? []).entries()) sum[power] = (sum[power] ?? 0) + factor;
  for (const each of repeated) {
    for (const [power, factor] of each.entries()) {
      const place = isLoop ? power + 1 : power;
      sum[place] = (sum[place] ?? 0) + factor;
    }
  }
  return sum;
}

/** The first sentence of what cel-js says, without the source that it shows beneath. */
function summaryOf(error: unknown): string {
  const { summary, message } = error as { readonly summary?: string; readonly message?: string };
  return summary ?? message?.split('\n')[0] ?? 'unknown error';
}
