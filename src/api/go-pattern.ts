/**
 * Regular expressions as Kubernetes has them: Go's, which take time in proportion to the text whatever the expression, so that nobody's
 * schema can hold a thread up.
 */
import { RE2JS } from 're2js';

export interface Pattern {
  /** Tells whether the pattern matches anywhere in `text`. */
  test(text: string): boolean;
}

/** Returns the pattern, or undefined when it is malformed. */
export function goPattern(text: string): Pattern | undefined {
  try {
    const compiled = RE2JS.compile(text);
    return { test: (subject) => compiled.matcher(subject).find() };
  } catch {
    return undefined;
  }
}

/** Returns the first match of a pattern, or all of them up to `countMax`; empty for a malformed pattern. */
export function findMatches(pattern: string, text: string, countMax: number): readonly string[] {
  const found: string[] = [];
  try {
    const matcher = RE2JS.compile(pattern).matcher(text);
    while (found.length < countMax && matcher.find()) found.push(matcher.group() ?? '');
  } catch {
    return found;
  }
  return found;
}
