/** Runs scripts of our own shell: every command is a function on this thread, pipes are queues, a subshell is a copy of the state. */
import { setImmediate as turn } from 'node:timers/promises';
import { bothOutputs, parseScript } from '../../../src/shell/parser.ts';
import { matchesPattern } from '../../../src/shell/pattern.ts';
import type { Command, Item, Pipeline, Redirect, Script } from '../../../src/shell/syntax.ts';
import type { Container } from '../container.ts';
import type { Writer } from '../container-streams.ts';
import { BrokenPipe, openReader, openWriter, type Streams, UsageError } from '../tool.ts';
import { findTool } from '../tools/index.ts';
import { builtInCommands } from './built-in-commands.ts';
import { type Expander, expandPattern, expandText, expandWords } from './expand.ts';
import { Pipe } from './pipe.ts';
import { ShellState } from './shell-state.ts';

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
const depthMax = 500;

export class Interpreter implements Expander {
  readonly state: ShellState;
  readonly container: Container;
  readonly #depth: number;
  #streams: Streams;

  constructor(state: ShellState, container: Container, streams: Streams, depth = 0) {
    if (depth > depthMax) throw new Error('nested too deeply');
    this.state = state;
    this.container = container;
    this.#streams = streams;
    this.#depth = depth;
  }

  get streams(): Streams {
    return this.#streams;
  }

  /** Runs a script from its text; resolves with its exit code. */
  async runText(text: string): Promise<number> {
    try {
      return await this.run(parseScript(text));
    } catch (error) {
      return this.left(error);
    }
  }

  /** Returns the exit code that an exception means; throws what is none of the shell's. */
  async left(error: unknown): Promise<number> {
    if (error instanceof Leave) return error.value;
    if (error instanceof BrokenPipe) return brokenPipeCode;
    await this.#complain(error);
    return 2;
  }

  async run(script: Script): Promise<number> {
    for (const item of script) {
      await this.#runItem(item);
      await this.#runTrap();
      // A loop without any wait must leave the thread to its messages now and then.
      await turn();
    }
    return this.state.lastStatus;
  }

  async capture(script: Script): Promise<string> {
    const parts: Uint8Array[] = [];
    const stdout: Writer = {
      write: (chunk) => void parts.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk),
    };
    this.state.lastStatus = await this.subshell({ ...this.#streams, stdout }).runScript(script);
    return Buffer.concat(parts).toString('utf8').replace(/\n+$/, '');
  }

  subshell(streams: Streams): Interpreter {
    return new Interpreter(this.state.copy(), this.container, streams, this.#depth + 1);
  }

  async runScript(script: Script): Promise<number> {
    try {
      return await this.run(script);
    } catch (error) {
      return this.left(error);
    }
  }

  async #runItem({ pipelines, isBackground }: Item): Promise<void> {
    if (isBackground) {
      const copy = this.subshell({ ...this.#streams, stdin: { read: async () => null } });
      this.state.backgrounds.push(copy.runScript([{ pipelines, isBackground: false }]));
      this.state.lastStatus = 0;
      return;
    }
    for (const [index, { operator, pipeline }] of pipelines.entries()) {
      if (operator === '&&' && this.state.lastStatus !== 0) continue;
      if (operator === '||' && this.state.lastStatus === 0) continue;
      this.state.lastStatus = await this.#runPipeline(pipeline);
      const isLast = index === pipelines.length - 1;
      const ends = isLast && !pipeline.isNegated && this.state.lastStatus !== 0 && this.state.options.has('e');
      if (ends && !this.isTested) throw new Leave('exit', this.state.lastStatus);
    }
  }

  /** The status of what runs is a condition: `set -e` does not hold. */
  isTested = false;

  async #runPipeline({ commands, isNegated }: Pipeline): Promise<number> {
    const code =
      commands.length === 1 && commands[0] !== undefined
        ? await this.runCommand(commands[0])
        : await this.#runPiped(commands);
    return isNegated ? (code === 0 ? 1 : 0) : code;
  }

  async #runPiped(commands: readonly Command[]): Promise<number> {
    const pipes = commands.slice(1).map(() => new Pipe());
    const codes = await Promise.all(
      commands.map(async (command, index) => {
        const [input, output] = [pipes[index - 1], pipes[index]];
        const streams = {
          ...this.#streams,
          stdin: input ?? this.#streams.stdin,
          stdout: output ?? this.#streams.stdout,
        };
        const code = await this.subshell(streams).#runAlone(command);
        output?.endWriting();
        input?.endReading();
        return code;
      }),
    );
    return codes.at(-1) ?? 0;
  }

  async #runAlone(command: Command): Promise<number> {
    try {
      return await this.runCommand(command);
    } catch (error) {
      return this.left(error);
    }
  }

