/** Tools that read and write text. */
import { eachInput, linesOf, openWriter, parseFlags, readAll, type Tool, UsageError } from '../tool.ts';

const cat: Tool = async (call) => {
  const { rest } = parseFlags(call.args, 'u');
  const paths = call.args.includes('-') ? call.args : rest;
  return eachInput(call, paths, async (reader) => {
    for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) await call.stdout.write(bytes);
  });
};

const echo: Tool = async ({ args, stdout }) => {
  let words = args;
  let ends = true;
  let escapes = false;
  while (/^-[neE]+$/.test(words[0] ?? '')) {
    if (words[0]?.includes('n')) ends = false;
    if (words[0]?.includes('e')) escapes = true;
    words = words.slice(1);
  }
  const text = words.join(' ');
  await stdout.write((escapes ? unescaped(text) : text) + (ends ? '\n' : ''));
  return 0;
};

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  a: '\u0007',
  0: '\0',
  e: '\u001b',
};

function unescaped(text: string): string {
  return text.replaceAll(/\\([ntr\\a0e])/g, (_found, letter: string) => escapes[letter] ?? letter);
}

const printf: Tool = async ({ args, stdout }) => {
  const [format = '', ...values] = args;
  const text = unescaped(format);
  const once = (): void => {
    output += text.replaceAll(/%(-?\d*)(?:\.\d+)?([sdixc%q])/g, (_found, width: string, type: string) => {
      if (type === '%') return '%';
      const value = values.shift() ?? '';
      const shown =
        type === 's' || type === 'q'
          ? value
          : type === 'c'
            ? value.slice(0, 1)
            : type === 'x'
              ? Number(value).toString(16)
              : String(Math.trunc(Number(value)) || 0);
      if (width.startsWith('0')) return shown.padStart(Number(width), '0');
      return width.startsWith('-') ? shown.padEnd(Number(width.slice(1))) : shown.padStart(Number(width));
    });
  };
  let output = '';
  do once();
  while (values.length > 0 && /%[^%]/.test(text));
  await stdout.write(output);
  return 0;
};

const head: Tool = async (call) => {
  const { values, rest } = parseFlags(
    call.args.map((arg) => arg.replace(/^-(\d+)$/, '-n$1')),
    'q',
    'nc',
  );
  const bytesMax = values.has('c') ? Number(values.get('c')) : null;
  const linesMax = Number(values.get('n') ?? 10);
  return eachInput(call, rest, async (reader) => {
    let left = bytesMax ?? linesMax;
    for (
      let bytes = left > 0 ? await reader.read() : null;
      bytes !== null;
      bytes = left > 0 ? await reader.read() : null
    ) {
      let end = bytesMax === null ? 0 : Math.min(left, bytes.length);
      if (bytesMax !== null) left -= end;
      else {
        for (; left > 0 && end < bytes.length; left -= 1) {
          const newline = bytes.indexOf(0x0a, end);
          if (newline < 0) break;
          end = newline + 1;
        }
        if (left > 0) end = bytes.length;
      }
      await call.stdout.write(bytes.subarray(0, end));
    }
  });
};

const followMs = 100;

const tail: Tool = async (call) => {
  const { flags, values, rest } = parseFlags(
    call.args.map((arg) => arg.replace(/^-(\d+)$/, '-n$1')),
    'fFq',
    'nc',
  );
  const count = values.get('n') ?? '10';
  const code = await eachInput(call, rest, async (reader) => {
    const text = (await readAll(reader)).toString('utf8');
    if (values.has('c')) return call.stdout.write(text.slice(-Number(values.get('c')))) as Promise<void>;
    const lines = text.split('\n');
    const endsWhole = lines.at(-1) === '';
    if (endsWhole) lines.pop();
    const shown = count.startsWith('+')
      ? lines.slice(Number(count) - 1)
      : lines.slice(Math.max(0, lines.length - Number(count)));
    return call.stdout.write(
      shown.map((line, index) => (index === shown.length - 1 && !endsWhole ? line : `${line}\n`)).join(''),
    ) as Promise<void>;
  });
  const [path] = rest;
  if (path === undefined || !(flags.has('f') || flags.has('F')) || code !== 0) return code;
  if (path === '/dev/null') await new Promise((resolve) => setTimeout(resolve, foreverMs));
  for (let { size } = await call.files.stat(path); ; ) {
    await new Promise((resolve) => setTimeout(resolve, followMs));
    const now = (await call.files.stat(path)).size;
    if (now < size) size = 0;
    if (now > size) await call.stdout.write((await call.files.readFile(path)).subarray(size));
    size = now;
  }
};

