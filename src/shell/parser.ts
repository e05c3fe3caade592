/** Reads a script of the POSIX shell command language. Models POSIX.1-2017 2.10, without aliases and job control. */
import { scriptDepthMax } from './limits.ts';
import {
  type Command,
  type Item,
  type Pipeline,
  type Redirect,
  type Script,
  ShellSyntaxError,
  type Word,
} from './syntax.ts';
import { type Cursor, isMetacharacter, readQuoted, readWord } from './words.ts';

/** Reads a whole script; throws ShellSyntaxError. */
export function parseScript(text: string): Script {
  const parser = new Parser({ text, at: 0 }, 0);
  const script = parser.script();
  parser.expectEnd();
  return script;
}

const endings = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}']);

interface HereDocument {
  readonly end: string;
  readonly isPlain: boolean;
  readonly stripsTabs: boolean;
  target: Word;
}

class Parser {
  readonly #cursor: Cursor;
  readonly #depth: number;
  /** Those whose text begins behind the present line; parsers of one text share them. */
  readonly #documents: HereDocument[];

  constructor(cursor: Cursor, depth: number, documents: HereDocument[] = []) {
    if (depth > scriptDepthMax) throw new ShellSyntaxError('nested too deeply');
    this.#cursor = cursor;
    this.#depth = depth;
    this.#documents = documents;
  }

