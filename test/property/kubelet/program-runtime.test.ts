/**
 * The runtime of real programs against a port that answers in any order, late, or with failures: every request is answered exactly once, states
 * only go forward, and when everything is removed nothing is left.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect } from '../../../src/actor/effect.ts';
import type { ProgramsCommand, ProgramsEvent } from '../../../src/actor/programs-port.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { ProgramRuntime, type RuntimeInput } from '../../../src/kubelet/runtime/program-runtime.ts';
import type { RuntimeContainer } from '../../../src/protocol/runtime.ts';
import { containerConfig } from '../../threads/runtime-harness.ts';

const step = fc.record({
  type: fc.constantFrom(
    'sandbox',
    'create',
    'start',
    'stop',
    'remove',
    'stopSandbox',
    'removeSandbox',
    'exec',
    'session',
    'input',
    'leave',
    'volume',
    'stats',
    'port',
    'port',
    'port',
    'output',
    'exit',
    'timer',
  ),
  which: fc.nat({ max: 2 }),
  fails: fc.boolean(),
  grace: fc.constantFrom(0, 50),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const order = { created: 0, running: 1, exited: 2 } as const;

class World {
  readonly runtime = new ProgramRuntime('a', 'worker');
  readonly #states = new Map<string, keyof typeof order>();
  /** Commands that the port has not completed. */
  #waiting: Extract<ProgramsCommand, { id: number }>[] = [];
  readonly #starting = new Set<number>();
  readonly #running = new Set<number>();
  readonly #killed = new Set<number>();
  readonly #timers = new Set<string>();
  readonly #unanswered = new Set<number>();
  readonly #openStreams = new Set<number>();
  #lastRequest = 0;
  #lastStream = 1_000;

  take({ type, which, fails, grace }: Step): void {
    const sandboxId = this.runtime.sandboxes()[which]?.id ?? 'none';
    const containerId = this.runtime.containers()[which]?.id ?? 'none';
    switch (type) {
      case 'sandbox':
        return this.#ask('runPodSandbox', { config: sandboxOf(which) });
      case 'create':
        return this.#ask('createContainer', { sandboxId, config: containerConfig({ name: `c${which}` }) });
      case 'start':
        return this.#ask('startContainer', { containerId });
      case 'stop':
        return this.#ask('stopContainer', { containerId, graceMs: grace });
      case 'remove':
        return this.#ask('removeContainer', { containerId });
      case 'stopSandbox':
        return this.#ask('stopPodSandbox', { sandboxId });
      case 'removeSandbox':
        return this.#ask('removePodSandbox', { sandboxId });
      case 'exec':
        return this.#ask('execSync', { containerId, command: ['x'], timeoutMs: 100 });
      case 'volume':
        return this.#ask('setVolume', {
          podUid: `uid-${which}`,
          name: 'v',
          content: { type: 'empty', isMemory: false, sizeLimitBytes: 0 },
        });
      case 'stats':
        return this.#ask('stats', null);
      case 'input':
        return this.#ask('sendInput', { sessionId: `s${this.#lastStream - which}`, bytes: utf8('x'), isEnd: fails });
      case 'session':
        return this.#openSession(containerId);
      case 'leave': {
        const stream = [...this.#openStreams][which];
        if (stream !== undefined) this.#openStreams.delete(stream);
        return stream === undefined ? undefined : this.#handle({ type: 'unsubscribed', stream });
      }
      default:
        return this.#world(type, which, fails);
    }
  }

  /** Removes everything; afterwards nothing may be left, or unanswered. */
  settle(): void {
    for (const { id } of this.runtime.sandboxes()) this.#ask('removePodSandbox', { sandboxId: id });
    for (
      let turn = 0;
      turn < 10_000 && (this.#waiting.length > 0 || this.#starting.size > 0 || this.#killed.size > 0);
      turn += 1
    ) {
      this.#world('port', 0, false);
      this.#world('exit', 0, true);
    }
    for (const program of this.#running)
      this.#event({ type: 'exited', program, exitCode: 0, isOutOfMemory: false, message: '' });
    for (const { id } of this.runtime.sandboxes()) this.#ask('removePodSandbox', { sandboxId: id });
    while (this.#waiting.length > 0) this.#world('port', 0, false);
    expect([...this.#unanswered]).toEqual([]);
    expect([this.runtime.sandboxes(), this.runtime.containers()]).toEqual([[], []]);
  }

  #openSession(containerId: string): void {
    this.#lastStream += 1;
    const stream = this.#lastStream;
    this.#openStreams.add(stream);
    const request = {
      sessionId: `s${stream}`,
      containerId,
      command: ['x'],
      stdin: true,
      stdout: true,
      stderr: true,
      tty: false,
    };
    this.#handle({
      type: 'subscribed',
      from: { path: 'x', incarnation: 1 },
      stream,
      credit: 1_000_000,
      body: { type: 'exec', request },
    });
  }

  #world(type: Step['type'], which: number, fails: boolean): void {
    if (type === 'timer') {
      const [key] = this.#timers;
      if (key === undefined) return;
      this.#timers.delete(key);
      this.#handle({ type: 'timer', key });
      return;
    }
    if (type === 'output' || type === 'exit') {
      const program = [...(type === 'exit' && this.#killed.size > 0 ? this.#killed : this.#running)][which];
      if (program === undefined || !this.#running.has(program)) {
        for (const gone of this.#killed)
          if (!this.#running.has(gone) && !this.#starting.has(gone)) this.#killed.delete(gone);
        return;
      }
      if (type === 'output') return this.#event({ type: 'output', program, stream: 'stdout', bytes: utf8('line\n') });
      this.#running.delete(program);
      this.#killed.delete(program);
      return this.#event({ type: 'exited', program, exitCode: fails ? 1 : 0, isOutOfMemory: false, message: '' });
    }
    const [starting] = this.#starting;
    if (starting !== undefined && (which === 0 || this.#waiting.length === 0)) {
      this.#starting.delete(starting);
      if (fails) return this.#event({ type: 'startFailed', program: starting, message: 'no' });
      this.#running.add(starting);
      return this.#event({ type: 'started', program: starting });
    }
    const [command] = this.#waiting.splice(Math.min(which, this.#waiting.length - 1), 1);
    if (command === undefined) return;
    this.#event(fails ? { type: 'failed', id: command.id, message: 'no' } : { type: 'done', id: command.id });
  }

  #ask(type: string, request: unknown): void {
    this.#lastRequest += 1;
    this.#unanswered.add(this.#lastRequest);
    const from = { path: 'x', incarnation: 1 };
    this.#handle({ type: 'ask', from, request: this.#lastRequest, timeoutMs: 1_000, body: { type, request } as never });
  }

  #event(event: ProgramsEvent): void {
    this.#handle({ type: 'io', port: 'programs', event });
  }

  #handle(input: object): void {
    const stamped = { ...input, monotonicMs: 0 as MonotonicMs, wallMs: 0 as WallMs } as RuntimeInput;
    const { changes, effects } = this.runtime.handle(stamped);
    for (const change of changes) this.#changed(change);
    for (const effect of effects) this.#perform(effect);
  }

  #changed({ id, state }: RuntimeContainer): void {
    expect(order[state]).toBeGreaterThan(order[this.#states.get(id) ?? 'created']);
    this.#states.set(id, state);
  }

  #perform(effect: Effect): void {
    if (effect.type === 'reply') {
      expect(this.#unanswered.delete(effect.request)).toBe(true);
    } else if (effect.type === 'end') this.#openStreams.delete(effect.stream);
    else if (effect.type === 'timer') this.#timers.add(effect.key);
    else if (effect.type === 'cancelTimer') this.#timers.delete(effect.key);
    else if (effect.type === 'io') this.#command(effect.command as ProgramsCommand);
  }

  #command(command: ProgramsCommand): void {
    if ('id' in command) this.#waiting.push(command);
    else if (command.type === 'start') this.#starting.add(command.program);
    else if (command.type === 'signal') {
      const isThere = this.#running.has(command.program) || this.#starting.has(command.program);
      if (command.signal === 'SIGKILL' && isThere) this.#killed.add(command.program);
    }
  }
}

function sandboxOf(which: number) {
  return {
    namespace: 'default',
    name: `pod-${which}`,
    uid: `uid-${which}`,
    attempt: 0,
    hostname: 'x',
    nodeName: 'n',
    annotations: {},
    podIp: null,
    hostAliases: [],
    runtimeHandler: '',
  };
}

test('any history leaves every request answered once and nothing behind', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      for (const each of steps) world.take(each);
      world.settle();
    }),
    { numRuns: 1_500 },
  );
});