/** The longest that a timer can take. */
export const foreverMs = 0x7fff_ffff;

const wc: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'lwcm');
  return eachInput(call, rest, async (reader, path) => {
    const bytes = await readAll(reader);
    const text = bytes.toString('utf8');
    const all = flags.size === 0;
    const counts: number[] = [];
    if (all || flags.has('l')) counts.push(text.split('\n').length - 1);
    if (all || flags.has('w')) counts.push(text.split(/\s+/).filter((word) => word !== '').length);
    if (all || flags.has('c')) counts.push(bytes.length);
    if (flags.has('m')) counts.push([...text].length);
    await call.stdout.write(`${counts.join(' ')}${path === '-' ? '' : ` ${path}`}\n`);
  });
};

const grep: Tool = async (call) => {
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
  const expression = new RegExp(whole, flags.has('i') ? 'i' : '');
  let found = 0;
  const code = await eachInput(call, paths, async (reader, path) => {
    let count = 0;
    let number = 0;
    for await (const line of linesOf(reader)) {
      number += 1;
      const match = expression.exec(line);
      if ((match !== null) === flags.has('v')) continue;
      count += 1;
      if (flags.has('q') || flags.has('c') || flags.has('l')) continue;
      const title = paths.length > 1 && !flags.has('h') ? `${path}:` : '';
      const shown = flags.has('o') && match !== null ? match[0] : line;
      await call.stdout.write(`${title}${flags.has('n') ? `${number}:` : ''}${shown}\n`);
      if (values.has('m') && count >= Number(values.get('m'))) break;
    }
    found += count;
    if (flags.has('c')) await call.stdout.write(`${paths.length > 1 ? `${path}:` : ''}${count}\n`);
    if (flags.has('l') && count > 0) await call.stdout.write(`${path}\n`);
  });
  return code !== 0 ? 2 : found > 0 ? 0 : 1;
};

/** In basic expressions a backslash gives `(`, `{`, `+`, `?` and `|` their meaning, in extended ones it takes it. */
export function basicPattern(pattern: string): string {
  return pattern.replaceAll(
    /\\([(){}+?|])|([(){}+?|])/g,
    (_found, escaped: string | undefined, bare: string | undefined) => escaped ?? `\\${bare ?? ''}`,
  );
}

const sort: Tool = async (call) => {
  const { flags, values, rest } = parseFlags(call.args, 'rnuf', 'kt');
  const lines: string[] = [];
  const code = await eachInput(call, rest, async (reader) => {
    for await (const line of linesOf(reader)) lines.push(line);
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
  await call.stdout.write(shown.map((line) => `${line}\n`).join(''));
  return code;
};

const uniq: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'cdu');
  let last: string | null = null;
  let count = 0;
  const tell = async (): Promise<void> => {
    if (last === null || (flags.has('d') && count < 2) || (flags.has('u') && count > 1)) return;
    await call.stdout.write(`${flags.has('c') ? `${String(count).padStart(7)} ` : ''}${last}\n`);
  };
  const code = await eachInput(call, rest.slice(0, 1), async (reader) => {
    for await (const line of linesOf(reader)) {
      if (line === last) count += 1;
      else {
        await tell();
        [last, count] = [line, 1];
      }
    }
  });
  await tell();
  return code;
};

