/** Profiles, commands, logs, addresses and waits: the small parts that a node is made of. */
import { describe, expect, test } from 'vitest';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { utf8Text } from '../../../src/base/bytes.ts';
import { AddressPool } from '../../../src/kubelet/address-pool.ts';
import { Backoff } from '../../../src/kubelet/backoff.ts';
import { containerProfileOf } from '../../../src/kubelet/container-profile.ts';
import { expand } from '../../../src/kubelet/environment.ts';
import { goDuration } from '../../../src/kubelet/go-duration.ts';
import { LogRing, logLinesMax } from '../../../src/kubelet/log-ring.ts';
import { lifeOfCommand } from '../../../src/kubelet/simulated-command.ts';
import type { ContainerConfig } from '../../../src/protocol/runtime.ts';

const config = (rest: Partial<ContainerConfig> = {}): ContainerConfig => ({
  name: 'main',
  attempt: 0,
  image: 'example.com/team/app:1.2',
  imageId: 'sha256:1',
  command: [],
  args: [],
  workingDirectory: '',
  env: [],
  memoryLimitBytes: 0,
  cpuLimitMillis: 0,
  isExpectedToEnd: false,
  mounts: [],
  stdin: false,
  stdinOnce: false,
  tty: false,
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  ...rest,
});

describe('profiles', () => {
  test('an annotation of a container goes before one of the pod, that before the command, that before the image', () => {
    const profiles = { app: { runMs: 1, exitCode: 1, startLatencyMs: 5 } };
    const annotations = { 'threemaster.dev/exit-code': '3', 'threemaster.dev/exit-code.main': '4' };
    const command = ['sh', '-c', 'sleep 2; exit 2'];
    expect(containerProfileOf(config(), profiles, {})).toMatchObject({ runMs: 1, exitCode: 1, startLatencyMs: 5 });
    expect(containerProfileOf(config({ command }), profiles, {})).toMatchObject({ runMs: 2_000, exitCode: 2 });
    expect(containerProfileOf(config({ command }), profiles, annotations)).toMatchObject({ runMs: 2_000, exitCode: 4 });
    expect(containerProfileOf(config({ name: 'other' }), profiles, annotations)).toMatchObject({ exitCode: 3 });
  });

  test('a container whose end somebody waits for ends at once, unless something says how long it runs', () => {
    const isExpectedToEnd = true;
    expect(containerProfileOf(config({ isExpectedToEnd }), {}, {})).toMatchObject({ runMs: 0, exitCode: 0 });
    const command = ['sh', '-c', 'until wget frontend; do sleep 1; done'];
    expect(containerProfileOf(config({ isExpectedToEnd, command }), {}, {}).runMs).toBe(0);
    expect(containerProfileOf(config({ isExpectedToEnd, command: ['sleep', '5'] }), {}, {}).runMs).toBe(5_000);
    expect(containerProfileOf(config({ isExpectedToEnd }), {}, { 'threemaster.dev/run-ms': '7' }).runMs).toBe(7);
  });

  test('an annotation that is no number is passed over', () => {
    const annotations = { 'threemaster.dev/run-ms': 'soon' };
    expect(containerProfileOf(config(), {}, annotations).runMs).toBe(Number.POSITIVE_INFINITY);
  });
});

test.each([
  [['true'], { runMs: 0, exitCode: 0, firstLines: [] }],
  [['/bin/false'], { runMs: 0, exitCode: 1, firstLines: [] }],
  [['sleep', '1m'], { runMs: 60_000, exitCode: 0, firstLines: [] }],
  [['sleep', 'infinity'], { runMs: Number.POSITIVE_INFINITY, exitCode: 0, firstLines: [] }],
  [['sh', '-c', 'echo "Hello World" && sleep 1 && exit 5'], { runMs: 1_000, exitCode: 5, firstLines: ['Hello World'] }],
  [['sh', '-c', 'echo ready; nginx'], { firstLines: ['ready'] }],
  [['sh', '-c', 'false; echo on || echo off'], { runMs: 0, exitCode: 0, firstLines: ['on'] }],
  [
    ['sh', '-ec', 'echo a > /tmp/b; touch /c; sleep 3; rm -f /c; false; echo d'],
    { runMs: 3_000, exitCode: 1, firstLines: [] },
  ],
  [
    ['sh', '-c', 'for i in 1 2; do echo $i $NAME; sleep $i; done'],
    { runMs: 3_000, exitCode: 0, firstLines: ['1 x', '2 x'] },
  ],
  [['sh', '-c', 'sleep 5 & wait; seq 9 | tail -n1'], { runMs: 5_000, exitCode: 0, firstLines: ['9'] }],
  [['sh', '-c', 'echo up; tail -f /dev/null'], { runMs: Number.POSITIVE_INFINITY, exitCode: 0, firstLines: ['up'] }],
  [['sh', '-c', 'while true; do sleep 1; done'], {}],
  [['sh', '-c', 'yes'], {}],
  [['sh', '-c', 'until [ -f /ready ]; do sleep 1; done'], {}],
  [['sh', '-c', 'cp /a/* /b'], {}],
  [['sh', '-c', 'date; hostname'], {}],
  [['sh', '-c', 'if then'], {}],
  [['seq', '1000000000000'], {}],
  [['sh', '-c', 'cat /dev/zero > /dev/null'], {}],
  [['cat', '/dev/zero'], {}],
  [['sh', '-c', 'seq 1000000000000 > /tmp/a'], {}],
  [['sh', '-c', 'seq 100000000 | head -n 1'], { runMs: 0, exitCode: 0, firstLines: ['1'] }],
  [['sh'], {}],
  [['cat'], {}],
  [['nginx', '-g', 'daemon off;'], {}],
  [[], {}],
])('the command %j lives as people expect', (words, life) => {
  expect(lifeOfCommand(words, [{ name: 'NAME', value: 'x' }])).toEqual(life);
});

