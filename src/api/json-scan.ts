/**
 * Looks at the text of JSON for what JSON.parse does not tell: fields that stand twice in one object, and what is wrong with a malformed text, in the words of
 * Go's encoding/json, which clients of Kubernetes know. Never on the way of a request that says nothing of either.
 */

export interface JsonScan {
  /** Undefined for well-formed text. */
  readonly error: string | undefined;
  /** Paths of fields that stand twice in one object, such as `data.a` and `spec.containers[0].name`; in order. */
  readonly duplicates: readonly string[];
}

const duplicatesMax = 100;
/** Deeper texts are refused before anybody asks about their fields. */
const depthMax = 600;

export function scanJson(text: string): JsonScan {
  const scanner = new Scanner(text);
  try {
    scanner.document();
  } catch (error: unknown) {
    if (!(error instanceof Malformed)) throw error;
    return { error: error.message, duplicates: [] };
  }
  return { error: undefined, duplicates: scanner.duplicates };
}

class Malformed extends Error {}

class Scanner {
  readonly duplicates: string[] = [];
  readonly #text: string;
  #place = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value('');
    this.#skipSpace();
    if (this.#place < this.#text.length) this.#fail('after top-level value');
  }

  #value(path: string): void {
    this.#skipSpace();
    const character = this.#text[this.#place];
    if (this.#depth > depthMax) throw new Malformed('exceeded max depth');
    this.#depth += 1;
    if (character === '{') this.#object(path);
    else if (character === '[') this.#array(path);
    else if (character === '"') this.#string();
    else if (character === '-' || isDigit(character)) this.#number();
    else if (character === 't') this.#literal('true');
    else if (character === 'f') this.#literal('false');
    else if (character === 'n') this.#literal('null');
    else this.#fail('looking for beginning of value');
    this.#depth -= 1;
  }

  #object(path: string): void {
    this.#place += 1;
    const names = new Set<string>();
    if (this.#takes('}')) return;
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#place] !== '"') this.#fail('looking for beginning of object key string');
      const name = this.#string();
      const place = path === '' ? name : `${path}.${name}`;
      if (names.has(name) && this.duplicates.length < duplicatesMax) this.duplicates.push(place);
      names.add(name);
      if (!this.#takes(':')) this.#fail('after object key');
      this.#value(place);
      if (this.#takes('}')) return;
      if (!this.#takes(',')) this.#fail('after object key:value pair');
    }
  }

  #array(path: string): void {
    this.#place += 1;
    if (this.#takes(']')) return;
    for (let index = 0; ; index += 1) {
      this.#value(`${path}[${index}]`);
      if (this.#takes(']')) return;
      if (!this.#takes(',')) this.#fail('after array element');
    }
  }

  /** Returns the text between the quotes, with escapes undone. */
  #string(): string {
    const start = this.#place;
    this.#place += 1;
    for (;;) {
      const character = this.#text[this.#place];
      if (character === undefined || character < ' ') this.#fail('in string literal');
      this.#place += 1;
      if (character === '"') return JSON.parse(this.#text.slice(start, this.#place)) as string;
      if (character === '\\') this.#escape();
    }
  }

  #escape(): void {
    const character = this.#text[this.#place];
    if (character === undefined || !'"\\/bfnrtu'.includes(character)) this.#fail('in string escape code');
    this.#place += 1;
    if (character !== 'u') return;
    for (let digit = 0; digit < 4; digit += 1) {
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#place] ?? '')) this.#fail('in \\u hexadecimal character escape');
      this.#place += 1;
    }
  }

  #number(): void {
    if (this.#text[this.#place] === '-') this.#place += 1;
    if (this.#text[this.#place] === '0') this.#place += 1;
    else this.#digits('in numeric literal');
    if (this.#text[this.#place] === '.') {
      this.#place += 1;
      this.#digits('after decimal point in numeric literal');
    }
    if (this.#text[this.#place] !== 'e' && this.#text[this.#place] !== 'E') return;
    this.#place += 1;
    if (this.#text[this.#place] === '+' || this.#text[this.#place] === '-') this.#place += 1;
    this.#digits('in exponent of numeric literal');
  }

  #digits(context: string): void {
    if (!isDigit(this.#text[this.#place])) this.#fail(context);
    while (isDigit(this.#text[this.#place])) this.#place += 1;
  }

  #literal(word: string): void {
    for (const expected of word) {
      if (this.#text[this.#place] !== expected) this.#fail(`in literal ${word} (expecting '${expected}')`);
      this.#place += 1;
    }
  }

  #takes(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#place] !== character) return false;
    this.#place += 1;
    return true;
  }

  #skipSpace(): void {
    while (' \t\r\n'.includes(this.#text[this.#place] ?? 'x')) this.#place += 1;
  }

  #fail(context: string): never {
    const code = this.#text.codePointAt(this.#place);
    if (code === undefined) throw new Malformed('unexpected end of JSON input');
    const character = String.fromCodePoint(code);
    const shown = character === "'" ? "\\'" : character === '"' ? '"' : JSON.stringify(character).slice(1, -1);
    throw new Malformed(`invalid character '${shown}' ${context}`);
  }
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}
