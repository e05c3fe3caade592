/**
 * The repository holds itself to its own rules: imports go only where rooms.json lets them, cores reach no clock, chance or
 * Promise, files and functions stay small, and nothing stands at the top level that the design does not name.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

interface Room {
  readonly layer: number;
  readonly may: readonly string[];
  readonly npm?: readonly string[];
  readonly node?: boolean;
  readonly onlyIn?: Readonly<Record<string, readonly string[]>>;
  readonly exempt?: string;
}

const root = resolve(import.meta.dirname, '../..');
const rooms = JSON.parse(readFileSync(join(root, 'rooms.json'), 'utf8')) as Record<string, Room>;
const sources = [...walk('src'), ...walk('actors')].filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));

const linesMax = 500;
/** Longest function body allowed, in lines. */
const functionLinesMax = 70;

function walk(folder: string): string[] {
  const found: string[] = [];
  for (const name of readdirSync(join(root, folder))) {
    const path = `${folder}/${name}`;
    if (statSync(join(root, path)).isDirectory()) found.push(...walk(path));
    else found.push(path);
  }
  return found.sort();
}

function roomOf(file: string): string | undefined {
  return Object.keys(rooms).find((room) => file === room || file.startsWith(`${room}/`));
}

function importsOf(text: string): string[] {
  const pattern = /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/g;
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2]) as string);
}

function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string);
}

function judgeImport(file: string, room: string, specifier: string): string | undefined {
  const rules = rooms[room] as Room;
  if (specifier.startsWith('node:')) return rules.node ? undefined : `${file}: ${room} may not import ${specifier}`;
  if (specifier.startsWith('#workers/'))
    return rules.node ? undefined : `${file}: only a room with node may name workers`;
  if (!specifier.startsWith('.')) {
    return rules.npm?.includes(packageName(specifier))
      ? undefined
      : `${file}: ${room} may not import package ${specifier}`;
  }
  const target = relative(root, resolve(root, dirname(file), specifier));
  const targetRoom = roomOf(target);
  if (targetRoom === undefined) return `${file}: ${target} is in no room`;
  if (targetRoom === room) return undefined;
  if (!rules.may.includes(targetRoom)) return `${file}: ${room} may not import ${targetRoom}`;
  const gate = Object.entries(rules.onlyIn ?? {}).find(([, targets]) => targets.includes(targetRoom));
  if (gate !== undefined && file !== `${room}/${gate[0]}`)
    return `${file}: ${targetRoom} may be imported in ${gate[0]} only`;
  return undefined;
}

test('every arrow of rooms.json points to a lower layer', () => {
  const wrong = Object.entries(rooms).flatMap(([room, rules]) =>
    rules.may
      .filter((other) => (rooms[other]?.layer ?? Number.POSITIVE_INFINITY) >= rules.layer)
      .map((other) => `${room} -> ${other}`),
  );
  expect(wrong).toEqual([]);
});

test('files import only what their room may', () => {
  const wrong = sources.flatMap((file) => {
    const room = roomOf(file);
    if (room === undefined) return [`${file} is in no room`];
    const text = readFileSync(join(root, file), 'utf8');
    return importsOf(text).flatMap((specifier) => judgeImport(file, room, specifier) ?? []);
  });
  expect(wrong).toEqual([]);
});

