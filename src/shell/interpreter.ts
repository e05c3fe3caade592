/** Runs scripts of our own shell: every command is a task, pipes are queues, a subshell is a copy of the state. */
import { utf8, utf8Text } from '../base/bytes.ts';
import { builtInCommands } from './built-in-commands.ts';
import { type Expander, expandPattern, expandText, expandWords } from './expand.ts';
import { capturedBytesMax, shellDepthMax } from './limits.ts';
import type { CommandMemory } from './memory.ts';
import { bothOutputs, parseScript } from './parser.ts';
import { matchesPattern } from './pattern.ts';
import type { ShellState } from './shell-state.ts';
import { BrokenPipe, Held, Pipe, readerOf, type Streams, type Writer, writerTo } from './streams.ts';
import type { Command, Item, Pipeline, Redirect, Script } from './syntax.ts';
import { breath, ended, type Job, type Task } from './tasks.ts';
import { type Machine, openReader, openWriter, passesThrough, UsageError } from './tool.ts';
import { findTool } from './tools/index.ts';

/** How a script leaves what it is in. */
export class Leave extends Error {
  readonly what: 'exit' | 'return' | 'break' | 'continue';
  /** The exit code, or how many loops. */
  readonly value: number;

  constructor(what: Leave['what'], value: number) {
    super(what);
    this.what = what;
    this.value = value;
  }
}

const brokenPipeCode = 141;
const notFoundCode = 127;

interface Closing {
  close(): void;
}

export class Interpreter implements Expander {
  readonly state: ShellState;
  readonly machine: Machine;
  readonly #depth: number;
  #streams: Streams;
  /** The status of what runs is a condition: `set -e` does not hold. */
  #isTested = false;
  /** The container was asked to end, and a trap waits for it. */
  hasSignal = false;

  constructor(state: ShellState, machine: Machine, streams: Streams, depth = 0) {
    if (depth > shellDepthMax) throw new Error('nested too deeply');
    this.state = state;
    this.machine = machine;
    this.#streams = streams;
    this.#depth = depth;
  }

  get streams(): Streams {
    return this.#streams;
  }

  /** Runs a script from its text; ends with its exit code. */
  *runText(text: string): Task<number> {
    try {
      return yield* this.run(parseScript(text));
    } catch (error) {
      return yield* this.left(error);
    }
  }

  /** Returns the exit code that an exception means; throws what is none of the shell's. */
  *left(error: unknown): Task<number> {
    if (error instanceof Leave) return error.value;
    if (error instanceof BrokenPipe) return brokenPipeCode;
    if (passesThrough(error)) throw error;
    yield* this.#complain(error);
    return 2;
  }

  *run(script: Script): Task<number> {
    for (const item of script) {
      yield* this.#runItem(item);
      yield* this.#runTrap();
      // A loop without any wait must let others run now and then.
      yield breath;
    }
    return this.state.lastStatus;
  }

