/** Patterns of file names: `*`, `?`, `[a-z]`, with a backslash before what is meant as it stands. */

/** Tells whether the whole text matches. */
export function matchesPattern(text: string, pattern: string): boolean {
  return patternExpression(pattern).test(text);
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
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  for (const length of isLongest ? lengths.toReversed() : lengths) {
    const part = isPrefix ? value.slice(0, length) : value.slice(value.length - length);
    if (matchesPattern(part, pattern)) return isPrefix ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}

function patternExpression(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    const set = character === '[' ? /^\[(!?)([^\]]+)\]/.exec(pattern.slice(at)) : null;
    if (character === '*') source += '[^]*';
    else if (character === '?') source += '[^]';
    else if (set !== null) {
      source += `[${set[1] === '!' ? '^' : ''}${(set[2] ?? '').replaceAll(/[\\\]^]/g, (each) => `\\${each}`)}]`;
      at += set[0].length - 1;
    } else if (character === '\\') {
      at += 1;
      source += literal(pattern.charAt(at));
    } else source += literal(character);
  }
  return new RegExp(`^${source}$`);
}

function literal(character: string): string {
  return character.replaceAll(/[\\^$.*+?()[\]{}|/]/g, (each) => `\\${each}`);
}