  async runCommand(command: Command): Promise<number> {
    if (command.type === 'function') {
      this.state.functions.set(command.name, command.body);
      return 0;
    }
    if (command.type === 'simple') return this.#runSimple(command);
    return this.#redirected(command.redirects, async () => {
      switch (command.type) {
        case 'group':
          return command.isSubshell ? this.subshell(this.#streams).runScript(command.body) : this.run(command.body);
        case 'if':
          for (const { condition, body } of command.branches)
            if ((await this.#test(condition)) === 0) return this.run(body);
          if (command.otherwise !== null) return this.run(command.otherwise);
          this.state.lastStatus = 0;
          return 0;
        case 'while':
          return this.#loop(
            async () => ((await this.#test(command.condition)) === 0) !== command.isUntil,
            command.body,
          );
        case 'for': {
          const values = command.words === null ? [...this.state.args] : await expandWords(this, command.words);
          const next = async (): Promise<boolean> => {
            const value = values.shift();
            if (value !== undefined) this.state.variables.set(command.name, value);
            return value !== undefined;
          };
          return this.#loop(next, command.body);
        }
        case 'case':
          return this.#runCase(command);
      }
    });
  }

  async #test(condition: Script): Promise<number> {
    const outer = this.isTested;
    this.isTested = true;
    try {
      return await this.run(condition);
    } finally {
      this.isTested = outer;
    }
  }

  async #loop(next: () => Promise<boolean>, body: Script): Promise<number> {
    let status = 0;
    while (await next()) {
      try {
        status = await this.run(body);
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

  async #runCase({ word, branches }: Extract<Command, { type: 'case' }>): Promise<number> {
    const value = await expandText(this, word);
    for (const { patterns, body } of branches) {
      for (const pattern of patterns) {
        if (!matchesPattern(value, await expandPattern(this, pattern))) continue;
        this.state.lastStatus = 0;
        return this.run(body);
      }
    }
    return 0;
  }

  async #runSimple({ assignments, words, redirects }: Extract<Command, { type: 'simple' }>): Promise<number> {
    const before = this.state.lastStatus;
    try {
      const argv = await expandWords(this, words);
      const values: [string, string][] = [];
      for (const { name, value } of assignments) values.push([name, await expandText(this, value)]);
      if (this.state.options.has('x')) await this.#streams.stderr.write(`+ ${argv.join(' ')}\n`);
      if (argv.length === 0) {
        for (const [name, value] of values) this.state.variables.set(name, value);
        // `x=$(false)` has the status of the substitution.
        const status = this.state.lastStatus === before ? 0 : this.state.lastStatus;
        return await this.#redirected(redirects, async () => status);
      }
      return await this.#redirected(redirects, () => this.runArgv(argv, Object.fromEntries(values)));
    } catch (error) {
      if (error instanceof Leave || error instanceof BrokenPipe) throw error;
      await this.#complain(error);
      return 1;
    }
  }

  /** Runs a command by its words: a function of the script, a command of the shell, or a tool. */
  async runArgv(argv: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<number> {
    const [name = '', ...args] = argv;
    const own = this.state.functions.get(name);
    if (own !== undefined) return this.#callFunction(own, args);
    const builtIn = Object.hasOwn(builtInCommands, name) ? builtInCommands[name] : undefined;
    if (builtIn !== undefined) return builtIn(this, args);
    const tool = findTool(name);
    const { stderr } = this.#streams;
    if (tool === undefined) {
      await stderr.write(`${this.state.name}: ${name}: not found\n`);
      return notFoundCode;
    }
    const env = { ...this.state.environment(), ...extra };
    const { container } = this;
    const run = (
      inner: readonly string[],
      streams: Streams,
      more?: Readonly<Record<string, string>>,
    ): Promise<number> => {
      const copy = this.subshell(streams);
      for (const [key, value] of Object.entries(more ?? {})) {
        copy.state.variables.set(key, value);
        copy.state.exported.add(key);
      }
      return copy.runArgv(inner).catch((error: unknown) => copy.left(error));
    };
    try {
      return await tool({ ...this.#streams, name, args, env, files: this.state.files, container, run });
    } catch (error) {
      if (error instanceof Leave || error instanceof BrokenPipe) throw error;
      await stderr.write(`${name}: ${(error as Error).message}\n`);
      return error instanceof UsageError ? 2 : 1;
    }
  }

  async #callFunction(body: Command, args: readonly string[]): Promise<number> {
    const outer = this.state.args;
    this.state.args = args;
    try {
      return await new Interpreter(this.state, this.container, this.#streams, this.#depth + 1).runCommand(body);
    } catch (error) {
      if (error instanceof Leave && error.what === 'return') return error.value;
      throw error;
    } finally {
      this.state.args = outer;
    }
  }

  async #redirected(redirects: readonly Redirect[], work: () => Promise<number>): Promise<number> {
    if (redirects.length === 0) return work();
    const outer = this.#streams;
    const opened: { close(): Promise<void> }[] = [];
    try {
      for (const redirect of redirects) this.#streams = await this.#redirect(redirect, opened);
      return await work();
    } finally {
      this.#streams = outer;
      for (const each of opened) await each.close();
    }
  }

  async #redirect({ descriptor, operator, target }: Redirect, opened: { close(): Promise<void> }[]): Promise<Streams> {
    const streams = this.#streams;
    const place = { ...streams, files: this.state.files };
    const name = await expandText(this, target);
    if (operator === '<<') {
      const parts: (Uint8Array | null)[] = [Buffer.from(name)];
      return { ...streams, stdin: { read: async () => parts.shift() ?? null } };
    }
    if (operator === '<') {
      const reader = await openReader(place, name);
      opened.push(reader);
      return { ...streams, stdin: reader };
    }
    let writer: Writer;
    if (operator === '>&' && /^[0-9-]$/.test(name))
      writer = name === '1' ? streams.stdout : name === '2' ? streams.stderr : { write: () => {} };
    else {
      const file = await openWriter(place, name, operator === '>>' ? 'a' : 'w');
      opened.push(file);
      writer = file;
    }
    if (descriptor === bothOutputs) return { ...streams, stdout: writer, stderr: writer };
    return descriptor === 2 ? { ...streams, stderr: writer } : { ...streams, stdout: writer };
  }

  /** Runs what `trap` was told for TERM, once it came. */
  async #runTrap(): Promise<void> {
    const { trapped } = this.state;
    if (trapped === null || !this.hasSignal) return;
    this.hasSignal = false;
    await this.run(parseScript(trapped));
  }

  /** SIGTERM came, and a trap waits for it. */
  hasSignal = false;

  async #complain(error: unknown): Promise<void> {
    await this.#streams.stderr.write(`${this.state.name}: ${(error as Error).message}\n`);
  }
}