const bans: readonly { pattern: RegExp; instead: string; allowed?: RegExp }[] = [
  { pattern: /\bDate\.now\b/, instead: 'the wallMs of the input' },
  { pattern: /\bperformance\.now\b/, instead: 'the monotonicMs of the input' },
  { pattern: /\bnew Date\(|\bDate\.UTC\b/, instead: 'src/base/time.ts', allowed: /^src\/base\/time\.ts$/ },
  { pattern: /\bMath\.random\b/, instead: 'src/base/random.ts' },
  { pattern: /\brandomUUID\b/, instead: 'src/base/random.ts, or the Entropy port for keys' },
  { pattern: /\bset(Timeout|Interval|Immediate)\b/, instead: 'a timer effect' },
  { pattern: /\bqueueMicrotask\b/, instead: 'an effect' },
  { pattern: /\basync\b(?!Scheduler)|\bawait\b|\bPromise\b/, instead: 'a step or a flow' },
  { pattern: /\bconsole\./, instead: 'a log effect' },
  { pattern: /\bglobalThis\b|\bprocess\./, instead: 'a port' },
];

test('cores reach the world only through ports', () => {
  const wrong = sources
    .filter((file) => file.startsWith('src/') && rooms[roomOf(file) ?? '']?.exempt === undefined)
    .flatMap((file) => {
      const text = code(readFileSync(join(root, file), 'utf8')).replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
      return bans
        .filter((ban) => !(ban.allowed?.test(file) ?? false) && ban.pattern.test(text))
        .map((ban) => `${file}: ${ban.pattern.source} is banned; use ${ban.instead}`);
    });
  expect(wrong).toEqual([]);
});

test('behaviours reach time and chance only through their inputs', () => {
  const wrong = sources
    .filter((file) => file.startsWith('actors/') && file.endsWith('/behaviour.ts'))
    .filter((file) =>
      /\bDate\.now\b|\bperformance\.now\b|\bMath\.random\b|\bset(Timeout|Interval)\b/.test(
        code(readFileSync(join(root, file), 'utf8')),
      ),
    );
  expect(wrong).toEqual([]);
});

test('a file is one noun: no source file is longer than the limit', () => {
  const wrong = sources
    .filter((file) => !file.startsWith('src/kinds/tables/'))
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > linesMax);
  expect(wrong).toEqual([]);
});

test('no function is longer than the limit', () => {
  const wrong = sources
    .filter((file) => !file.startsWith('src/kinds/tables/'))
    .flatMap((file) => longFunctions(file, readFileSync(join(root, file), 'utf8')));
  expect(wrong).toEqual([]);
});

/** Functions and methods by indentation, which the formatter makes reliable: from a header line to its closing brace. */
function longFunctions(file: string, text: string): string[] {
  const lines = text.split('\n');
  const header =
    /^(\s*)(?:export )?(?:default )?(?:(?:static |override |private |get |set |async )*(?:function\*? |[#\w*]+(?:<.*>)?\()|const \w+ = .*=> \{$).*$/;
  const found: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const match = header.exec(lines[index] as string);
    if (
      match === null ||
      /^\s*(if|for|while|switch|return|else|expect|describe|test|it)\b/.test(lines[index] as string)
    )
      continue;
    const indent = match[1] as string;
    const end = lines.findIndex((line, at) => at > index && (line === `${indent}}` || line === `${indent}};`));
    if (end === -1) continue;
    const nested = lines
      .slice(index + 1, end)
      .some((line) => line !== '' && !line.startsWith(`${indent} `) && !/^\s*[})]/.test(line));
    if (!nested && end - index > functionLinesMax) found.push(`${file}:${index + 1} has ${end - index} lines`);
  }
  return found;
}

test('the thread entry of a role is thin', () => {
  const wrong = sources
    .filter((file) => /^actors\/\w+\/main\.ts$/.test(file))
    .filter(
      (file) =>
        code(readFileSync(join(root, file), 'utf8'))
          .split('\n')
          .filter((line) => line.trim() !== '').length > 20,
    );
  expect(wrong).toEqual([]);
});

test('the asap, async and animationFrame schedulers of RxJS are used nowhere', () => {
  const wrong = sources.filter((file) =>
    /\b(asap|async|animationFrame)Scheduler\b/.test(code(readFileSync(join(root, file), 'utf8'))),
  );
  expect(wrong).toEqual([]);
});

test('nothing unfinished is marked in the sources', () => {
  const wrong = sources.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(readFileSync(join(root, file), 'utf8')));
  expect(wrong).toEqual([]);
});

test('the top level holds only what the design names', () => {
  const allowed =
    /^(package(-lock)?\.json|tsconfig(\.[a-z]+)?\.json|rooms\.json|biome\.json|vitest\.config\.ts|README\.md|CHANGELOG\.md|CONTRIBUTING\.md|LICENSE|src|actors|test|benchmarks|docs|examples|scripts|\..*|node_modules|dist)$/;
  expect(readdirSync(root).filter((name) => !allowed.test(name))).toEqual([]);
});
