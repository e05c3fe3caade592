/**
 * Cuts a template into text and actions, and actions into words. `{{-` and `-}}` take away the white space beside them; comments are gone.
 * Models Go text/template/parse/lex.go.
 */
import { TemplateError } from './syntax.ts';

export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'action'; readonly words: readonly Word[]; readonly line: number };

export interface Word {
  readonly type: 'string' | 'number' | 'field' | 'dot' | 'variable' | 'name' | 'sign';
  /** Without dots, dollars and quotes. */
  readonly text: string;
  readonly line: number;
  /** White space stands before it, so `.a .b` are two values and `.a.b` is one. */
  readonly isApart: boolean;
}

const forms: readonly (readonly [Word['type'], RegExp])[] = [
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['number', /[+-]?(?:0[xX][\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)(?![\w.])|'(?:[^'\\\n]|\\.)+'/y],
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['dot', /\./y],
  ['variable', /\$(?:[\p{L}_][\p{L}\p{N}_]*)?/uy],
  ['name', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['sign', /:=|[=|,()]/y],
];
const blank = /\s+/y;
const opening = '{{';
const closing = /\s*(?:\s-)?\}\}/y;
const comment = /\s*\/\*[\s\S]*?\*\/\s*(-?)\}\}/y;

/** Throws TemplateError. */
export function cutTemplate(text: string): readonly Part[] {
  const parts: Part[] = [];
  const lineAt = lineCounter(text);
  let at = 0;
  let isTrimmed = false;
  for (;;) {
    const start = text.indexOf(opening, at);
    const hasLeftTrim = start >= 0 && /^\{\{-\s/.test(text.slice(start, start + 4));
    const plain = text.slice(at, start < 0 ? text.length : start);
    const fromLeft = isTrimmed ? plain.trimStart() : plain;
    const kept = hasLeftTrim ? fromLeft.trimEnd() : fromLeft;
    if (kept !== '') parts.push({ type: 'text', text: kept });
    if (start < 0) return parts;
    const inside = start + opening.length + (hasLeftTrim ? 1 : 0);
    const remark = matchAt(comment, text, inside);
    if (remark !== null) {
      isTrimmed = remark[1] === '-';
      at = inside + remark[0].length;
      continue;
    }
    const line = lineAt(start);
    const cut = cutAction(text, inside, lineAt);
    parts.push({ type: 'action', words: cut.words, line });
    isTrimmed = cut.isTrimmed;
    at = cut.end;
  }
}

interface CutAction {
  readonly words: readonly Word[];
  readonly end: number;
  readonly isTrimmed: boolean;
}

function cutAction(text: string, start: number, lineAt: (at: number) => number): CutAction {
  const firstLine = lineAt(start);
  const words: Word[] = [];
  let at = start;
  let isApart = false;
  for (;;) {
    const end = matchAt(closing, text, at);
    if (end !== null) return { words, end: at + end[0].length, isTrimmed: end[0].includes('-') };
    const space = matchAt(blank, text, at);
    if (space !== null) {
      at += space[0].length;
      isApart = true;
      continue;
    }
    if (at >= text.length) throw new TemplateError(firstLine, 'unclosed action');
    const word = wordAt(text, at, lineAt(at), isApart);
    words.push(word.word);
    at += word.length;
    isApart = false;
  }
}

function wordAt(
  text: string,
  at: number,
  line: number,
  isApart: boolean,
): { readonly word: Word; readonly length: number } {
  for (const [type, form] of forms) {
    const found = matchAt(form, text, at);
    if (found === null) continue;
    return { word: { type, text: contentOf(type, found[0], line), line, isApart }, length: found[0].length };
  }
  throw new TemplateError(line, `unexpected ${JSON.stringify(text.slice(at, at + 1))} in an action`);
}

function contentOf(type: Word['type'], raw: string, line: number): string {
  if (type === 'field' || type === 'variable') return raw.slice(1);
  if (type === 'string') return raw.startsWith('`') ? raw.slice(1, -1) : unescape(raw.slice(1, -1), line);
  if (type === 'number' && raw.startsWith("'")) return String(unescape(raw.slice(1, -1), line).codePointAt(0));
  return raw;
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

function unescape(text: string, line: number): string {
  const form = /\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.)/gu;
  return text.replace(form, (_all, code: string) => {
    const known = escapes[code];
    if (known !== undefined) return known;
    const isOctal = /^[0-7]{3}$/.test(code);
    const number = isOctal ? Number.parseInt(code, 8) : Number.parseInt(code.slice(1), 16);
    if ((!isOctal && code.length === 1) || !(number <= 0x10_ffff)) {
      throw new TemplateError(line, `unknown escape \\${code} in a string`);
    }
    return String.fromCodePoint(number);
  });
}

function matchAt(form: RegExp, text: string, at: number): RegExpExecArray | null {
  form.lastIndex = at;
  return form.exec(text);
}

/** Returns a function that tells the line of a place; places come in ascending order. */
function lineCounter(text: string): (at: number) => number {
  let line = 1;
  let next = text.indexOf('\n');
  return (at) => {
    while (next >= 0 && next < at) {
      line += 1;
      next = text.indexOf('\n', next + 1);
    }
    return line;
  };
}
