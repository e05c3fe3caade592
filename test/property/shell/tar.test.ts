/** Archives: whatever goes in comes out, a real `tar` reads what we write and we what it writes, and what is no archive is an error. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, emptyBytes, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { Interpreter } from '../../../src/shell/interpreter.ts';
import { MemoryFiles } from '../../../src/shell/memory-files.ts';
import { MemoryStore, memoryFolder } from '../../../src/shell/memory-tree.ts';
import { ShellState } from '../../../src/shell/shell-state.ts';
import { readerOf, writerTo } from '../../../src/shell/streams.ts';
import { Tasks } from '../../../src/shell/tasks.ts';
import { bareMachine } from '../../unit/shell/bare-machine.ts';

interface Outcome {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

function emptyFiles(): MemoryFiles {
  const root = memoryFolder(new MemoryStore(null, { bytesMax: 1_000_000, filesMax: 1_000 }), 0);
  return new MemoryFiles({ root, mounts: new Map(), nowMs: () => 1_000_000 });
}

/** Runs one command over files. */
function run(files: MemoryFiles, argv: readonly string[], input: Uint8Array = emptyBytes): Outcome {
  const [stdout, stderr]: [Uint8Array[], Uint8Array[]] = [[], []];
  const tasks = new Tasks(0);
  const machine = bareMachine(tasks);
  const streams = {
    stdin: readerOf(input),
    stdout: writerTo((bytes) => stdout.push(bytes)),
    stderr: writerTo((bytes) => stderr.push(bytes)),
  };
  const job = tasks.start(new Interpreter(new ShellState({}, files, 'sh', []), machine, streams).runArgv(argv));
  for (let turn = 0; !job.isOver && turn < 10_000; turn += 1) tasks.run(0, 10_000);
  return { code: job.result() ?? -1, stdout: concatBytes(stdout), stderr: utf8Text(concatBytes(stderr)) };
}

function write(files: MemoryFiles, path: string, content: Uint8Array): void {
  files.mkdir(path.slice(0, path.lastIndexOf('/')), { recursive: true });
  files.open(path, 'w').write(content);
}

function contentOf(files: MemoryFiles, path: string): Uint8Array {
  return files.open(path, 'r').read(1_000_000) ?? emptyBytes;
}

const part = fc.oneof(
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc
    .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
    .filter((name) => !/[/\0]/.test(name) && !/^\.+$/.test(name)),
  fc.nat(140).map((length) => `l${'o'.repeat(length)}ng`),
);
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `/in/${parts.join('/')}.f`);
const tree = fc.uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 1_500 })), {
  selector: ([name]) => name,
  maxLength: 6,
});

test('whatever goes in comes out', () => {
  fc.assert(
    fc.property(tree, fc.boolean(), (entries, isCompressed) => {
      const [source, target] = [emptyFiles(), emptyFiles()];
      source.mkdir('/in', { recursive: true });
      for (const [name, content] of entries) write(source, name, content);
      source.symlink(`/in/${'far/'.repeat(40)}away`, '/in/link');
      const z = isCompressed ? 'z' : '';
      const archive = run(source, ['tar', `c${z}f`, '-', '/in']);
      expect(archive).toMatchObject({ code: 0, stderr: '' });
      expect(run(target, ['tar', `x${z}mf`, '-', '-C', '/'], archive.stdout)).toMatchObject({ code: 0, stderr: '' });
      for (const [name, content] of entries) expect(contentOf(target, name)).toEqual(content);
      expect(target.readlink('/in/link')).toBe(source.readlink('/in/link'));
    }),
    { numRuns: 150 },
  );
});

test('an archive that is cut off or that was changed is an error, or unpacks, and never more', () => {
  const source = emptyFiles();
  write(source, '/in/a', utf8('a'.repeat(700)));
  write(source, `/in/${'long'.repeat(40)}`, utf8('b'));
  const { stdout } = run(source, ['tar', 'cf', '-', 'in']);
  fc.assert(
    fc.property(fc.nat(stdout.length), fc.nat(stdout.length - 1), fc.nat(255), (length, at, byte) => {
      const cut = run(emptyFiles(), ['tar', 'xf', '-'], stdout.subarray(0, length));
      const isWhole = cut.code === 0;
      if (!isWhole) expect(cut.stderr).toMatch(/^tar: unexpected end of the archive/);
      const changed = Uint8Array.from(stdout);
      changed[at] = byte;
      expect([0, 1]).toContain(run(emptyFiles(), ['tar', 'xf', '-'], changed).code);
    }),
    // The example takes the only blank out of a record.
    { numRuns: 300, examples: [[1_732, 2_563, 143]] },
  );
  expect(run(emptyFiles(), ['tar', 'xf', '-'], utf8('no archive'.repeat(100)))).toMatchObject({ code: 1 });
  expect(run(emptyFiles(), ['tar', 'xzf', '-'], utf8('\x1f')).code).toBe(1);
  const bomb = Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 255, 255, 255, 255]);
  expect(run(emptyFiles(), ['tar', 'xzf', '-'], bomb).code).toBe(1);
});

const hasTar = spawnSync('tar', ['--version']).status === 0;

test.runIf(hasTar)('the tar of the machine and ours read each other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'threemaster-tar-'));
  try {
    const long = `${'deep/'.repeat(25)}${'x'.repeat(120)}`;
    mkdirSync(join(folder, 'deep/'.repeat(25)), { recursive: true });
    writeFileSync(join(folder, long), 'of a long name');
    writeFileSync(join(folder, 'ünï.txt'), 'umlauts');
    const theirs = spawnSync('tar', ['cf', '-', '-C', folder, '.']).stdout;
    const ours = emptyFiles();
    expect(run(ours, ['tar', 'xf', '-'], new Uint8Array(theirs))).toMatchObject({ code: 0, stderr: '' });
    expect(utf8Text(contentOf(ours, `/${long}`))).toBe('of a long name');
    expect(utf8Text(contentOf(ours, '/ünï.txt'))).toBe('umlauts');
    const { stdout } = run(ours, ['tar', 'cf', '-', '-C', '/', '.']);
    const back = join(folder, 'back');
    mkdirSync(back);
    expect(spawnSync('tar', ['xf', '-', '-C', back], { input: stdout }).status).toBe(0);
    expect(readFileSync(join(back, long), 'utf8')).toBe('of a long name');
    expect(readFileSync(join(back, 'ünï.txt'), 'utf8')).toBe('umlauts');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a name that leads upwards is passed over', () => {
  const source = emptyFiles();
  write(source, '/in/x', utf8('x'));
  const { stdout } = run(source, ['tar', 'cf', '-', '-C', '/in', '../in/x']);
  const target = emptyFiles();
  target.mkdir('/deep', { recursive: true });
  expect(run(target, ['tar', 'xf', '-', '-C', '/deep'], stdout).code).toBe(0);
  expect([target.names('/'), target.names('/deep')]).toEqual([['deep'], []]);
});
