/**
 * Renders a tree: walks its nodes with the value of `.`, the variables and the functions. Bounded in steps, output and depth, so no template and
 * no data can hold up a thread. Models Go text/template/exec.go.
 */
import type { Call, TemplateFunctions } from './functions.ts';
import { templateCallsMax, templateOutputMax, templateStepsMax } from './limits.ts';
import {
  type Branch,
  type Command,
  type Node,
  type Operand,
  type Pipeline,
  TemplateError,
  type TemplateTree,
} from './syntax.ts';
import { isList, isObject, isTrue, type Json, sortedKeys, textOf, typeNameOf, type Value } from './values.ts';

interface Variable {
  readonly name: string;
  value: Value;
}

/** What a list of nodes wants of the loop around it. */
type Flow = 'next' | 'break' | 'continue';

/** Functions that only pick one of their arguments, or a part of it. */
const accessors: ReadonlySet<string> = new Set(
  'index get hasKey first last len not default empty coalesce ternary kindIs kindOf'.split(' '),
);
const valueDepthMax = 500;
const charactersPerStep = 64;

/** No value stands before the first command of a pipeline. */
const noValue = Symbol('no value');
type Final = Value | typeof noValue;

export class Evaluator {
  readonly #tree: TemplateTree;
  readonly #functions: TemplateFunctions;
  #variables: Variable[];
  #text = '';
  #steps = 0;
  #calls = 0;

  constructor(tree: TemplateTree, data: Value, functions: TemplateFunctions) {
    this.#tree = tree;
    this.#functions = functions;
    this.#variables = [{ name: '', value: data }];
  }

  /** Throws TemplateError. */
  render(): string {
    this.#list(this.#tree.body, this.#variables[0]?.value);
    return this.#text;
  }

