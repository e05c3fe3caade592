/**
 * What `exec` runs in a simulated container: the few commands that people type first, and an interactive `sh` that reads lines and runs those. There
 * is no file system: what would need one says so with an error. A command that is not here ends with 127, as an image without it would.
 */
import type { WallMs } from '../base/brand.ts';
import { concatBytes, ownBytes, utf8, utf8Text } from '../base/bytes.ts';
import { timestampSeconds } from '../base/time.ts';
import type { SessionItem } from '../protocol/runtime.ts';
import { sessionChunkBytesMax } from '../protocol/session.ts';
import type { Moment, Program } from './program.ts';
import { parseScript, type ShellCommand } from './shell-words.ts';
import { durationMsOf } from './simulated-command.ts';
import { TerminalLine } from './terminal-line.ts';

export interface ShellSurroundings {
  readonly hostname: string;
  readonly workingDirectory: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** Paths where volumes are mounted. */
  readonly mounts: readonly string[];
}

type Activity =
  | { readonly type: 'idle' }
  | { readonly type: 'sleeping'; readonly untilMs: number }
  | { readonly type: 'copying' }
  | { readonly type: 'repeating'; readonly chunk: Uint8Array }
  | { readonly type: 'ended'; readonly exitCode: number };

/** What one command answers at once. */
interface Outcome {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
}

const shells = new Set(['sh', 'bash', 'ash']);
const inputBytesMax = 64 * 1024;
const interruptedExitCode = 130;

export class SimulatedShell implements Program {
  readonly #surroundings: ShellSurroundings;
  readonly #tty: TerminalLine | null;
  readonly #stdin: boolean;
  readonly #output: SessionItem[] = [];
  readonly #commands: ShellCommand[] = [];
  #activity: Activity = { type: 'idle' };
  #status = 0;
  /** Reads lines from its input once its commands are done. */
  #isReading = false;
  #input: Uint8Array = new Uint8Array(0);
  #isInputEnded: boolean;

  constructor(
    command: readonly string[],
    { tty, stdin }: { readonly tty: boolean; readonly stdin: boolean },
    surroundings: ShellSurroundings,
  ) {
    this.#surroundings = surroundings;
    this.#tty = tty ? new TerminalLine() : null;
    this.#stdin = stdin;
    this.#isInputEnded = !stdin;
    if (isShell(command[0] ?? '') && command[1] !== '-c') this.#startReading();
    else this.#commands.push({ words: command, after: 'always' });
  }

