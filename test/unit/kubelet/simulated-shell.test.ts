/** Commands in simulated containers, one script at a time: streams, files, terminals, time, and what must not run away. */
import { describe, expect, test } from 'vitest';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { concatBytes, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { SimulatedShell } from '../../../src/kubelet/simulated-shell.ts';
import { MemoryFiles } from '../../../src/shell/memory-files.ts';
import { MemoryStore, memoryFolder } from '../../../src/shell/memory-tree.ts';

const outputMax = 1_000;

class Bench {
  readonly store = new MemoryStore(null, { bytesMax: 200_000, filesMax: 40 });
  readonly #files = new MemoryFiles({ root: memoryFolder(this.store, 0), mounts: new Map(), nowMs: () => this.nowMs });
  #shell: SimulatedShell | undefined;
  nowMs = 1_000;
  stdout = '';
  stderr = '';
  code: number | null = null;

  constructor() {
    this.#files.mkdir('/tmp', { recursive: false });
  }

  start(command: readonly string[], options: { readonly tty?: boolean; readonly stdin?: boolean } = {}): this {
    [this.stdout, this.stderr, this.code] = ['', '', null];
    this.#shell = new SimulatedShell(
      command,
      { tty: options.tty ?? false, stdin: options.stdin ?? false },
      {
        hostname: 'web',
        address: '10.0.0.1',
        command: ['nginx'],
        env: [{ name: 'COLOR', value: 'green' }],
        files: this.#files,
      },
    );
    return this.pump();
  }

  type(text: string, isEnd = false): this {
    this.#shell?.write(utf8(text), isEnd);
    return this.pump();
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this.pump();
  }

  /** Reads until there is nothing more at this time. */
  pump(): this {
    const shell = this.#shell;
    if (shell === undefined) return this;
    for (let count = 0; this.code === null && count < outputMax; count += 1) {
      const item = shell.read({ monotonicMs: this.nowMs as MonotonicMs, wallMs: this.nowMs as WallMs });
      if (item === null) break;
      if (item.type === 'exited') this.code = item.exitCode;
      else if (item.type !== 'failed') this[item.type] += utf8Text(concatBytes([item.bytes]));
    }
    return this;
  }

  get dueAtMs(): number {
    return this.#shell?.dueAtMs ?? Number.NaN;
  }

  /** Runs a script to its end, time and all. */
  script(text: string): string {
    this.start(['sh', '-c', text]);
    for (let turn = 0; this.code === null && turn < 1_000 && this.dueAtMs < Number.POSITIVE_INFINITY; turn += 1)
      this.wait(Math.max(0, this.dueAtMs - this.nowMs));
    return this.stdout + this.stderr;
  }
}