  script(): Script {
    const items: Item[] = [];
    for (;;) {
      this.#skipLines();
      if (this.#atEnd() || this.#peek(')') || this.#peek(';;') || endings.has(this.#peekWord())) return items;
      items.push(this.#item());
    }
  }

  expectEnd(): void {
    if (!this.#atEnd())
      throw new ShellSyntaxError(`unexpected "${this.#peekWord() || this.#cursor.text.charAt(this.#cursor.at)}"`);
  }

  #item(): Item {
    const pipelines: Item['pipelines'][number][] = [{ operator: '', pipeline: this.#pipeline() }];
    for (;;) {
      this.#skipBlanks();
      const operator = this.#peek('&&') ? '&&' : this.#peek('||') ? '||' : null;
      if (operator === null) break;
      this.#cursor.at += 2;
      this.#skipLines();
      pipelines.push({ operator, pipeline: this.#pipeline() });
    }
    const isBackground = this.#peek('&');
    if (isBackground || (this.#peek(';') && !this.#peek(';;'))) this.#cursor.at += 1;
    return { pipelines, isBackground };
  }

  #pipeline(): Pipeline {
    const isNegated = this.#peekWord() === '!';
    if (isNegated) this.#takeWord('!');
    const commands = [this.#command()];
    for (this.#skipBlanks(); this.#peek('|') && !this.#peek('||'); this.#skipBlanks()) {
      this.#cursor.at += 1;
      this.#skipLines();
      commands.push(this.#command());
    }
    return { isNegated, commands };
  }

  #command(): Command {
    this.#skipBlanks();
    if (this.#peek('(')) return this.#subshell();
    switch (this.#peekWord()) {
      case '{':
        return this.#group();
      case 'if':
        return this.#if();
      case 'while':
      case 'until':
        return this.#while();
      case 'for':
        return this.#for();
      case 'case':
        return this.#case();
      default:
        return this.#function() ?? this.#simple();
    }
  }

  #subshell(): Command {
    this.#cursor.at += 1;
    const body = this.#inner();
    this.#take(')');
    return { type: 'group', body, redirects: this.#redirects(), isSubshell: true };
  }

  #group(): Command {
    this.#takeWord('{');
    const body = this.#inner();
    this.#takeWord('}');
    return { type: 'group', body, redirects: this.#redirects(), isSubshell: false };
  }

  #if(): Command {
    const branches: { condition: Script; body: Script }[] = [];
    let opening = 'if';
    do {
      this.#takeWord(opening);
      const condition = this.#inner();
      this.#takeWord('then');
      branches.push({ condition, body: this.#inner() });
      opening = 'elif';
    } while (this.#peekWord() === 'elif');
    let otherwise: Script | null = null;
    if (this.#peekWord() === 'else') {
      this.#takeWord('else');
      otherwise = this.#inner();
    }
    this.#takeWord('fi');
    return { type: 'if', branches, otherwise, redirects: this.#redirects() };
  }

  #while(): Command {
    const isUntil = this.#peekWord() === 'until';
    this.#takeWord(isUntil ? 'until' : 'while');
    const condition = this.#inner();
    const body = this.#loopBody();
    return { type: 'while', isUntil, condition, body, redirects: this.#redirects() };
  }

  #for(): Command {
    this.#takeWord('for');
    this.#skipBlanks();
    const name = this.#peekWord();
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new ShellSyntaxError('bad for loop variable');
    this.#takeWord(name);
    this.#skipLines();
    let words: Word[] | null = null;
    if (this.#peekWord() === 'in') {
      this.#takeWord('in');
      words = [];
      for (let word = this.#word(); word.length > 0; word = this.#word()) words.push(word);
    }
    if (this.#peek(';')) this.#cursor.at += 1;
    this.#skipLines();
    const body = this.#loopBody();
    return { type: 'for', name, words, body, redirects: this.#redirects() };
  }

  #loopBody(): Script {
    this.#takeWord('do');
    const body = this.#inner();
    this.#takeWord('done');
    return body;
  }

  #case(): Command {
    this.#takeWord('case');
    const word = this.#word();
    this.#skipLines();
    this.#takeWord('in');
    const branches: { patterns: Word[]; body: Script }[] = [];
    for (this.#skipLines(); this.#peekWord() !== 'esac'; this.#skipLines()) {
      if (this.#peek('(')) this.#cursor.at += 1;
      const patterns = [this.#word()];
      for (this.#skipBlanks(); this.#peek('|'); this.#skipBlanks()) {
        this.#cursor.at += 1;
        patterns.push(this.#word());
      }
      this.#take(')');
      branches.push({ patterns, body: this.#inner() });
      this.#skipLines();
      if (this.#peek(';;')) this.#cursor.at += 2;
      else if (this.#peekWord() !== 'esac') throw new ShellSyntaxError('expected ";;"');
    }
    this.#takeWord('esac');
    return { type: 'case', word, branches, redirects: this.#redirects() };
  }

  #function(): Command | null {
    const match = /^([A-Za-z_][\w-]*)[ \t]*\([ \t]*\)/.exec(
      this.#cursor.text.slice(this.#cursor.at, this.#cursor.at + 200),
    );
    if (match === null) return null;
    this.#cursor.at += match[0].length;
    this.#skipLines();
    return {
      type: 'function',
      name: match[1] ?? '',
      body: new Parser(this.#cursor, this.#depth + 1, this.#documents).#command(),
    };
  }

  #simple(): Command {
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (;;) {
      this.#skipBlanks();
      const redirect = this.#redirect();
      if (redirect !== null) {
        redirects.push(redirect);
        continue;
      }
      const assignment = words.length === 0 ? this.#assignment() : null;
      if (assignment !== null) {
        assignments.push(assignment);
        continue;
      }
      const word = this.#word();
      if (word.length === 0) break;
      words.push(word);
    }
    if (assignments.length + words.length + redirects.length === 0) {
      throw new ShellSyntaxError(
        this.#atEnd() ? 'unexpected end of file' : `unexpected "${this.#cursor.text.charAt(this.#cursor.at)}"`,
      );
    }
    return { type: 'simple', assignments, words, redirects };
  }

  #assignment(): { name: string; value: Word } | null {
    const match = /^([A-Za-z_]\w*)=/.exec(this.#cursor.text.slice(this.#cursor.at, this.#cursor.at + 200));
    if (match === null) return null;
    this.#cursor.at += match[0].length;
    const value = isMetacharacter(this.#cursor.text.charAt(this.#cursor.at)) ? [] : this.#word();
    return { name: match[1] ?? '', value };
  }

  #redirects(): readonly Redirect[] {
    const redirects: Redirect[] = [];
    for (;;) {
      this.#skipBlanks();
      const redirect = this.#redirect();
      if (redirect === null) return redirects;
      redirects.push(redirect);
    }
  }

  #redirect(): Redirect | null {
    const match = /^(\d?)(<<-?|>>|>&|<&|>\||&>|<|>)/.exec(
      this.#cursor.text.slice(this.#cursor.at, this.#cursor.at + 4),
    );
    if (match === null) return null;
    this.#cursor.at += match[0].length;
    const [, number = '', sign = ''] = match;
    const descriptor = number === '' ? (sign.startsWith('<') ? 0 : 1) : Number(number);
    if (sign.startsWith('<<')) return this.#document(descriptor, sign === '<<-');
    const target = this.#word();
    if (target.length === 0) throw new ShellSyntaxError('expected a file name');
    // Both outputs to one file: descriptor 12 stands for 1 and 2.
    if (sign === '&>') return { descriptor: bothOutputs, operator: '>', target };
    const operator = sign === '>|' ? '>' : sign === '<&' ? '>&' : (sign as '<' | '>' | '>>' | '>&');
    return { descriptor, operator, target };
  }

  #document(descriptor: number, stripsTabs: boolean): Redirect {
    const word = this.#word();
    const isPlain = word.some((part) => part.type === 'text' && part.isQuoted);
    const end = word.map((part) => (part.type === 'text' ? part.text : '')).join('');
    const document = { end, isPlain, stripsTabs, target: [] as Word };
    this.#documents.push(document);
    return {
      descriptor,
      operator: '<<',
      get target() {
        return document.target;
      },
    };
  }

  #readDocuments(): void {
    for (const document of this.#documents.splice(0)) {
      const lines: string[] = [];
      for (;;) {
        if (this.#atEnd()) break;
        const newline = this.#cursor.text.indexOf('\n', this.#cursor.at);
        const stop = newline < 0 ? this.#cursor.text.length : newline;
        const raw = this.#cursor.text.slice(this.#cursor.at, stop);
        this.#cursor.at = Math.min(stop + 1, this.#cursor.text.length);
        const line = document.stripsTabs ? raw.replace(/^\t+/, '') : raw;
        if (line === document.end) break;
        lines.push(`${line}\n`);
      }
      const text = lines.join('');
      document.target = document.isPlain
        ? [{ type: 'text', text, isQuoted: true }]
        : readQuoted({ text, at: 0 }, null, (cursor) => this.#nested(cursor));
    }
  }

  #nested(cursor: Cursor): Script {
    return new Parser(cursor, this.#depth + 1, cursor === this.#cursor ? this.#documents : []).script();
  }

  #inner(): Script {
    return this.#nested(this.#cursor);
  }

  #word(): Word {
    this.#skipBlanks();
    return readWord(this.#cursor, (cursor) => this.#nested(cursor));
  }

  #atEnd(): boolean {
    return this.#cursor.at >= this.#cursor.text.length;
  }

  #peek(sign: string): boolean {
    return this.#cursor.text.startsWith(sign, this.#cursor.at);
  }

  /** The plain word that stands here; empty when there is none. */
  #peekWord(): string {
    this.#skipBlanks();
    return /^[^\s;&|<>()$`"'\\]+/.exec(this.#cursor.text.slice(this.#cursor.at, this.#cursor.at + 64))?.[0] ?? '';
  }

  #takeWord(word: string): void {
    this.#skipLines();
    if (this.#peekWord() !== word) throw new ShellSyntaxError(`expected "${word}"`);
    this.#cursor.at += word.length;
  }

  #take(sign: string): void {
    this.#skipLines();
    if (!this.#peek(sign)) throw new ShellSyntaxError(`expected "${sign}"`);
    this.#cursor.at += sign.length;
  }

  #skipBlanks(): void {
    for (;;) {
      if (this.#peek(' ') || this.#peek('\t')) this.#cursor.at += 1;
      else if (this.#peek('\\\n')) this.#cursor.at += 2;
      else if (this.#peek('#')) {
        const newline = this.#cursor.text.indexOf('\n', this.#cursor.at);
        this.#cursor.at = newline < 0 ? this.#cursor.text.length : newline;
      } else return;
    }
  }

  #skipLines(): void {
    for (this.#skipBlanks(); this.#peek('\n'); this.#skipBlanks()) {
      this.#cursor.at += 1;
      this.#readDocuments();
    }
  }
}

/** A redirect of this descriptor means standard output and standard error. */
export const bothOutputs = 12;