test('a command knows the name of its pod and its working directory', () => {
  const command = ['sh', '-c', 'echo "I am $HOSTNAME in $PWD, $HOME"; pwd'];
  const { firstLines } = containerProfileOf(config({ command, workingDirectory: '/data' }), {}, {}, 'web-0');
  expect(firstLines).toEqual(['I am web-0 in /data, /root', '/data']);
});

describe('logs', () => {
  const at = (ms: number) => ms as WallMs;
  const filled = (count: number): LogRing => {
    const ring = new LogRing();
    for (let n = 0; n < count; n += 1) ring.write({ atMs: at(n * 1_000), text: `line ${n}` });
    return ring;
  };
  const all = (ring: LogRing, tailLines: number | null, sinceMs: WallMs | null): string =>
    utf8Text(ring.read(ring.start({ tailLines, sinceMs }), false, 1_000_000).bytes);

  test('the last lines, or those since an instant, are read', () => {
    expect(all(filled(5), 2, null)).toBe('line 3\nline 4\n');
    expect(all(filled(5), null, at(3_000))).toBe('line 3\nline 4\n');
    expect(all(filled(5), 1, at(1_000))).toBe('line 4\n');
    expect(all(filled(5), 0, null)).toBe('');
  });

  test('the oldest lines give way, and a reader that fell behind goes on with what is left', () => {
    const ring = filled(logLinesMax + 10);
    const { bytes } = ring.read(0, false, 10);
    expect(utf8Text(bytes)).toBe('line 10\nline 11\n');
    expect(ring.end).toBe(logLinesMax + 10);
  });

  test('a timestamp stands before each line when asked for', () => {
    const ring = filled(2);
    expect(utf8Text(ring.read(1, true, 100).bytes)).toBe('1970-01-01T00:00:01.000000000Z line 1\n');
  });
});

describe('addresses', () => {
  test('network, gateway and broadcast are left out, and a freed address rests', () => {
    const pool = new AddressPool('10.244.7.0/29');
    expect(Array.from({ length: 6 }, () => pool.allocate())).toEqual([
      '10.244.7.2',
      '10.244.7.3',
      '10.244.7.4',
      '10.244.7.5',
      '10.244.7.6',
      null,
    ]);
    pool.release('10.244.7.3');
    pool.release('10.244.7.5');
    expect([pool.allocate(), pool.allocate()]).toEqual(['10.244.7.3', '10.244.7.5']);
  });

  test('what a pod holds already is not given again', () => {
    const pool = new AddressPool('10.244.7.0/24');
    pool.reserve('10.244.7.2');
    pool.reserve('192.168.0.1');
    expect(pool.allocate()).toBe('10.244.7.3');
  });
});

test('a back-off doubles up to its maximum, and is forgotten after a quiet time', () => {
  const at = (ms: number) => ms as MonotonicMs;
  const backoff = new Backoff({ minMs: 10, maxMs: 40, resetAfterMs: 1_000 });
  const waits: number[] = [];
  for (const ms of [0, 100, 200, 300, 400]) {
    waits.push(backoff.waitMs(at(ms)));
    backoff.count(at(ms), at(ms));
  }
  expect(waits).toEqual([0, 10, 20, 40, 40]);
  expect(backoff.waitMs(at(1_401))).toBe(0);
});

test.each([
  [0, '0s'],
  [150, '150ms'],
  [1_500, '1.5s'],
  [10_000, '10s'],
  [80_000, '1m20s'],
  [300_000, '5m0s'],
  [3_600_000, '1h0m0s'],
])('%d ms is written as Go does: %s', (durationMs, text) => {
  expect(goDuration(durationMs)).toBe(text);
});

test('variables are expanded in commands, and what is unknown stays', () => {
  const values = new Map([['NAME', 'web']]);
  expect(expand('$(NAME) $(OTHER) $$(NAME) $NAME', (name) => values.get(name))).toBe('web $(OTHER) $(NAME) $NAME');
});
