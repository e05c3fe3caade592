/**
 * Regular expressions as Go writes them (RE2), brought to JavaScript's: flags in front, POSIX classes, the anchors of whole texts. Deviates:
 * JavaScript's engine backtracks, see docs/deviations.md.
 */

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Returns the pattern, which matches anywhere in a text unless it is anchored, or undefined when it is malformed. */
export function goPattern(text: string): RegExp | undefined {
  const flags = /^\(\?([ims]+)\)/.exec(text);
  const body = flags === null ? text : text.slice(flags[0].length);
  const translated = body
    .replace(/\[:(\w+):\]/g, (whole, name: string) => posixClasses[name] ?? whole)
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$')
    .replace(/\(\?P</g, '(?<');
  try {
    // Unicode mode refuses escapes that Go allows, so it is taken only where a class needs it.
    return new RegExp(translated, (flags?.[1] ?? '') + (/\\[pP]\{/.test(translated) ? 'u' : ''));
  } catch {
    return undefined;
  }
}