test.each([
  ['echo one two', 'one two\n'],
  ['echo $COLOR "$HOSTNAME" $((6 * 7)) $(basename /a/b)', 'green web 42 b\n'],
  ['printf "%s-%03d\\n" a 7', 'a-007\n'],
  ['seq 5 | grep -v 3 | sort -rn | tr "\\n" ,', '5,4,2,1,'],
  ['seq 100 | head -n2; seq 100 | tail -n2; seq 5 | tail -n+4', '1\n2\n99\n100\n4\n5\n'],
  ['printf 12345 | tail -c+3; printf 12345 | tail -c 2; printf 12345 | head -c 1', '345451'],
  ['yes x | head -c 9999 | tail -n 2; tail -n x; echo $?', "x\nx2\ntail: invalid number 'x'\n"],
  ['head -c 70000000 /dev/zero | tail -c 3 | wc -c', '3\n'],
  ['(echo a; sleep 1; echo b) > /tmp/log & sleep 0.5; timeout 3 tail -n 1 -f /tmp/log', 'a\nb\n'],
  [
    'i=0; while [ $i -lt 300 ]; do sleep 9 & i=$((i + 1)); done; echo never',
    "sh: can't fork: Resource temporarily unavailable\n",
  ],
  [
    'i=0; while [ $i -lt 66 ]; do sleep 9 | sleep 9 & i=$((i + 1)); done; wait; echo a | cat',
    `a\n${"sh: can't fork: Resource temporarily unavailable\n".repeat(2)}`,
  ],
  ['i=0; while [ $i -lt 1000 ]; do true & i=$((i + 1)); done; wait; echo $i', '1000\n'],
  [
    'for i in 1 2 3; do head -c 60000000 /dev/zero | tail -c 60000000 | sleep 9 & done; wait; head -c 60000000 /dev/zero | tail -c 60000000 | wc -c',
    '60000000\ntail: out of memory\n',
  ],
  ['echo x > /tmp/a; tail -q -n 1 $(yes /tmp/a | head -n 2100) | wc -l', '2100\n'],
  ['yes | head -n 2', 'y\ny\n'],
  ['yes | tr y n | head -n 2', 'n\nn\n'],
  ['head -c 70000000 /dev/zero | wc', '0 1 70000000\n'],
  ['echo hi > /tmp/a; cat < /tmp/a; echo more >> /tmp/a; wc -l /tmp/a', 'hi\n2 /tmp/a\n'],
  [
    'mkdir -p /a/b && touch /a/b/c && ls -R /a && rm -r /a && ls /a',
    '/a:\nb\n\n/a/b:\nc\nls: /a: No such file or directory\n',
  ],
  ['cd /tmp; pwd; echo x > f; cp f g; mv g h; cat h; ls; rm f h', '/tmp\nx\nf\nh\n'],
  ['i=0; while [ $i -lt 3 ]; do i=$((i + 1)); echo $i; done', '1\n2\n3\n'],
  ['ln -s /tmp/real /tmp/link; echo z > /tmp/link; cat /tmp/real; readlink /tmp/link', 'z\n/tmp/real\n'],
  ['echo out; nonsense; echo $?', 'out\n127\nsh: nonsense: not found\n'],
  ['cat /nothing; test -e /nothing || echo none', 'none\ncat: /nothing: No such file or directory\n'],
  ['(sleep 2; echo late) & echo first; wait; echo last', 'first\nlate\nlast\n'],
  ['timeout 1 sleep 60; echo $?', '124\n'],
  ['date +%s; sleep 3; date +%s', '1\n4\n'],
  ['hostname; hostname -i; uname -n; ps | tail -n1', 'web\n10.0.0.1\nweb\n    1 root     nginx\n'],
  ['tar cf - -C / tmp | wc -c; tar cf /tmp/x.tar /nothing', '1536\ntar: /nothing: No such file or directory\n'],
  [
    'mkdir /in; echo a > /in/a; tar czf /tmp/t.tgz -C /in . && rm -r /in && mkdir /out && tar xzf /tmp/t.tgz -C /out && cat /out/a',
    'a\n',
  ],
])('%s', (script, said) => {
  expect(new Bench().script(script)).toBe(said);
});

describe('what comes and goes', () => {
  test('input is copied until its end', () => {
    const bench = new Bench().start(['cat'], { stdin: true }).type('one\n').type('two');
    expect([bench.stdout, bench.code]).toEqual(['one\ntwo', null]);
    expect(bench.type('', true).code).toBe(0);
  });

  test('a command that is not there ends with 127', () => {
    expect(new Bench().start(['/bin/nonsense'])).toMatchObject({ code: 127, stderr: 'sh: /bin/nonsense: not found\n' });
  });

  test('nobody is asked for output that nobody reads', () => {
    const bench = new Bench().start(['yes']);
    expect(bench.code).toBeNull();
    expect(bench.stdout.length).toBeLessThan(outputMax * 32 * 1_024 + 1);
  });
});

describe('a terminal', () => {
  const terminal = (command: readonly string[]): Bench => new Bench().start(command, { tty: true, stdin: true });

  test('asks for lines, shows what is typed, and ends as it is told', () => {
    const bench = terminal(['sh']);
    expect(bench.stdout).toBe('/ # ');
    bench.type('echo a\r');
    expect(bench.stdout).toBe('/ # echo a\r\na\r\n/ # ');
    bench.type('cd /tmp\r').type('if true; then\r').type('pwd; fi\r');
    expect(bench.stdout).toContain('> pwd; fi\r\n/tmp\r\n/tmp # ');
    expect(bench.type('exit 3\r').code).toBe(3);
  });

  test('an interrupt ends what runs, and the shell goes on', () => {
    const bench = terminal(['sh']).type('sleep 100 | cat\r').type('\x03');
    expect(bench.stdout).toBe('/ # sleep 100 | cat\r\n^C\r\n/ # ');
    bench.type('echo $?\r');
    expect(bench.stdout).toContain('130\r\n');
    bench.type('half a li').type('\x03').type('echo whole\r');
    expect(bench.stdout).toContain('# echo whole\r\nwhole\r\n');
    expect(terminal(['sleep', '100']).type('\x03').code).toBe(130);
  });

  test('the end of input is for the command that reads, then for the shell', () => {
    const bench = terminal(['sh']).type('cat\r').type('x\r').type('\x04');
    expect(bench.stdout).toBe('/ # cat\r\nx\r\nx\r\n/ # ');
    expect(bench.type('\x04').code).toBe(0);
  });
});