const cut: Tool = async (call) => {
  const { values, rest } = parseFlags(call.args, 's', 'dfc');
  const list = (values.get('f') ?? values.get('c') ?? '').split(',').map((range) => {
    const [from = '', to] = range.split('-');
    return {
      from: Number(from) || 1,
      to: to === undefined ? Number(from) : to === '' ? Number.POSITIVE_INFINITY : Number(to),
    };
  });
  const delimiter = values.has('c') ? '' : (values.get('d') ?? '\t');
  return eachInput(call, rest, async (reader) => {
    for await (const line of linesOf(reader)) {
      const fields = line
        .split(delimiter)
        .filter((_field, index) => list.some(({ from, to }) => index + 1 >= from && index + 1 <= to));
      await call.stdout.write(`${fields.join(delimiter)}\n`);
    }
  });
};

const tr: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'ds');
  const [from = [], to = []] = rest.map(characters);
  const text = (await readAll(call.stdin)).toString('utf8');
  const mapped = [...text].flatMap((character) => {
    const index = from.indexOf(character);
    if (index < 0) return [character];
    return flags.has('d') ? [] : [to[Math.min(index, to.length - 1)] ?? character];
  });
  const squeezed = flags.has('s')
    ? mapped.filter(
        (character, index) => character !== mapped[index - 1] || !(to.length > 0 ? to : from).includes(character),
      )
    : mapped;
  await call.stdout.write(squeezed.join(''));
  return 0;
};

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

const sed: Tool = async (call) => {
  const { flags, values, rest } = parseFlags(call.args, 'nEri', 'e');
  const [first = '', ...others] = rest;
  const script = values.get('e') ?? first;
  const match = /^(?:(\d+)|\/(.*?)\/)?(?:s(.)(.*?)\3(.*?)\3([gip]*)|([pd]))$/.exec(script);
  if (match === null)
    throw new UsageError(
      `unknown script: ${script}; there are s/a/b/gip, p and d, each with a line or a pattern before it`,
    );
  const [, line, address, , from = '', to = '', options = '', command] = match;
  const expression = new RegExp(
    flags.has('E') || flags.has('r') ? from : basicPattern(from),
    options.includes('g') ? 'g' : '',
  );
  const replacement = to
    .replaceAll('$', '$$$$')
    .replaceAll(/\\(\d)/g, '$$$1')
    .replaceAll('\\n', '\n')
    .replaceAll(/(?<!\\)&/g, '$$&');
  let number = 0;
  return eachInput(call, values.has('e') ? rest : others, async (reader) => {
    for await (const text of linesOf(reader)) {
      number += 1;
      const isMeant =
        line === undefined && address === undefined
          ? true
          : line === undefined
            ? new RegExp(basicPattern(address ?? '')).test(text)
            : Number(line) === number;
      if (command === 'd' && isMeant) continue;
      const next = isMeant && command === undefined ? text.replace(expression, replacement) : text;
      if (!flags.has('n')) await call.stdout.write(`${next}\n`);
      if ((command === 'p' && isMeant) || (options.includes('p') && next !== text))
        await call.stdout.write(`${next}\n`);
    }
  });
};

const tee: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'a');
  const writers = await Promise.all(rest.map((path) => openWriter(call, path, flags.has('a') ? 'a' : 'w')));
  for (let bytes = await call.stdin.read(); bytes !== null; bytes = await call.stdin.read()) {
    for (const writer of [call.stdout, ...writers]) await writer.write(bytes);
  }
  for (const writer of writers) await writer.close();
  return 0;
};

export const textTools: Readonly<Record<string, Tool>> = {
  cat,
  echo,
  printf,
  head,
  tail,
  wc,
  grep,
  sort,
  uniq,
  cut,
  tr,
  sed,
  tee,
};
