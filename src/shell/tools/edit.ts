/** Tools that choose, order and change lines. */
import { Expression } from '../expression.ts';
import { expressionCharactersMax, wordCharactersMax } from '../limits.ts';
import { readLine, TextSource } from '../streams.ts';
import type { Task } from '../tasks.ts';
import { eachInput, parseFlags, type Tool, type ToolCall, UsageError } from '../tool.ts';
import { unescaped } from './text.ts';

function* grep(call: ToolCall): Task<number> {
  const { flags, values, rest } = parseFlags(call.args, 'ivcnqEFlwohsrx', 'em', { quiet: 'q' });
  const [first = '', ...others] = rest;
  const pattern = values.get('e') ?? first;
  const paths = values.has('e') ? rest : others;
  const plain = flags.has('F')
    ? pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    : flags.has('E')
      ? pattern
      : basicPattern(pattern);
  const whole = flags.has('x') ? `^(?:${plain})$` : flags.has('w') ? `\\b(?:${plain})\\b` : plain;
  const expression = new Expression(whole, flags.has('i'));
  let found = 0;
  const code = yield* eachInput(call, paths, function* (reader, path) {
    let count = 0;
    let number = 0;
    for (let line = yield* readLine(reader, call.memory); line !== null; line = yield* readLine(reader, call.memory)) {
      number += 1;
      const match = yield* expression.find(line);
      if ((match !== null) === flags.has('v')) continue;
      count += 1;
      if (flags.has('q') || flags.has('c') || flags.has('l')) continue;
      const title = paths.length > 1 && !flags.has('h') ? `${path}:` : '';
      const shown = flags.has('o') && match !== null ? match : line;
      yield* call.stdout.write(`${title}${flags.has('n') ? `${number}:` : ''}${shown}\n`);
      if (values.has('m') && count >= Number(values.get('m'))) break;
    }
    found += count;
    if (flags.has('c')) yield* call.stdout.write(`${paths.length > 1 ? `${path}:` : ''}${count}\n`);
    if (flags.has('l') && count > 0) yield* call.stdout.write(`${path}\n`);
  });
  return code !== 0 ? 2 : found > 0 ? 0 : 1;
}

/** In basic expressions a backslash gives `(`, `{`, `+`, `?` and `|` their meaning, in extended ones it takes it. */
export function basicPattern(pattern: string): string {
  return pattern.replaceAll(
    /\\([(){}+?|])|([(){}+?|])/g,
    (_found, escaped: string | undefined, bare: string | undefined) => escaped ?? `\\${bare ?? ''}`,
  );
}

