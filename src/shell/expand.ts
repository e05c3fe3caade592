/** Expansion of words: variables, substitutions, arithmetic, field splitting, file names. Models POSIX.1-2017 2.6. */
import { calculate } from './arithmetic.ts';
import { attempt } from './files.ts';
import { wordCharactersMax } from './limits.ts';
import { joinPath } from './paths.ts';
import { escapedPattern, hasWildcard, matchesPattern, trimmed } from './pattern.ts';
import type { ShellState } from './shell-state.ts';
import type { Script, Word, WordPart } from './syntax.ts';
import type { Task } from './tasks.ts';

export interface Expander {
  readonly state: ShellState;
  /** Runs a script and returns what it wrote, without the newlines at its end. */
  capture(script: Script): Task<string>;
}

/** A word on its way: `pattern` is the text with what was quoted escaped. */
interface Field {
  text: string;
  pattern: string;
  isQuoted: boolean;
}

/** What a word takes besides its characters. */
const wordCost = 16;

/** Expands words to arguments. */
export function* expandWords(expander: Expander, words: readonly Word[]): Task<string[]> {
  const args: string[] = [];
  let characters = 0;
  for (const word of words) {
    for (const field of yield* fieldsOf(expander, word)) {
      characters += field.text.length + wordCost;
      if (characters > wordCharactersMax) throw new Error('argument list too long');
      const names = hasWildcard(field.pattern) ? namesOf(expander.state, field.pattern) : [];
      if (names.length > 0) args.push(...names);
      else args.push(field.text);
    }
  }
  return args;
}

/** Expands a word to one text, without splitting it. */
export function* expandText(expander: Expander, word: Word): Task<string> {
  return (yield* wholeOf(expander, word)).text;
}

/** Expands a word to a pattern. */
export function* expandPattern(expander: Expander, word: Word): Task<string> {
  return (yield* wholeOf(expander, word)).pattern;
}

function* wholeOf(expander: Expander, word: Word): Task<Field> {
  const field: Field = { text: '', pattern: '', isQuoted: false };
  for (const [index, part] of word.entries()) {
    const value = yield* valueOf(expander, part, index === 0);
    field.text += value;
    mustFit(field);
    field.pattern += part.isQuoted ? escapedPattern(value) : value;
  }
  return field;
}

function* fieldsOf(expander: Expander, word: Word): Task<Field[]> {
  const { state } = expander;
  const fields: Field[] = [];
  let current: Field | null = null;
  const add = (text: string, isQuoted: boolean): void => {
    current ??= { text: '', pattern: '', isQuoted: false };
    current.text += text;
    mustFit(current);
    current.pattern += isQuoted ? escapedPattern(text) : text;
    current.isQuoted ||= isQuoted;
  };
  const close = (): void => {
    if (current !== null) fields.push(current);
    current = null;
  };
  for (const [index, part] of word.entries()) {
    if (part.type === 'variable' && part.name === '@' && part.operator === '') {
      for (const [position, arg] of state.args.entries()) {
        if (position > 0) close();
        add(arg, true);
      }
      continue;
    }
    const value = yield* valueOf(expander, part, index === 0);
    if (part.isQuoted || part.type === 'text') {
      add(value, part.isQuoted);
      continue;
    }
    const pieces = value.split(separators(state));
    for (const [position, piece] of pieces.entries()) {
      if (position > 0) close();
      if (piece !== '') add(piece, false);
    }
  }
  close();
  return fields;
}

function mustFit({ text }: Field): void {
  if (text.length > wordCharactersMax) throw new Error('out of memory');
}

function separators(state: ShellState): RegExp {
  const ifs = state.variables.get('IFS') ?? ' \t\n';
  if (ifs === '') return /(?!)/;
  const set = ifs.replaceAll(/[\\\]^-]/g, (character) => `\\${character}`);
  return /^\s+$/.test(ifs) ? new RegExp(`[${set}]+`) : new RegExp(`[${set}]`);
}

function* valueOf(expander: Expander, part: WordPart, isFirst: boolean): Task<string> {
  const { state } = expander;
  switch (part.type) {
    case 'text':
      if (isFirst && !part.isQuoted && /^~(\/|$)/.test(part.text)) {
        return (state.variables.get('HOME') ?? '/root') + part.text.slice(1);
      }
      return part.text;
    case 'command':
      return yield* expander.capture(part.script);
    case 'arithmetic': {
      const text = yield* expandText(expander, part.expression);
      const assign = (name: string, value: number): void => void state.variables.set(name, String(value));
      return String(calculate(text, (name) => state.variables.get(name) ?? '', assign));
    }
    case 'variable':
      return yield* substituted(expander, part);
  }
}

function* substituted(
  expander: Expander,
  { name, operator, word }: Extract<WordPart, { type: 'variable' }>,
): Task<string> {
  const { state } = expander;
  const value = variable(state, name);
  if (operator === 'length') return String([...(value ?? '')].length);
  if (operator.startsWith('#') || operator.startsWith('%')) {
    return trimmed(value ?? '', yield* expandPattern(expander, word), operator);
  }
  const isMissing = value === undefined || (operator.startsWith(':') && value === '');
  switch (operator.at(-1)) {
    case '-':
      return isMissing ? yield* expandText(expander, word) : (value ?? '');
    case '+':
      return isMissing ? '' : yield* expandText(expander, word);
    case '=':
      if (isMissing) state.variables.set(name, yield* expandText(expander, word));
      return variable(state, name) ?? '';
    case '?':
      if (isMissing) throw new Error(`${name}: ${(yield* expandText(expander, word)) || 'parameter not set'}`);
      return value ?? '';
    default:
      if (value === undefined && state.options.has('u') && name !== '@' && name !== '*')
        throw new Error(`${name}: parameter not set`);
      return value ?? '';
  }
}

function variable(state: ShellState, name: string): string | undefined {
  switch (name) {
    case '?':
      return String(state.lastStatus);
    case '#':
      return String(state.args.length);
    case '$':
    case '!':
      return '1';
    case '0':
      return state.name;
    case '*':
    case '@':
      return state.args.join(' ');
    case '-':
      return [...state.options].join('');
    default:
      return /^\d+$/.test(name) ? state.args[Number(name) - 1] : state.variables.get(name);
  }
}

/** Returns the files that a pattern means, sorted. */
function namesOf(state: ShellState, pattern: string): readonly string[] {
  let found = [pattern.startsWith('/') ? '/' : ''];
  for (const part of pattern.split('/').filter((each) => each !== '')) {
    const next: string[] = [];
    for (const folder of found) {
      if (!hasWildcard(part)) {
        const path = joinPath(folder, part.replaceAll('\\', ''));
        if (attempt(() => state.files.stat(path)) !== undefined) next.push(path);
        continue;
      }
      const names = attempt(() => state.files.names(folder === '' ? '.' : folder)) ?? [];
      for (const name of names) {
        if (name.startsWith('.') !== part.startsWith('.')) continue;
        if (matchesPattern(name, part)) next.push(joinPath(folder, name));
      }
    }
    found = next;
  }
  return found.toSorted();
}