  get dueAtMs(): number {
    if (this.#output.length > 0) return 0;
    return this.#activity.type === 'sleeping' ? this.#activity.untilMs : Number.POSITIVE_INFINITY;
  }

  get wantsInput(): boolean {
    return this.#output.length === 0 && this.#input.length < inputBytesMax;
  }

  write(bytes: Uint8Array, isEnd: boolean): void {
    if (this.#tty === null) {
      this.#input = concatBytes([this.#input, bytes]);
      this.#isInputEnded ||= isEnd;
      return;
    }
    const { echo, input, isInterrupted, isEnded } = this.#tty.type(ownBytes(bytes));
    if (echo !== '') this.#output.push({ type: 'stdout', bytes: utf8(echo) });
    this.#input = concatBytes([this.#input, utf8(input)]);
    this.#isInputEnded ||= isEnd || isEnded;
    if (isInterrupted) this.#interrupt();
  }

  read(moment: Moment): SessionItem | null {
    for (;;) {
      const said = this.#output.shift();
      if (said !== undefined) return said;
      if (this.#activity.type === 'ended') return { type: 'exited', exitCode: this.#activity.exitCode };
      if (!this.#goOn(moment)) return null;
    }
  }

  /** Returns whether anything has happened. */
  #goOn({ monotonicMs, wallMs }: Moment): boolean {
    const activity = this.#activity;
    switch (activity.type) {
      case 'sleeping':
        if (monotonicMs < activity.untilMs) return false;
        this.#finish(0);
        return true;
      case 'copying':
        return this.#copy();
      case 'repeating':
        this.#output.push({ type: 'stdout', bytes: activity.chunk });
        return true;
      case 'idle':
        return this.#runNext(monotonicMs, wallMs);
      case 'ended':
        return false;
    }
  }

  #copy(): boolean {
    if (this.#input.length > 0) {
      const bytes = this.#input.subarray(0, sessionChunkBytesMax);
      this.#input = this.#input.subarray(bytes.length);
      this.#say('stdout', bytes);
      return true;
    }
    if (!this.#isInputEnded) return false;
    // In a terminal the end of the input is for the command that reads it, not for the shell.
    if (this.#tty !== null) this.#isInputEnded = false;
    this.#finish(0);
    return true;
  }

  #runNext(nowMs: number, wallMs: WallMs): boolean {
    const command = this.#commands.shift();
    if (command !== undefined) {
      const runs = command.after === 'always' || (command.after === 'success') === (this.#status === 0);
      if (runs) this.#run(command.words, nowMs, wallMs);
      return true;
    }
    if (!this.#isReading) {
      this.#activity = { type: 'ended', exitCode: this.#status };
      return true;
    }
    return this.#readLine();
  }

  #readLine(): boolean {
    const end = this.#input.indexOf(10);
    if (end === -1 && !this.#isInputEnded && this.#input.length < inputBytesMax) return false;
    if (end === -1 && this.#input.length === 0) {
      this.#activity = { type: 'ended', exitCode: this.#status };
      return true;
    }
    const line = utf8Text(this.#input.subarray(0, end === -1 ? this.#input.length : end));
    this.#input = end === -1 ? new Uint8Array(0) : this.#input.subarray(end + 1);
    this.#parse(line);
    if (this.#commands.length === 0) this.#prompt();
    return true;
  }

  #parse(text: string): void {
    const script = parseScript(text, (name) => this.#valueOf(name));
    if (script.type === 'script') this.#commands.unshift(...script.commands);
    else {
      this.#say('stderr', utf8(`sh: "${script.what}" is not simulated\n`));
      this.#status = 2;
    }
  }

  #valueOf(name: string): string {
    if (name === '?') return String(this.#status);
    if (name === 'HOSTNAME') return this.#surroundings.hostname;
    if (name === 'PWD') return this.#workingDirectory;
    return this.#surroundings.env.find((each) => each.name === name)?.value ?? '';
  }

  get #workingDirectory(): string {
    return this.#surroundings.workingDirectory === '' ? '/' : this.#surroundings.workingDirectory;
  }

  #run(given: readonly string[], nowMs: number, wallMs: WallMs): void {
    const target = given.at(-1) ?? '';
    const isRedirected = /^[12]?>&[12]$/.test(target);
    const words = isRedirected ? given.slice(0, -1) : given;
    const [program = '', first = ''] = words;
    const name = baseName(program);
    if (shells.has(name)) return this.#runShell(words);
    if (name === 'exit') {
      this.#activity = { type: 'ended', exitCode: first === '' ? this.#status : Number(first) & 0xff };
      return;
    }
    if (name === 'sleep') {
      this.#activity = { type: 'sleeping', untilMs: nowMs + durationMsOf(first) };
      return;
    }
    if (name === 'cat' && words.slice(1).every((word) => word === '-')) {
      this.#activity = { type: 'copying' };
      return;
    }
    if (name === 'yes') {
      const line = `${words.length > 1 ? words.slice(1).join(' ') : 'y'}\n`;
      const text = line.repeat(Math.max(1, Math.floor(sessionChunkBytesMax / line.length)));
      this.#activity = { type: 'repeating', chunk: utf8(this.#tty === null ? text : text.replaceAll('\n', '\r\n')) };
      return;
    }
    const { stdout = '', stderr = '', exitCode = 0 } = this.#answer(name, program, words.slice(1), wallMs);
    if (stdout !== '') this.#say(isRedirected && target.endsWith('2') ? 'stderr' : 'stdout', utf8(stdout));
    if (stderr !== '') this.#say('stderr', utf8(stderr));
    this.#finish(exitCode);
  }

  #runShell(words: readonly string[]): void {
    if (words[1] !== '-c') return this.#startReading();
    this.#parse(words[2] ?? '');
    return undefined;
  }

  #startReading(): void {
    this.#isReading = true;
    this.#prompt();
  }

  #answer(name: string, program: string, words: readonly string[], wallMs: WallMs): Outcome {
    const { hostname, env, mounts } = this.#surroundings;
    switch (name) {
      case 'true':
      case ':':
      case 'set':
        return {};
      case 'false':
        return { exitCode: 1 };
      case 'echo':
        return { stdout: words[0] === '-n' ? words.slice(1).join(' ') : `${words.join(' ')}\n` };
      case 'env':
      case 'printenv': {
        if (words.length === 0)
          return {
            stdout: [`HOSTNAME=${hostname}`, ...env.map((each) => `${each.name}=${each.value}`), ''].join('\n'),
          };
        const value = this.#valueOf(words[0] ?? '');
        return value === '' ? { exitCode: 1 } : { stdout: `${value}\n` };
      }
      case 'hostname':
        return { stdout: `${hostname}\n` };
      case 'date':
        return { stdout: `${timestampSeconds(wallMs)}\n` };
      case 'id':
        return { stdout: 'uid=0(root) gid=0(root) groups=0(root)\n' };
      case 'whoami':
        return { stdout: 'root\n' };
      case 'pwd':
        return { stdout: `${this.#workingDirectory}\n` };
      case 'ls':
        return listing(words.find((word) => !word.startsWith('-')) ?? this.#workingDirectory, mounts);
      case 'cat':
        return { stderr: `cat: can't open '${words[0] ?? ''}': No such file or directory\n`, exitCode: 1 };
      default:
        return { stderr: `sh: ${program}: not found\n`, exitCode: 127 };
    }
  }

  #finish(exitCode: number): void {
    this.#status = exitCode;
    this.#activity = { type: 'idle' };
    if (this.#commands.length === 0) this.#prompt();
  }

  #interrupt(): void {
    this.#commands.length = 0;
    this.#input = new Uint8Array(0);
    this.#finish(interruptedExitCode);
  }

  #prompt(): void {
    if (this.#isReading && this.#tty !== null && this.#stdin)
      this.#output.push({ type: 'stdout', bytes: utf8('/ # ') });
  }

  /** A terminal has one stream, and begins each line anew. */
  #say(type: 'stdout' | 'stderr', bytes: Uint8Array): void {
    if (this.#tty === null) this.#output.push({ type, bytes });
    else this.#output.push({ type: 'stdout', bytes: utf8(utf8Text(bytes).replaceAll('\n', '\r\n')) });
  }
}

function isShell(program: string): boolean {
  return shells.has(baseName(program));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** All there is are the paths of mounts. */
function listing(path: string, mounts: readonly string[]): Outcome {
  const folder = path.endsWith('/') ? path : `${path}/`;
  const inside = mounts.filter((mount) => mount.startsWith(folder)).map((mount) => mount.slice(folder.length));
  const names = [...new Set(inside.map((rest) => rest.split('/')[0] ?? ''))].filter((name) => name !== '').sort();
  if (names.length > 0) return { stdout: `${names.join('\n')}\n` };
  if (folder === '/' || mounts.some((mount) => `${mount}/` === folder)) return {};
  return { stderr: `ls: ${path}: No such file or directory\n`, exitCode: 1 };
}
