/** Reads the words of one action: its keyword, and the pipeline behind it. Models Go text/template/parse/parse.go pipeline, command, operand. */
import type { Part, Word } from './lexer.ts';
import { templateDepthMax } from './limits.ts';
import { type Command, type Operand, type Pipeline, TemplateError } from './syntax.ts';

const keywords: ReadonlySet<string> = new Set([
  'if',
  'else',
  'end',
  'with',
  'range',
  'define',
  'block',
  'template',
  'break',
  'continue',
]);
const literals: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['nil', null],
]);

export class PipelineReader {
  readonly #words: readonly Word[];
  readonly #line: number;
  readonly #variables: readonly string[];
  readonly #isFunction: (name: string) => boolean;
  #at = 0;
  #depth = 0;

  /** `variables` are known here. */
  constructor(
    { words, line }: Extract<Part, { type: 'action' }>,
    variables: readonly string[],
    isFunction: (name: string) => boolean,
  ) {
    this.#words = words;
    this.#line = line;
    this.#variables = variables;
    this.#isFunction = isFunction;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#words.length;
  }

  /** Returns the keyword that stands here and passes over it; empty when there is none. */
  takeKeyword(): string {
    const word = this.#words[this.#at];
    if (word?.type !== 'name' || !keywords.has(word.text)) return '';
    this.#at += 1;
    return word.text;
  }

  expectEnd(): void {
    if (!this.isAtEnd) throw this.#unexpected();
  }

  /** The name of a template, behind `keyword`. */
  string(keyword: string): string {
    const word = this.#words[this.#at];
    if (word?.type !== 'string') throw new TemplateError(this.#line, `{{${keyword}}} wants the name of a template`);
    this.#at += 1;
    return word.text;
  }

  pipeline(variablesMax = 1): Pipeline {
    const line = this.#words[this.#at]?.line ?? this.#line;
    const { variables, isAssignment } = this.#declaration(variablesMax);
    const commands = [this.#command()];
    while (this.#takeSign('|')) commands.push(this.#command());
    for (const { operands } of commands.slice(1)) {
      if (operands[0]?.type !== 'function') throw new TemplateError(line, 'only a function can stand behind |');
    }
    return { line, commands, variables, isAssignment };
  }

  #declaration(variablesMax: number): Pick<Pipeline, 'variables' | 'isAssignment'> {
    const [first, second, third, fourth] = this.#words.slice(this.#at, this.#at + 4);
    const none = { variables: [], isAssignment: false };
    if (first?.type !== 'variable') return none;
    const isPair = isSign(second, ',') && third?.type === 'variable';
    const sign = isPair ? fourth : second;
    if (!isSign(sign, ':=') && !isSign(sign, '=')) return none;
    const variables = isPair ? [first.text, third.text] : [first.text];
    if (variables.length > variablesMax) throw new TemplateError(first.line, 'too many variables');
    const isAssignment = sign?.text === '=';
    if (isAssignment) for (const name of variables) this.#checkVariable(name, first.line);
    this.#at += isPair ? 4 : 2;
    return { variables, isAssignment };
  }

  #command(): Command {
    const operands: Operand[] = [];
    const line = this.#words[this.#at]?.line ?? this.#line;
    for (;;) {
      const word = this.#words[this.#at];
      if (word === undefined || (word.type === 'sign' && word.text !== '(')) break;
      if (operands.length > 0 && !word.isApart) throw this.#unexpected();
      operands.push(this.#operand(word));
    }
    if (operands.length === 0) throw new TemplateError(line, 'a value is missing');
    return { operands, line };
  }

  #operand(word: Word): Operand {
    const term = this.#term(word);
    const names: string[] = [];
    for (;;) {
      const next = this.#words[this.#at];
      if (next?.type !== 'field' || next.isApart) break;
      names.push(next.text);
      this.#at += 1;
    }
    if (names.length === 0) return term;
    if (term.type === 'literal') throw new TemplateError(word.line, 'a literal has no fields');
    return term.type === 'fields' ? { ...term, names: [...term.names, ...names] } : { type: 'fields', of: term, names };
  }

  #term(word: Word): Operand {
    this.#at += 1;
    switch (word.type) {
      case 'string':
        return { type: 'literal', value: word.text };
      case 'number':
        return { type: 'literal', value: Number(word.text) };
      case 'dot':
        return { type: 'dot' };
      case 'field':
        return { type: 'fields', of: { type: 'dot' }, names: [word.text] };
      case 'variable':
        this.#checkVariable(word.text, word.line);
        return { type: 'variable', name: word.text };
      case 'name':
        return this.#named(word);
      case 'sign':
        return this.#parenthesized(word);
    }
  }

  #named({ text, line }: Word): Operand {
    const literal = literals.get(text);
    if (literal !== undefined) return { type: 'literal', value: literal };
    if (keywords.has(text)) throw new TemplateError(line, `unexpected ${text}`);
    if (!this.#isFunction(text)) throw new TemplateError(line, `function "${text}" not defined`);
    return { type: 'function', name: text };
  }

  #parenthesized({ line }: Word): Operand {
    this.#depth += 1;
    if (this.#depth > templateDepthMax)
      throw new TemplateError(line, `parentheses nest ${templateDepthMax} deep at most`);
    const pipeline = this.pipeline(0);
    if (!this.#takeSign(')')) throw new TemplateError(line, 'a parenthesis is not closed');
    this.#depth -= 1;
    return { type: 'pipeline', pipeline };
  }

  #checkVariable(name: string, line: number): void {
    if (name !== '' && !this.#variables.includes(name)) throw new TemplateError(line, `undefined variable "$${name}"`);
  }

  #takeSign(sign: string): boolean {
    if (!isSign(this.#words[this.#at], sign)) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(): TemplateError {
    const word = this.#words[this.#at];
    return new TemplateError(word?.line ?? this.#line, `unexpected ${JSON.stringify(word?.text ?? '')} in an action`);
  }
}

function isSign(word: Word | undefined, text: string): boolean {
  return word?.type === 'sign' && word.text === text;
}
