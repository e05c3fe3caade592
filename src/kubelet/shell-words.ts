/** Splits a line of the simulated shell into commands: quotes, backslashes, `$NAME`, and commands joined by `;`, `&`, `&&`, `||` or line breaks. */

/** `after` says on which outcome of the command before it this one runs. */
export interface ShellCommand {
  readonly words: readonly string[];
  readonly after: 'always' | 'success' | 'failure';
}

export type ShellScript =
  | { readonly type: 'script'; readonly commands: readonly ShellCommand[] }
  | { readonly type: 'unsupported'; readonly what: string };

interface Scan {
  readonly text: string;
  readonly lookUp: (name: string) => string;
  at: number;
  word: string | null;
  words: string[];
}

/** Parses a script. `lookUp` tells the value of a variable; unset ones are empty. */
export function parseScript(text: string, lookUp: (name: string) => string): ShellScript {
  const commands: ShellCommand[] = [];
  const scan: Scan = { text, lookUp, at: 0, word: null, words: [] };
  let after: ShellCommand['after'] = 'always';
  const close = (): void => {
    endWord(scan);
    if (scan.words.length > 0) commands.push({ words: scan.words, after });
    scan.words = [];
  };
  while (scan.at < text.length) {
    const operator = /^(?:&&|\|\||[;&\n|]|\d?>&\d|[<>(){}`])/.exec(text.slice(scan.at))?.[0];
    if (operator === undefined) takeCharacter(scan);
    else if (/^[12]?>&[12]$/.test(operator)) {
      endWord(scan);
      scan.words.push(operator);
      scan.at += operator.length;
    } else if (/^[|<>(){}`]$|^\d?>/.test(operator)) return { type: 'unsupported', what: operator };
    else {
      close();
      after = operator === '&&' ? 'success' : operator === '||' ? 'failure' : 'always';
      scan.at += operator.length;
    }
  }
  close();
  return { type: 'script', commands };
}

function endWord(scan: Scan): void {
  if (scan.word !== null) scan.words.push(scan.word);
  scan.word = null;
}

function takeCharacter(scan: Scan): void {
  const character = scan.text[scan.at] as string;
  if (/\s/.test(character)) {
    endWord(scan);
    scan.at += 1;
  } else if (character === '#' && scan.word === null) {
    const end = scan.text.indexOf('\n', scan.at);
    scan.at = end === -1 ? scan.text.length : end;
  } else if (character === "'") takeQuoted(scan, "'", false);
  else if (character === '"') takeQuoted(scan, '"', true);
  else takePlain(scan);
}

function takeQuoted(scan: Scan, quote: string, expands: boolean): void {
  scan.word ??= '';
  scan.at += 1;
  while (scan.at < scan.text.length && scan.text[scan.at] !== quote) {
    if (expands) takePlain(scan);
    else {
      scan.word += scan.text[scan.at] as string;
      scan.at += 1;
    }
  }
  scan.at += 1;
}

function takePlain(scan: Scan): void {
  const rest = scan.text.slice(scan.at);
  const variable = /^\$(?:\{(\w+)\}|(\w+|\?))/.exec(rest);
  if (variable !== null) {
    scan.word = (scan.word ?? '') + scan.lookUp(variable[1] ?? variable[2] ?? '');
    scan.at += variable[0].length;
    return;
  }
  const isEscape = rest[0] === '\\' && rest.length > 1;
  scan.word = (scan.word ?? '') + (isEscape ? rest[1] : rest[0]);
  scan.at += isEscape ? 2 : 1;
}