  #list(nodes: readonly Node[], dot: Value): Flow {
    const mark = this.#variables.length;
    for (const node of nodes) {
      const flow = this.#node(node, dot);
      if (flow === 'next') continue;
      this.#variables.length = mark;
      return flow;
    }
    this.#variables.length = mark;
    return 'next';
  }

  #node(node: Node, dot: Value): Flow {
    switch (node.type) {
      case 'text':
        this.#write(node.text, 1);
        return 'next';
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.#write(textOf(value), node.pipeline.line);
        return 'next';
      }
      case 'if':
      case 'with':
        return this.#choose(node, dot);
      case 'range':
        return this.#range(node, dot);
      case 'template':
        this.#template(node, dot);
        return 'next';
      default:
        return node.type;
    }
  }

  #choose({ type, pipeline, body, otherwise }: Branch & { readonly type: string }, dot: Value): Flow {
    const mark = this.#variables.length;
    const value = this.#pipeline(pipeline, dot);
    const flow = isTrue(value) ? this.#list(body, type === 'with' ? value : dot) : this.#list(otherwise, dot);
    this.#variables.length = mark;
    return flow;
  }

  #range({ pipeline, body, otherwise }: Branch, dot: Value): Flow {
    const mark = this.#variables.length;
    const { variables, isAssignment, line } = pipeline;
    const value = this.#pipeline({ ...pipeline, variables: [] }, dot);
    if (typeof value === 'number') this.#step(line, Math.max(0, value));
    const entries = this.#entriesOf(value, line);
    this.#step(line, entries.length);
    for (const [key, item] of entries) {
      const values = variables.length === 2 ? [key, item] : [item];
      for (const [index, name] of variables.entries()) {
        if (isAssignment) this.#assign(name, values[index]);
        else this.#variables.push({ name, value: values[index] });
      }
      const flow = this.#list(body, item);
      this.#variables.length = mark;
      if (flow === 'break') return 'next';
    }
    return entries.length === 0 ? this.#list(otherwise, dot) : 'next';
  }

  #entriesOf(value: Value, line: number): readonly (readonly [Json, Json])[] {
    if (value === undefined || value === null) return [];
    if (isList(value)) return value.map((item, index) => [index, item] as const);
    if (isObject(value)) return sortedKeys(value).map((name) => [name, value[name] ?? null] as const);
    if (typeof value !== 'number') throw new TemplateError(line, `range can't go over ${typeNameOf(value)}`);
    return Array.from({ length: Math.max(0, Math.trunc(value)) }, (_, index) => [index, index] as const);
  }

  #template({ name, pipeline, line }: Extract<Node, { type: 'template' }>, dot: Value): void {
    const body = this.#tree.definitions.get(name);
    if (body === undefined) throw new TemplateError(line, `template "${name}" not defined`);
    if (this.#calls >= templateCallsMax)
      throw new TemplateError(line, `templates call each other ${templateCallsMax} deep at most`);
    const data = pipeline === null ? undefined : this.#pipeline(pipeline, dot);
    // A template sees no variables of its caller; `$` is what it was given.
    const variables = this.#variables;
    this.#variables = [{ name: '', value: data }];
    this.#calls += 1;
    this.#list(body, data);
    this.#calls -= 1;
    this.#variables = variables;
  }

  #pipeline({ commands, variables, isAssignment }: Pipeline, dot: Value): Value {
    let final: Final = noValue;
    for (const command of commands) final = this.#command(command, dot, final);
    const value = final === noValue ? undefined : final;
    for (const name of variables) {
      if (isAssignment) this.#assign(name, value);
      else this.#variables.push({ name, value });
    }
    return value;
  }

  #command({ operands, line }: Command, dot: Value, final: Final): Value {
    this.#step(line);
    const [first, ...others] = operands;
    if (first?.type === 'function') return this.#call(first.name, others, dot, final, line);
    if (first === undefined || others.length > 0)
      throw new TemplateError(line, "can't give an argument to what is no function");
    return this.#operand(first, dot, line);
  }

  #call(name: string, operands: readonly Operand[], dot: Value, final: Final, line: number): Value {
    if (name === 'and' || name === 'or') return this.#shortCircuit(name, operands, dot, final, line);
    const args = operands.map((operand) => this.#operand(operand, dot, line));
    if (final !== noValue) args.push(final);
    const run = this.#functions[name];
    if (run === undefined) throw new TemplateError(line, `function "${name}" not defined`);
    const isCharged = !accessors.has(name);
    if (isCharged) for (const arg of args) this.#charge(arg, line, 0);
    const fail: Call['fail'] = (message) => {
      throw new TemplateError(line, `${name} ${message}`);
    };
    const result = run({ args, fail });
    if (typeof result === 'number' && !Number.isFinite(result)) return fail(`makes ${result}, which is no number`);
    if (isCharged) this.#charge(result, line, 0);
    return result;
  }

  /** Counts the parts of a value as steps, so that what functions make and walk through is bounded too. */
  #charge(value: Value, line: number, depth: number): void {
    this.#step(line, typeof value === 'string' ? 1 + value.length / charactersPerStep : 1);
    if (typeof value !== 'object' || value === null) return;
    if (depth > valueDepthMax) throw new TemplateError(line, `values nest ${valueDepthMax} deep at most`);
    for (const part of Object.values(value)) this.#charge(part, line, depth + 1);
  }

  /** The first value that decides, else the last. */
  #shortCircuit(name: 'and' | 'or', operands: readonly Operand[], dot: Value, final: Final, line: number): Value {
    if (operands.length === 0 && final === noValue) throw new TemplateError(line, `${name} wants arguments`);
    let value: Value;
    for (const operand of operands) {
      value = this.#operand(operand, dot, line);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final === noValue ? value : final;
  }

  #operand(operand: Operand, dot: Value, line: number): Value {
    this.#step(line);
    switch (operand.type) {
      case 'dot':
        return dot;
      case 'literal':
        return operand.value;
      case 'variable':
        return this.#variable(operand.name, line).value;
      case 'function':
        return this.#call(operand.name, [], dot, noValue, line);
      case 'pipeline':
        return this.#pipeline(operand.pipeline, dot);
      case 'fields':
        return fieldOf(this.#operand(operand.of, dot, line), operand.names, line);
    }
  }

  #variable(name: string, line: number): Variable {
    const found = name === '' ? this.#variables[0] : this.#variables.findLast((each) => each.name === name);
    if (found === undefined) throw new TemplateError(line, `undefined variable "$${name}"`);
    return found;
  }

  #assign(name: string, value: Value): void {
    this.#variable(name, 1).value = value;
  }

  #step(line: number, count = 1): void {
    this.#steps += count;
    // Put so that a count which is no number ends it too.
    if (!(this.#steps <= templateStepsMax)) throw new TemplateError(line, `takes more than ${templateStepsMax} steps`);
  }

  #write(text: string, line: number): void {
    this.#step(line);
    if (this.#text.length + text.length > templateOutputMax) {
      throw new TemplateError(line, `writes more than ${templateOutputMax} characters`);
    }
    this.#text += text;
  }
}

/** What is missing has no fields, and that is no error: so is `.a.b` of an object without `a`. */
function fieldOf(value: Value, names: readonly string[], line: number): Value {
  let found = value;
  for (const name of names) {
    if (found === undefined || found === null) return undefined;
    if (!isObject(found)) throw new TemplateError(line, `can't take field ${name} of ${typeNameOf(found)}`);
    found = Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return found;
}
