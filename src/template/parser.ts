/**
 * Reads a template into its tree: a recursive descent over the parts that the lexer cut. Names of functions are checked here, so what could
 * not run is refused before anything does. Models Go text/template/parse/parse.go.
 */
import { cutTemplate, type Part } from './lexer.ts';
import { templateCharactersMax, templateDepthMax } from './limits.ts';
import { PipelineReader } from './pipeline-reader.ts';
import { type Node, TemplateError, type TemplateTree } from './syntax.ts';

/** Throws TemplateError. `isFunction` tells which names are known. */
export function parseTree(text: string, isFunction: (name: string) => boolean): TemplateTree {
  if (text.length > templateCharactersMax)
    throw new TemplateError(1, `a template has ${templateCharactersMax} characters at most`);
  return new TreeReader(cutTemplate(text), isFunction).read();
}

/** How a list of nodes ended: at the end of the text, or at an `end` or `else`. */
interface Ending {
  readonly type: 'text' | 'end' | 'else';
  /** What stands behind `else`: nothing, or `if` or `with` and its pipeline. */
  readonly reader: PipelineReader | null;
  readonly line: number;
}

class TreeReader {
  readonly #parts: readonly Part[];
  readonly #isFunction: (name: string) => boolean;
  readonly #definitions = new Map<string, readonly Node[]>();
  #at = 0;
  #depth = 0;
  #loops = 0;

  constructor(parts: readonly Part[], isFunction: (name: string) => boolean) {
    this.#parts = parts;
    this.#isFunction = isFunction;
  }

  read(): TemplateTree {
    const { nodes, ending } = this.#list([]);
    if (ending.type !== 'text') throw new TemplateError(ending.line, `unexpected {{${ending.type}}}`);
    return { body: nodes, definitions: this.#definitions };
  }

  /** `variables`: those that are known where the list begins. */
  #list(variables: readonly string[]): { readonly nodes: readonly Node[]; readonly ending: Ending } {
    this.#depth += 1;
    const nodes: Node[] = [];
    const known = [...variables];
    for (;;) {
      const part = this.#parts[this.#at];
      this.#at += 1;
      if (part === undefined) {
        this.#depth -= 1;
        return { nodes, ending: { type: 'text', reader: null, line: 0 } };
      }
      if (this.#depth > templateDepthMax) throw new TemplateError(1, `templates nest ${templateDepthMax} deep at most`);
      if (part.type === 'text') {
        nodes.push(part);
        continue;
      }
      const reader = new PipelineReader(part, known, this.#isFunction);
      const keyword = reader.takeKeyword();
      if (keyword === 'end' || keyword === 'else') {
        this.#depth -= 1;
        if (keyword === 'end') reader.expectEnd();
        return { nodes, ending: { type: keyword, reader: keyword === 'else' ? reader : null, line: part.line } };
      }
      const node = this.#action(keyword, reader, part.line, known);
      if (node !== null) nodes.push(node);
    }
  }

  #action(keyword: string, reader: PipelineReader, line: number, known: string[]): Node | null {
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        return this.#branch(keyword, reader, line, known);
      case 'define':
        return this.#define(reader, line);
      case 'block':
        return this.#block(reader, line);
      case 'template':
        return this.#template(reader, line);
      case 'break':
      case 'continue':
        reader.expectEnd();
        if (this.#loops === 0) throw new TemplateError(line, `{{${keyword}}} outside of {{range}}`);
        return { type: keyword };
      default: {
        const pipeline = reader.pipeline();
        reader.expectEnd();
        if (!pipeline.isAssignment) known.push(...pipeline.variables);
        return { type: 'action', pipeline };
      }
    }
  }

  #branch(type: 'if' | 'with' | 'range', reader: PipelineReader, line: number, known: readonly string[]): Node {
    const pipeline = reader.pipeline(type === 'range' ? 2 : 1);
    reader.expectEnd();
    const inner = [...known, ...pipeline.variables];
    if (type === 'range') this.#loops += 1;
    const { nodes: body, ending } = this.#list(inner);
    if (type === 'range') this.#loops -= 1;
    return { type, pipeline, body, otherwise: this.#otherwise(type, ending, line, inner) };
  }

  #otherwise(type: string, ending: Ending, line: number, known: readonly string[]): readonly Node[] {
    if (ending.type === 'text') throw new TemplateError(line, `{{${type}}} has no {{end}}`);
    if (ending.reader === null) return [];
    // `else if` is an `if` within the `else`, and both end at one `end`.
    const keyword = ending.reader.takeKeyword();
    if ((keyword === 'if' || keyword === 'with') && type !== 'range') {
      this.#depth += 1;
      const nested = this.#branch(keyword, ending.reader, ending.line, known);
      this.#depth -= 1;
      return [nested];
    }
    if (keyword !== '') throw new TemplateError(ending.line, `unexpected ${keyword} behind {{else}}`);
    ending.reader.expectEnd();
    const { nodes, ending: last } = this.#list(known);
    if (last.type !== 'end') throw new TemplateError(line, `{{${type}}} has no {{end}}`);
    return nodes;
  }

  #define(reader: PipelineReader, line: number): null {
    const name = reader.string('define');
    reader.expectEnd();
    this.#definitions.set(name, this.#closed('define', line, ['']));
    return null;
  }

  #block(reader: PipelineReader, line: number): Node {
    const name = reader.string('block');
    const pipeline = reader.pipeline();
    reader.expectEnd();
    this.#definitions.set(name, this.#closed('block', line, ['']));
    return { type: 'template', name, pipeline, line };
  }

  #closed(keyword: string, line: number, known: readonly string[]): readonly Node[] {
    const loops = this.#loops;
    this.#loops = 0;
    const { nodes, ending } = this.#list(known);
    this.#loops = loops;
    if (ending.type !== 'end') throw new TemplateError(line, `{{${keyword}}} has no {{end}}`);
    return nodes;
  }

  #template(reader: PipelineReader, line: number): Node {
    const name = reader.string('template');
    const pipeline = reader.isAtEnd ? null : reader.pipeline();
    reader.expectEnd();
    return { type: 'template', name, pipeline, line };
  }
}
