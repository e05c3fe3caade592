/** Patterns of file names: `*`, `?`, `[a-z]`, with a backslash before what is meant as it stands. */
import { patternWorkMax } from './limits.ts';

/** What one sign of a pattern takes: any text, or a character that it knows. */
type Sign = '*' | ((character: string) => boolean);

/** Tells whether the whole text matches. */
export function matchesPattern(text: string, pattern: string): boolean {
  const signs = signsOf(pattern);
  mustBeShort(text, signs);
  let [at, position] = [0, 0];
  // Where the last star stands, and how far the text is that it takes: no earlier star ever needs to take more.
  let [star, taken] = [-1, 0];
  while (at < text.length) {
    const sign = signs[position];
    if (sign === '*') [star, taken, position] = [position, at, position + 1];
    else if (sign?.(text.charAt(at)) === true) [at, position] = [at + 1, position + 1];
    else if (star < 0) return false;
    else {
      taken += 1;
      [at, position] = [taken, star + 1];
    }
  }
  return signs.slice(position).every((sign) => sign === '*');
}

export function hasWildcard(pattern: string): boolean {
  return /[*?[]/.test(pattern.replaceAll(/\\./gs, ''));
}

/** Returns text with everything that a pattern would take for a sign escaped. */
export function escapedPattern(text: string): string {
  return text.replaceAll(/[\\*?[\]]/g, (character) => `\\${character}`);
}

/** Returns what `#`, `##`, `%` or `%%` leave of a value. */
export function trimmed(value: string, pattern: string, operator: string): string {
  const isPrefix = operator.startsWith('#');
  const isLongest = operator.length === 2;
  const signs = signsOf(pattern);
  mustBeShort(value, signs);
  const length = matchLength(
    (index) => value.charAt(isPrefix ? index : value.length - 1 - index),
    value.length,
    isPrefix ? signs : signs.toReversed(),
    isLongest,
  );
  return isPrefix ? value.slice(length) : value.slice(0, value.length - length);
}

/** Returns how many characters from the start match, at least or at most; 0 when none do. */
function matchLength(
  characterAt: (index: number) => string,
  length: number,
  signs: readonly Sign[],
  isLongest: boolean,
): number {
  let found = 0;
  let states = withStars(new Set([0]), signs);
  for (let index = 0; states.size > 0; index += 1) {
    if (states.has(signs.length)) {
      found = index;
      if (!isLongest) return found;
    }
    if (index >= length) return found;
    const next = new Set<number>();
    const character = characterAt(index);
    for (const state of states) {
      const sign = signs[state];
      if (sign === '*') next.add(state);
      else if (sign?.(character) === true) next.add(state + 1);
    }
    states = withStars(next, signs);
  }
  return found;
}

/** Adds what a star that takes nothing leads to. */
function withStars(states: Set<number>, signs: readonly Sign[]): Set<number> {
  for (const state of states) if (signs[state] === '*') states.add(state + 1);
  return states;
}

/** Throws when to match would take too long. */
function mustBeShort(text: string, signs: readonly Sign[]): void {
  if (signs.includes('*') && text.length * signs.length > patternWorkMax) throw new Error('pattern too long');
}

function signsOf(pattern: string): readonly Sign[] {
  const signs: Sign[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    const end = character === '[' ? pattern.indexOf(']', at + (pattern.charAt(at + 1) === '!' ? 3 : 2)) : -1;
    if (character === '*') {
      if (signs.at(-1) !== '*') signs.push('*');
    } else if (character === '?') signs.push(() => true);
    else if (end >= 0) {
      signs.push(oneOf(pattern.slice(at + 1, end)));
      at = end;
    } else {
      if (character === '\\') at += 1;
      const meant = pattern.charAt(at);
      if (meant !== '') signs.push((other) => other === meant);
    }
  }
  return signs;
}

function oneOf(set: string): Sign {
  const isNot = set.startsWith('!');
  const characters = (isNot ? set.slice(1) : set).replaceAll(/[\\\]^]/g, (each) => `\\${each}`);
  const expression = new RegExp(`^[${isNot ? '^' : ''}${characters}]$`);
  return (character) => expression.test(character);
}
