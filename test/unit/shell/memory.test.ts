/** What the commands of a shell hold together: bounded, and given back however they end. */
import { expect, test } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { Interpreter } from '../../../src/shell/interpreter.ts';
import { pipeBytesMax, shellBytesMax, shellPipesMax } from '../../../src/shell/limits.ts';
import { ShellMemory } from '../../../src/shell/memory.ts';
import { MemoryFiles } from '../../../src/shell/memory-files.ts';
import { MemoryStore, memoryFolder } from '../../../src/shell/memory-tree.ts';
import { ShellState } from '../../../src/shell/shell-state.ts';
import { Pipe, readerOf, writerTo } from '../../../src/shell/streams.ts';
import { type Job, Tasks } from '../../../src/shell/tasks.ts';
import { bareMachine } from './bare-machine.ts';

/** A shell amid a script. */
function started(script: string): { readonly tasks: Tasks; readonly job: Job<number>; said(): string } {
  const tasks = new Tasks(0);
  const root = memoryFolder(new MemoryStore(null, { bytesMax: 1_000_000, filesMax: 1_000 }), 0);
  const files = new MemoryFiles({ root, mounts: new Map(), nowMs: () => 0 });
  let text = '';
  const output = writerTo((bytes) => (text += utf8Text(bytes)));
  const machine = bareMachine(tasks);
  const streams = { stdin: readerOf(utf8('one\ntwo\nthree\n')), stdout: output, stderr: output };
  const shell = new Interpreter(new ShellState({}, files, 'sh', []), machine, streams);
  return { tasks, job: tasks.start(shell.runText(script)), said: () => text };
}

const scripts = [
  'seq 200 | sort -r | tail -n 3 | xargs echo $(seq 3)',
  'read line; echo "$line"; sort | uniq -c | grep o',
  'f() { echo $1 | cat; }; f a & f b & wait; sh -c "echo c | tail -n 1"',
  'seq 9 > /n; . /nothing; grep 3 /n; tail -n 1 nothing /n; cat | (exit 3)',
  'yes | head -n 3; timeout 1 yes | tail -n 1; tar cf - /n | tar tf -',
];

test.each(scripts)('%s: all is given back at the end, and wherever it is cut off', (script) => {
  const whole = started(script);
  let steps = 0;
  let nowMs = 0;
  for (; !whole.job.isOver && steps < 20_000; steps += 1) {
    whole.tasks.run(nowMs, 1);
    if (steps % 10 === 0) nowMs += 100;
  }
  expect(whole.job.isOver).toBe(true);
  expect([whole.tasks.memory.bytes, whole.tasks.memory.pipes]).toEqual([0, 0]);
  for (let cut = 1; cut < Math.min(steps, 400); cut += 7) {
    const { tasks } = started(script);
    for (let step = 0; step < cut; step += 1) tasks.run(step * 10, 1);
    tasks.cancel();
    expect([tasks.memory.bytes, tasks.memory.pipes]).toEqual([0, 0]);
  }
});

test('what follows a file holds nothing but the words of its command', () => {
  const { tasks, job, said } = started('seq 9 > /n; tail -n 2 -f /n');
  for (let nowMs = 0; nowMs < 1_000; nowMs += 50) tasks.run(nowMs, 1_000);
  expect([job.isOver, said(), tasks.memory.bytes]).toEqual([false, '8\n9\n', 'tail-n2-f/n'.length]);
});

test('commands share one bound, and what one gives back another may take', () => {
  const memory = new ShellMemory();
  const [one, two] = [memory.open(), memory.open()];
  one.take(shellBytesMax - 10);
  expect(() => two.take(11)).toThrow('out of memory');
  two.take(10);
  one.give(5);
  two.take(5);
  expect(memory.bytes).toBe(shellBytesMax);
  one.close();
  one.close();
  expect(memory.bytes).toBe(15);
  one.take(100);
  expect(memory.bytes).toBe(15);
});

test('pipes are counted', () => {
  const memory = new ShellMemory();
  memory.openPipes(shellPipesMax);
  expect(() => memory.openPipes(1)).toThrow("can't fork: Resource temporarily unavailable");
  memory.closePipes(1);
  memory.openPipes(1);
  expect(memory.pipes).toBe(shellPipesMax);
});

test('a pipe never holds more than its bound, however much is written at once', () => {
  const pipe = new Pipe();
  const bytes = Uint8Array.from({ length: 3 * pipeBytesMax + 5 }, (_, at) => at % 251);
  const writing = pipe.write(bytes);
  const read: number[] = [];
  for (let isWritten = false; !isWritten; ) {
    isWritten = writing.next().done === true;
    if (isWritten) pipe.endWriting();
    let piece = pipe.read().next().value;
    expect(piece).toBeInstanceOf(Uint8Array);
    while (piece instanceof Uint8Array) {
      expect(piece.length).toBeLessThanOrEqual(pipeBytesMax);
      read.push(...piece);
      piece = pipe.read().next().value;
    }
  }
  expect(Uint8Array.from(read)).toEqual(bytes);
});