function* sort(call: ToolCall): Task<number> {
  const { flags, values, rest } = parseFlags(call.args, 'rnuf', 'kt');
  const lines: string[] = [];
  let characters = 0;
  const code = yield* eachInput(call, rest, function* (reader) {
    for (let line = yield* readLine(reader, call.memory); line !== null; line = yield* readLine(reader, call.memory)) {
      characters += line.length + 1;
      if (characters > wordCharactersMax) throw new Error('out of memory');
      call.memory.take(line.length + 1);
      lines.push(line);
    }
  });
  const field = Number.parseInt(values.get('k') ?? '0', 10);
  const keyOf = (line: string): string => (field > 0 ? (line.split(values.get('t') ?? /\s+/)[field - 1] ?? '') : line);
  const compare = (left: string, right: string): number => {
    const [a, b] = [keyOf(left), keyOf(right)];
    if (flags.has('n')) return (Number.parseFloat(a) || 0) - (Number.parseFloat(b) || 0);
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const sorted = lines.toSorted(compare);
  if (flags.has('r')) sorted.reverse();
  const shown = flags.has('u') ? sorted.filter((line, index) => line !== sorted[index - 1]) : sorted;
  yield* call.stdout.write(shown.map((line) => `${line}\n`).join(''));
  return code;
}

function* uniq(call: ToolCall): Task<number> {
  const { flags, rest } = parseFlags(call.args, 'cdu');
  let last: string | null = null;
  let count = 0;
  function* tell(): Task<void> {
    if (last === null || (flags.has('d') && count < 2) || (flags.has('u') && count > 1)) return;
    yield* call.stdout.write(`${flags.has('c') ? `${String(count).padStart(7)} ` : ''}${last}\n`);
  }
  const code = yield* eachInput(call, rest.slice(0, 1), function* (reader) {
    for (let line = yield* readLine(reader, call.memory); line !== null; line = yield* readLine(reader, call.memory)) {
      if (line === last) count += 1;
      else {
        yield* tell();
        [last, count] = [line, 1];
      }
    }
  });
  yield* tell();
  return code;
}

function* cut(call: ToolCall): Task<number> {
  const { values, rest } = parseFlags(call.args, 's', 'dfc');
  const list = (values.get('f') ?? values.get('c') ?? '').split(',').map((range) => {
    const [from = '', to] = range.split('-');
    return {
      from: Number(from) || 1,
      to: to === undefined ? Number(from) : to === '' ? Number.POSITIVE_INFINITY : Number(to),
    };
  });
  const delimiter = values.has('c') ? '' : (values.get('d') ?? '\t');
  return yield* eachInput(call, rest, function* (reader) {
    for (let line = yield* readLine(reader, call.memory); line !== null; line = yield* readLine(reader, call.memory)) {
      const fields = line
        .split(delimiter)
        .filter((_field, index) => list.some(({ from, to }) => index + 1 >= from && index + 1 <= to));
      yield* call.stdout.write(`${fields.join(delimiter)}\n`);
    }
  });
}

function* tr(call: ToolCall): Task<number> {
  const { flags, rest } = parseFlags(call.args, 'ds');
  const [from = [], to = []] = rest.map(characters);
  const squeezed = new Set(flags.has('s') ? (to.length > 0 ? to : from) : []);
  const translate = (character: string): string => {
    const index = from.indexOf(character);
    if (index < 0) return character;
    return flags.has('d') ? '' : (to[Math.min(index, to.length - 1)] ?? character);
  };
  const input = new TextSource(call.stdin);
  let last = '';
  for (let text = yield* input.read(); text !== null; text = yield* input.read()) {
    let output = '';
    for (const character of text) {
      const translated = translate(character);
      if (translated === '') continue;
      if (translated !== last || !squeezed.has(translated)) output += translated;
      last = translated;
    }
    if (output !== '') yield* call.stdout.write(output);
  }
  return 0;
}

const classes: Readonly<Record<string, string>> = {
  '[:upper:]': 'A-Z',
  '[:lower:]': 'a-z',
  '[:digit:]': '0-9',
  '[:space:]': ' \t\n\r',
};

function characters(set: string): string[] {
  const text = [...unescaped(classes[set] ?? set)];
  const all: string[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const [first = '', dash, last] = text.slice(index, index + 3);
    if (dash !== '-' || last === undefined) {
      all.push(first);
      continue;
    }
    for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code += 1) all.push(String.fromCharCode(code));
    index += 2;
  }
  return all;
}

function* sed(call: ToolCall): Task<number> {
  const { flags, values, rest } = parseFlags(call.args, 'nEri', 'e');
  const [first = '', ...others] = rest;
  const script = values.get('e') ?? first;
  if (script.length > expressionCharactersMax) throw new UsageError('script too long');
  const match = /^(?:(\d+)|\/(.*?)\/)?(?:s(.)(.*?)\3(.*?)\3([gip]*)|([pd]))$/.exec(script);
  if (match === null)
    throw new UsageError(
      `unknown script: ${script}; there are s/a/b/gip, p and d, each with a line or a pattern before it`,
    );
  const [, line, address, , from = '', to = '', options = '', command] = match;
  const expression = new Expression(flags.has('E') || flags.has('r') ? from : basicPattern(from));
  const addressed = address === undefined ? null : new Expression(basicPattern(address));
  const replacement = (groups: readonly string[]): string =>
    to.replaceAll(/\\(.)|&/gs, (found, escaped: string | undefined) => {
      if (escaped === undefined) return groups[0] ?? '';
      if (/\d/.test(escaped)) return groups[Number(escaped)] ?? '';
      return escaped === 'n' ? '\n' : escaped === '&' ? '&' : found;
    });
  let number = 0;
  return yield* eachInput(call, values.has('e') ? rest : others, function* (reader) {
    for (let text = yield* readLine(reader, call.memory); text !== null; text = yield* readLine(reader, call.memory)) {
      number += 1;
      const isMeant =
        line !== undefined ? Number(line) === number : addressed === null || (yield* addressed.find(text)) !== null;
      if (command === 'd' && isMeant) continue;
      const next =
        isMeant && command === undefined ? yield* expression.replace(text, replacement, options.includes('g')) : text;
      if (!flags.has('n')) yield* call.stdout.write(`${next}\n`);
      if ((command === 'p' && isMeant) || (options.includes('p') && next !== text))
        yield* call.stdout.write(`${next}\n`);
    }
  });
}

export const editTools: Readonly<Record<string, Tool>> = { grep, sort, uniq, cut, tr, sed };
