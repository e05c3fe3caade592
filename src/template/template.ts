/**
 * Templates in the language of Go's text/template, over JSON: parsed once, rendered often. Pure and bounded. There are Go's own functions and
 * the plain ones of sprig; whoever renders adds more. What is left out, and what differs: docs/deviations.md.
 */
import { builtins } from './builtins.ts';
import { Evaluator } from './evaluator.ts';
import type { TemplateFunctions } from './functions.ts';
import { listFunctions } from './list-functions.ts';
import { parseTree } from './parser.ts';
import { TemplateError, type TemplateTree } from './syntax.ts';
import { numberFunctions, textFunctions } from './text-functions.ts';
import type { Value } from './values.ts';

/** `line` counts from 1. */
export interface TemplateFault {
  readonly type: 'faulty';
  readonly line: number;
  readonly message: string;
}

export type ParsedTemplate = { readonly type: 'parsed'; readonly template: Template } | TemplateFault;
export type RenderedTemplate = { readonly type: 'rendered'; readonly text: string } | TemplateFault;

const common: TemplateFunctions = { ...listFunctions, ...textFunctions, ...numberFunctions, ...builtins };
/** They look at their arguments one after another, so the evaluator has them. */
const lazy: ReadonlySet<string> = new Set(['and', 'or']);

export class Template {
  readonly #tree: TemplateTree;

  constructor(tree: TemplateTree) {
    this.#tree = tree;
  }

  /** `functions` has those that the template was parsed with. */
  render(data: Value, functions: TemplateFunctions = {}): RenderedTemplate {
    return guarded(() => ({
      type: 'rendered',
      text: new Evaluator(this.#tree, data, { ...common, ...functions }).render(),
    }));
  }
}

/** Reads a template; `names` are those of functions that will be there beside the common ones. */
export function parseTemplate(text: string, names: Iterable<string> = []): ParsedTemplate {
  const more = new Set(names);
  const isFunction = (name: string): boolean => more.has(name) || lazy.has(name) || Object.hasOwn(common, name);
  return guarded(() => ({ type: 'parsed', template: new Template(parseTree(text, isFunction)) }));
}

/** The room's border: within it a fault of a template is thrown, outside it is a value. */
function guarded<Outcome>(run: () => Outcome): Outcome | TemplateFault {
  try {
    return run();
  } catch (error: unknown) {
    if (!(error instanceof TemplateError)) throw error;
    return { type: 'faulty', line: error.line, message: error.message };
  }
}
