/** What a function of a template is, and the checks of arguments that all of them share. */
import { templateListMax, templateOutputMax } from './limits.ts';
import { isList, isObject, type Json, type JsonObject, typeNameOf, type Value } from './values.ts';

/** One call of a function. */
export interface Call {
  readonly args: readonly Value[];
  /** Ends the rendering, naming the function and its line. */
  readonly fail: (message: string) => never;
}

export type TemplateFunction = (call: Call) => Value;
export type TemplateFunctions = Readonly<Record<string, TemplateFunction>>;

/** Makes a function that takes so many arguments. */
export function taking(min: number, max: number, run: TemplateFunction): TemplateFunction {
  return (call) => {
    const { length } = call.args;
    if (length >= min && length <= max) return run(call);
    const wanted = min === max ? String(min) : `${min} to ${Number.isFinite(max) ? max : 'any number'}`;
    return call.fail(`wants ${wanted} arguments, not ${length}`);
  };
}

export function textAt({ args, fail }: Call, index: number): string {
  const value = args[index];
  return typeof value === 'string' ? value : fail(`wants a text as argument ${index + 1}, not ${typeNameOf(value)}`);
}

/** Texts that are numbers count: annotations are texts. Whatever is not finite is no number: no bound would hold with it. */
export function numberAt({ args, fail }: Call, index: number): number {
  const value = args[index];
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === undefined || value === null || value === '') return 0;
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  const what = typeof value === 'number' ? String(value) : typeNameOf(value);
  return fail(`wants a number as argument ${index + 1}, not ${what}`);
}

export function listAt({ args, fail }: Call, index: number): readonly Json[] {
  const value = args[index];
  if (value === undefined || value === null) return [];
  return isList(value) ? value : fail(`wants a list as argument ${index + 1}, not ${typeNameOf(value)}`);
}

export function mapAt({ args, fail }: Call, index: number): JsonObject {
  const value = args[index];
  return isObject(value) ? value : fail(`wants a map as argument ${index + 1}, not ${typeNameOf(value)}`);
}

/** Returns the list unless it is too long. */
export function boundedList(list: readonly Json[], { fail }: Call): readonly Json[] {
  return list.length > templateListMax ? fail(`makes a list of more than ${templateListMax}`) : list;
}

/** Fails when a text of so many characters would be too long. */
export function checkLength(characters: number, { fail }: Call): void {
  if (characters > templateOutputMax) fail(`makes a text of more than ${templateOutputMax} characters`);
}