  *capture(script: Script): Task<string> {
    const text = yield* this.holding((memory) => this.#gather(script, new Held(capturedBytesMax, memory)));
    let end = text.length;
    while (text.charAt(end - 1) === '\n') end -= 1;
    return text.slice(0, end);
  }

  *#gather(script: Script, held: Held): Task<string> {
    const stdout = writerTo((bytes) => held.push(bytes));
    this.state.lastStatus = yield* this.subshell({ ...this.#streams, stdout }).runScript(script);
    return utf8Text(held.whole());
  }

  /** Does something on an account of its own. */
  *holding<Result>(work: (memory: CommandMemory) => Task<Result>): Task<Result> {
    const memory = this.machine.tasks.memory.open();
    try {
      return yield* work(memory);
    } finally {
      memory.close();
    }
  }

  subshell(streams: Streams): Interpreter {
    return new Interpreter(this.state.copy(), this.machine, streams, this.#depth + 1);
  }

  *runScript(script: Script): Task<number> {
    try {
      return yield* this.run(script);
    } catch (error) {
      return yield* this.left(error);
    }
  }

  *#runItem({ pipelines, isBackground }: Item): Task<void> {
    const { state, machine } = this;
    if (isBackground) {
      const copy = this.subshell({ ...this.#streams, stdin: readerOf(utf8('')) });
      // Who starts others without end and never waits for them keeps none that is over.
      state.backgrounds = state.backgrounds.filter(({ isOver }) => !isOver);
      state.backgrounds.push(machine.tasks.start(copy.runScript([{ pipelines, isBackground: false }])));
      state.lastStatus = 0;
      return;
    }
    for (const [index, { operator, pipeline }] of pipelines.entries()) {
      if (operator === '&&' && state.lastStatus !== 0) continue;
      if (operator === '||' && state.lastStatus === 0) continue;
      state.lastStatus = yield* this.#runPipeline(pipeline);
      const isLast = index === pipelines.length - 1;
      const ends = isLast && !pipeline.isNegated && state.lastStatus !== 0 && state.options.has('e');
      if (ends && !this.#isTested) throw new Leave('exit', state.lastStatus);
    }
  }

  *#runPipeline({ commands, isNegated }: Pipeline): Task<number> {
    const [only] = commands;
    const code =
      commands.length === 1 && only !== undefined ? yield* this.runCommand(only) : yield* this.#runPiped(commands);
    return isNegated ? (code === 0 ? 1 : 0) : code;
  }

  *#runPiped(commands: readonly Command[]): Task<number> {
    const { tasks } = this.machine;
    const pipes = commands.slice(1).map(() => new Pipe());
    const jobs: Job<number>[] = [];
    tasks.memory.openPipes(pipes.length);
    try {
      for (const [index, command] of commands.entries()) {
        jobs.push(tasks.start(this.#runBetween(command, pipes[index - 1], pipes[index])));
      }
      for (const job of jobs) yield* tasks.join(job);
      return jobs.at(-1)?.result() ?? 0;
    } finally {
      for (const job of jobs) job.cancel();
      tasks.memory.closePipes(pipes.length);
    }
  }

  *#runBetween(command: Command, input: Pipe | undefined, output: Pipe | undefined): Task<number> {
    const { stdin, stdout, stderr } = this.#streams;
    const own = this.subshell({ stdin: input ?? stdin, stdout: output ?? stdout, stderr });
    try {
      return yield* own.runCommand(command);
    } catch (error) {
      return yield* own.left(error);
    } finally {
      output?.endWriting();
      input?.endReading();
    }
  }

  *runCommand(command: Command): Task<number> {
    switch (command.type) {
      case 'function':
        this.state.functions.set(command.name, command.body);
        return 0;
      case 'simple':
        return yield* this.#runSimple(command);
      default:
        return yield* this.#redirected(command.redirects, () => this.#runCompound(command));
    }
  }

  *#runCompound(command: Exclude<Command, { type: 'function' | 'simple' }>): Task<number> {
    switch (command.type) {
      case 'group':
        if (command.isSubshell) return yield* this.subshell(this.#streams).runScript(command.body);
        return yield* this.run(command.body);
      case 'if':
        for (const { condition, body } of command.branches)
          if ((yield* this.#test(condition)) === 0) return yield* this.run(body);
        if (command.otherwise !== null) return yield* this.run(command.otherwise);
        this.state.lastStatus = 0;
        return 0;
      case 'while':
        return yield* this.#loop(() => this.#goesOn(command), command.body);
      case 'for':
        return yield* this.#runFor(command);
      case 'case':
        return yield* this.#runCase(command);
    }
  }

  *#runFor({ name, words, body }: Extract<Command, { type: 'for' }>): Task<number> {
    const values = words === null ? [...this.state.args] : yield* expandWords(this, words);
    const next = (): Task<boolean> => {
      const value = values.shift();
      if (value !== undefined) this.state.variables.set(name, value);
      return ended(value !== undefined);
    };
    return yield* this.#loop(next, body);
  }

  *#goesOn({ condition, isUntil }: Extract<Command, { type: 'while' }>): Task<boolean> {
    return ((yield* this.#test(condition)) === 0) !== isUntil;
  }

  *#test(condition: Script): Task<number> {
    const outer = this.#isTested;
    this.#isTested = true;
    try {
      return yield* this.run(condition);
    } finally {
      this.#isTested = outer;
    }
  }

  *#loop(next: () => Task<boolean>, body: Script): Task<number> {
    let status = 0;
    while (yield* next()) {
      try {
        status = yield* this.run(body);
      } catch (error) {
        if (!(error instanceof Leave) || (error.what !== 'break' && error.what !== 'continue')) throw error;
        if (error.value > 1) throw new Leave(error.what, error.value - 1);
        status = 0;
        if (error.what === 'break') break;
      }
    }
    this.state.lastStatus = status;
    return status;
  }

  *#runCase({ word, branches }: Extract<Command, { type: 'case' }>): Task<number> {
    const value = yield* expandText(this, word);
    for (const { patterns, body } of branches) {
      for (const pattern of patterns) {
        if (!matchesPattern(value, yield* expandPattern(this, pattern))) continue;
        this.state.lastStatus = 0;
        return yield* this.run(body);
      }
    }
    return 0;
  }

  *#runSimple({ assignments, words, redirects }: Extract<Command, { type: 'simple' }>): Task<number> {
    const before = this.state.lastStatus;
    try {
      const argv = yield* expandWords(this, words);
      const values: [string, string][] = [];
      for (const { name, value } of assignments) values.push([name, yield* expandText(this, value)]);
      if (this.state.options.has('x')) yield* this.#streams.stderr.write(`+ ${argv.join(' ')}\n`);
      if (argv.length > 0) {
        return yield* this.#redirected(redirects, () => this.runArgv(argv, Object.fromEntries(values)));
      }
      for (const [name, value] of values) this.state.variables.set(name, value);
      // `x=$(false)` has the status of the substitution.
      const status = this.state.lastStatus === before ? 0 : this.state.lastStatus;
      return yield* this.#redirected(redirects, () => ended(status));
    } catch (error) {
      if (error instanceof Leave || passesThrough(error)) throw error;
      yield* this.#complain(error);
      return 1;
    }
  }

  /** Runs a command by its words as all that this shell is for; ends with its exit code. */
  *runAlone(argv: readonly string[]): Task<number> {
    try {
      return yield* this.runArgv(argv);
    } catch (error) {
      return yield* this.left(error);
    }
  }

  /** Runs a command by its words: a function of the script, a command of the shell, or a tool. */
  *runArgv(argv: readonly string[], extra: Readonly<Record<string, string>> = {}): Task<number> {
    return yield* this.holding((memory) => this.#runHolding(argv, extra, memory));
  }

  *#runHolding(argv: readonly string[], extra: Readonly<Record<string, string>>, memory: CommandMemory): Task<number> {
    memory.take(argv.reduce((characters, word) => characters + word.length, 0));
    const [name = '', ...args] = argv;
    const own = this.state.functions.get(name);
    if (own !== undefined) return yield* this.#callFunction(own, args);
    const builtIn = Object.hasOwn(builtInCommands, name) ? builtInCommands[name] : undefined;
    if (builtIn !== undefined) return yield* builtIn(this, args);
    const { machine, state } = this;
    const { stderr } = this.#streams;
    const tool = findTool(machine, name);
    if (tool === undefined) {
      yield* stderr.write(`${state.name}: ${name}: not found\n`);
      return notFoundCode;
    }
    const env = { ...state.environment(), ...extra };
    const run = (inner: readonly string[], streams: Streams, more: Readonly<Record<string, string>> = {}) =>
      this.#runInner(inner, streams, more);
    try {
      return yield* tool({ ...this.#streams, name, args, env, files: state.files, machine, memory, run });
    } catch (error) {
      if (error instanceof Leave || passesThrough(error)) throw error;
      yield* stderr.write(`${name}: ${(error as Error).message}\n`);
      return error instanceof UsageError ? 2 : 1;
    }
  }

  /** A command that a tool runs. */
  *#runInner(argv: readonly string[], streams: Streams, env: Readonly<Record<string, string>>): Task<number> {
    const copy = this.subshell({ stdin: streams.stdin, stdout: streams.stdout, stderr: streams.stderr });
    for (const [key, value] of Object.entries(env)) {
      copy.state.variables.set(key, value);
      copy.state.exported.add(key);
    }
    // A tool that runs others without any wait must let the rest run now and then.
    yield breath;
    return yield* copy.runAlone(argv);
  }

  *#callFunction(body: Command, args: readonly string[]): Task<number> {
    const outer = this.state.args;
    this.state.args = args;
    try {
      return yield* new Interpreter(this.state, this.machine, this.#streams, this.#depth + 1).runCommand(body);
    } catch (error) {
      if (error instanceof Leave && error.what === 'return') return error.value;
      throw error;
    } finally {
      this.state.args = outer;
    }
  }

  *#redirected(redirects: readonly Redirect[], work: () => Task<number>): Task<number> {
    if (redirects.length === 0) return yield* work();
    const outer = this.#streams;
    const opened: Closing[] = [];
    try {
      for (const redirect of redirects) this.#streams = yield* this.#redirect(redirect, opened);
      return yield* work();
    } finally {
      this.#streams = outer;
      for (const each of opened) each.close();
    }
  }

  *#redirect({ descriptor, operator, target }: Redirect, opened: Closing[]): Task<Streams> {
    const streams = this.#streams;
    const place = { ...streams, files: this.state.files, machine: this.machine };
    const name = yield* expandText(this, target);
    if (operator === '<<') return { ...streams, stdin: readerOf(utf8(name)) };
    if (operator === '<') {
      const reader = openReader(place, name);
      opened.push(reader);
      return { ...streams, stdin: reader };
    }
    let writer: Writer;
    if (operator === '>&' && /^[0-9-]$/.test(name))
      writer = name === '1' ? streams.stdout : name === '2' ? streams.stderr : writerTo(() => {});
    else {
      const file = openWriter(place, name, operator === '>>' ? 'a' : 'w');
      opened.push(file);
      writer = file;
    }
    if (descriptor === bothOutputs) return { ...streams, stdout: writer, stderr: writer };
    return descriptor === 2 ? { ...streams, stderr: writer } : { ...streams, stdout: writer };
  }

  /** Runs what `trap` was told for TERM, once it came. */
  *#runTrap(): Task<void> {
    const { trapped } = this.state;
    if (trapped === null || !this.hasSignal) return;
    this.hasSignal = false;
    yield* this.run(parseScript(trapped));
  }

  *#complain(error: unknown): Task<void> {
    yield* this.#streams.stderr.write(`${this.state.name}: ${(error as Error).message}\n`);
  }
}