test('Ctrl-C ends a command that still complains', () => {
  const files = new MemoryFiles({ root: memoryFolder(new MemoryStore(), 0), mounts: new Map(), nowMs: () => 0 });
  const surroundings = { hostname: 'web', address: '10.0.0.1', command: [], env: [], files };
  const shell = new SimulatedShell(['.', `/missing/${'x/'.repeat(100_000)}`], { tty: true, stdin: true }, surroundings);
  const read = () => shell.read({ monotonicMs: 1 as MonotonicMs, wallMs: 1 as WallMs });
  expect(read()?.type).toBe('stdout');
  shell.write(utf8('\x03'), false);
  let last = read();
  while (last?.type === 'stdout') last = read();
  expect(last).toEqual({ type: 'exited', exitCode: 130 });
});

describe('what must not run away', () => {
  test('a loop without a wait takes time, and lets others run', () => {
    const bench = new Bench().start(['sh', '-c', 'while true; do :; done']);
    expect(bench.code).toBeNull();
    expect(bench.dueAtMs).toBe(bench.nowMs + 1);
    expect(bench.pump().dueAtMs).toBe(bench.nowMs + 1);
  });

  test.each([
    'cat /dev/zero > /dev/null',
    'seq 1000000000000 > /dev/null',
    'head -c 1000000000000 /dev/zero > /dev/null',
    'grep -c y /dev/stdin < /dev/zero > /dev/null & seq 1000000000000 > /dev/null',
  ])('%s takes time too', (script) => {
    const bench = new Bench().start(['sh', '-c', script]);
    expect(bench.code).toBeNull();
    expect(bench.dueAtMs).toBe(bench.nowMs + 1);
  });

  test.each([
    'x=$(yes); echo $?',
    'read x < /dev/zero; echo $?',
    'yes yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy | sort; echo $?',
    'x=aaaaaaaaaaaaaaaa; while x=$x$x$x; do :; done',
    'set -- a a a a; while set -- "$@" "$@"; do :; done',
  ])('%s runs out of memory', (script) => {
    expect(new Bench().script(script)).toMatch(/out of memory|argument list too long/);
  });

  test('an expression or a pattern takes no longer than its text', () => {
    const many = 'a'.repeat(40);
    expect(new Bench().script(`echo ${many}! | grep -E '(a+)+$'; echo $?`)).toBe('1\n');
    expect(new Bench().script(`case ${many} in ${'*a'.repeat(30)}*b) echo yes;; *) echo no;; esac`)).toBe('no\n');
    expect(new Bench().script(`printf '%400000000d' 1 | wc -c`)).toBe('1000\n');
    expect(new Bench().script(`echo ${'x'.repeat(1_001)} | grep -E '${'x'.repeat(1_001)}'`)).toContain('too long');
  });

  test.each([
    ["echo abcab | sed -E 's/(a)(b)/\\2\\1-&/g'", 'ba-abcba-ab\n'],
    ["echo 'a$1b' | sed 's/b/$1\\&/'", 'a$1$1&\n'],
    ["printf 'a\\nb\\n' | sed -n '/b/p'", 'b\n'],
    ["printf 'a\\nb\\n' | sed '2s/b/c/'", 'a\nc\n'],
    ["echo x1 | grep -o '[0-9]'", '1\n'],
  ])('%s says %j', (script, said) => {
    expect(new Bench().script(script)).toBe(said);
  });

  test('a command that starts itself again and again cannot be started any more', () => {
    expect(new Bench().script('f() { f | f; }; f; echo still here')).toContain('still here');
    expect(new Bench().script('f() { f; }; f; echo $?')).toContain('nested too deeply');
  });

  test('a file system is full when it is full, and has room again', () => {
    const bench = new Bench();
    expect(bench.script('head -c 300000 /dev/zero > /tmp/big; echo $?')).toContain('No space left on device');
    expect(bench.script('rm /tmp/big; head -c 100000 /dev/zero > /tmp/big; echo $?')).toBe('0\n');
    expect(bench.script('rm /tmp/big; for i in $(seq 60); do touch /tmp/$i; done; ls /tmp | wc -l')).toMatch(/^39\n/);
    bench.script('rm -rf /tmp');
    expect([bench.store.bytes, bench.store.files]).toEqual([0, 0]);
  });
});
