/** Reads words: text, quotes, variables, substitutions. */
import { type Script, ShellSyntaxError, type Word, type WordPart } from './syntax.ts';

/** A place in the text of a script, shared by whoever reads on from it. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** Reads a script up to the closing parenthesis that ends it, and stands at that. */
export type ReadScript = (cursor: Cursor) => Script;

const metacharacters = new Set([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')']);
const nameStart = /[A-Za-z_]/;
const nameRest = /[A-Za-z0-9_]/;
const specialNames = new Set(['?', '$', '#', '@', '*', '!', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);

export function isMetacharacter(character: string): boolean {
  return metacharacters.has(character);
}

/** Reads one word; empty when there is none here. */
export function readWord(cursor: Cursor, readScript: ReadScript): Word {
  const parts: WordPart[] = [];
  while (cursor.at < cursor.text.length) {
    const character = cursor.text.charAt(cursor.at);
    if (isMetacharacter(character)) break;
    readPart(cursor, parts, readScript, false);
  }
  return parts;
}

/** Reads text in which only `$`, a back quote and a backslash mean something, up to `end`, which it skips; null: to the end of the text. */
export function readQuoted(cursor: Cursor, end: string | null, readScript: ReadScript): Word {
  const parts: WordPart[] = [{ type: 'text', text: '', isQuoted: true }];
  for (;;) {
    if (cursor.at >= cursor.text.length) {
      if (end === null) return parts;
      throw new ShellSyntaxError('unterminated quoted string');
    }
    const character = cursor.text.charAt(cursor.at);
    if (character === end) {
      cursor.at += 1;
      return parts;
    }
    readPart(cursor, parts, readScript, true);
  }
}

function readPart(cursor: Cursor, parts: WordPart[], readScript: ReadScript, isQuoted: boolean): void {
  const character = cursor.text.charAt(cursor.at);
  if (character === '\\') return readEscape(cursor, parts, isQuoted);
  if (character === '$') return readDollar(cursor, parts, readScript, isQuoted);
  if (character === '`') return readBackQuotes(cursor, parts, readScript, isQuoted);
  if (!isQuoted && character === "'") return readSingleQuotes(cursor, parts);
  if (!isQuoted && character === '"') {
    cursor.at += 1;
    parts.push(...readQuoted(cursor, '"', readScript));
    return undefined;
  }
  cursor.at += 1;
  return addText(parts, character, isQuoted);
}

function addText(parts: WordPart[], text: string, isQuoted: boolean): void {
  const last = parts.at(-1);
  if (last?.type === 'text' && last.isQuoted === isQuoted) {
    parts[parts.length - 1] = { ...last, text: last.text + text };
  } else parts.push({ type: 'text', text, isQuoted });
}

function readEscape(cursor: Cursor, parts: WordPart[], isQuoted: boolean): void {
  const next = cursor.text.charAt(cursor.at + 1);
  cursor.at += 2;
  if (next === '\n') return undefined;
  if (isQuoted && !'$`"\\'.includes(next)) return addText(parts, `\\${next}`, true);
  return addText(parts, next, true);
}

function readSingleQuotes(cursor: Cursor, parts: WordPart[]): void {
  const end = cursor.text.indexOf("'", cursor.at + 1);
  if (end < 0) throw new ShellSyntaxError('unterminated quoted string');
  parts.push({ type: 'text', text: cursor.text.slice(cursor.at + 1, end), isQuoted: true });
  cursor.at = end + 1;
}

function readBackQuotes(cursor: Cursor, parts: WordPart[], readScript: ReadScript, isQuoted: boolean): void {
  let inner = '';
  for (let at = cursor.at + 1; at < cursor.text.length; at += 1) {
    const character = cursor.text.charAt(at);
    if (character === '`') {
      cursor.at = at + 1;
      parts.push({ type: 'command', script: readScript({ text: inner, at: 0 }), isQuoted });
      return;
    }
    const next = cursor.text.charAt(at + 1);
    if (character === '\\' && '$`\\'.includes(next)) {
      inner += next;
      at += 1;
    } else inner += character;
  }
  throw new ShellSyntaxError('unterminated back quote');
}

function readDollar(cursor: Cursor, parts: WordPart[], readScript: ReadScript, isQuoted: boolean): void {
  const { text } = cursor;
  const next = text.charAt(cursor.at + 1);
  if (text.startsWith('$((', cursor.at)) {
    const end = endOfArithmetic(text, cursor.at + 3);
    const expression = readQuoted({ text: text.slice(cursor.at + 3, end), at: 0 }, null, readScript);
    cursor.at = end + 2;
    parts.push({ type: 'arithmetic', expression, isQuoted });
  } else if (next === '(') {
    cursor.at += 2;
    const script = readScript(cursor);
    if (cursor.text.charAt(cursor.at) !== ')') throw new ShellSyntaxError('expected ")"');
    cursor.at += 1;
    parts.push({ type: 'command', script, isQuoted });
  } else if (next === '{') readBraces(cursor, parts, readScript, isQuoted);
  else if (specialNames.has(next)) {
    cursor.at += 2;
    parts.push({ type: 'variable', name: next, operator: '', word: [], isQuoted });
  } else if (nameStart.test(next)) {
    cursor.at += 1;
    parts.push({ type: 'variable', name: readName(cursor), operator: '', word: [], isQuoted });
  } else {
    cursor.at += 1;
    addText(parts, '$', isQuoted);
  }
}

function readName(cursor: Cursor): string {
  const start = cursor.at;
  while (nameRest.test(cursor.text.charAt(cursor.at))) cursor.at += 1;
  return cursor.text.slice(start, cursor.at);
}

const operators = [':-', ':=', ':+', ':?', '-', '=', '+', '?', '##', '#', '%%', '%'];

/** `${NAME}`, `${#NAME}`, `${NAME:-word}` and the like. */
function readBraces(cursor: Cursor, parts: WordPart[], readScript: ReadScript, isQuoted: boolean): void {
  cursor.at += 2;
  const isLength = cursor.text.charAt(cursor.at) === '#' && cursor.text.charAt(cursor.at + 1) !== '}';
  if (isLength) cursor.at += 1;
  const first = cursor.text.charAt(cursor.at);
  let name = readName(cursor);
  if (name === '' && specialNames.has(first)) {
    cursor.at += 1;
    name = first;
  }
  if (name === '') throw new ShellSyntaxError('bad substitution');
  const operator = isLength ? 'length' : (operators.find((each) => cursor.text.startsWith(each, cursor.at)) ?? '');
  if (!isLength) cursor.at += operator.length;
  const word: WordPart[] = [];
  while (cursor.text.charAt(cursor.at) !== '}') {
    if (cursor.at >= cursor.text.length) throw new ShellSyntaxError('bad substitution');
    readPart(cursor, word, readScript, false);
  }
  cursor.at += 1;
  parts.push({ type: 'variable', name, operator, word, isQuoted });
}

function endOfArithmetic(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '(') depth += 1;
    else if (character === ')' && depth > 0) depth -= 1;
    else if (text.startsWith('))', at)) return at;
  }
  throw new ShellSyntaxError('expected "))"');
}
