/**
 * What the command of a simulated container fixes of its life, so that the small pods of manuals and tests behave as people expect: the shell runs
 * it, in no time, to see what it says, how long it sleeps and how it ends. What depends on more than its own words (another program, a file,
 * the network, its input, a loop without an end) makes it a program that runs until it is stopped.
 */
import type { WallMs } from '../base/brand.ts';
import { concatBytes, utf8Text } from '../base/bytes.ts';
import type { FileStats, Files, OpenFile } from '../shell/files.ts';
import { Interpreter } from '../shell/interpreter.ts';
import { parseScript } from '../shell/parser.ts';
import { baseName } from '../shell/paths.ts';
import { ShellState } from '../shell/shell-state.ts';
import { bytesOf, Source, type Writer } from '../shell/streams.ts';
import { ShellSyntaxError } from '../shell/syntax.ts';
import { breath, type Job, Tasks } from '../shell/tasks.ts';
import { Interrupted, type Machine, type Tool } from '../shell/tool.ts';
import type { ContainerProfile } from './container-profile.ts';
import { lifeBytesMax, lifeStepsMax } from './limits.ts';

type Env = readonly { readonly name: string; readonly value: string }[];

export interface CommandPlace {
  readonly hostname: string;
  /** The working directory. */
  readonly folder: string;
}

const root: CommandPlace = { hostname: '', folder: '/' };

/** Returns the variables that a command in a container starts with. */
export function shellVariables(env: Env, hostname: string, folder: string): Readonly<Record<string, string>> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOSTNAME: hostname,
    HOME: '/root',
    PWD: folder,
    ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
  };
}

const shells = new Set(['sh', 'bash', 'ash']);

/** Returns what the command fixes of a container's life; nothing when it depends on more than itself, or is empty. */
export function lifeOfCommand(
  words: readonly string[],
  env: Env = [],
  { hostname, folder }: CommandPlace = root,
): Partial<ContainerProfile> {
  const [program] = words;
  if (program === undefined || !isReadable(words)) return {};
  const said: Uint8Array[] = [];
  let saidBytes = 0;
  const tasks = new Tasks(0);
  const saysTooMuch = (): boolean => saidBytes > lifeBytesMax;
  const output: Writer = {
    *write(chunk) {
      const bytes = bytesOf(chunk);
      saidBytes += bytes.length;
      // What says too much is left where it is: nobody looks further.
      while (saysTooMuch()) yield breath;
      said.push(bytes);
    },
  };
  const streams = { stdin: new Source(beyond), stdout: output, stderr: output };
  const variables = shellVariables(env, hostname, folder);
  const shell = new Interpreter(new ShellState(variables, unseenFiles(folder), 'sh', []), machineOf(tasks), streams);
  const job = tasks.start(shell.runAlone(words));
  const runMs = runThrough(tasks, job, saysTooMuch);
  const firstLines = utf8Text(concatBytes(said)).split('\n');
  if (firstLines.at(-1) === '') firstLines.pop();
  if (runMs !== null) return { runMs, exitCode: (job.isOver ? job.result() : 0) ?? 0, firstLines };
  return firstLines.length > 0 && job.isOver ? { firstLines } : {};
}

/** What one command does in a container that runs: for probes and hooks. Null when that depends on more than the command. */
export function outputOfCommand(
  words: readonly string[],
  env: Env = [],
  place: CommandPlace = root,
): { readonly exitCode: number; readonly stdout: string; readonly durationMs: number } | null {
  const { runMs, exitCode, firstLines } = lifeOfCommand(words, env, place);
  if (runMs === undefined || exitCode === undefined) return null;
  return { exitCode, stdout: (firstLines ?? []).map((line) => `${line}\n`).join(''), durationMs: runMs };
}

/** A shell that asks for lines is none that ends; a script in a language that ours is not, says nothing. */
function isReadable([program = '', flag = '', script = '']: readonly string[]): boolean {
  if (!shells.has(baseName(program))) return true;
  if (!/^-[a-z]*c$/.test(flag)) return false;
  try {
    parseScript(script);
    return true;
  } catch (error) {
    if (error instanceof ShellSyntaxError) return false;
    throw error;
  }
}

/** Lets time pass until the job is over, or waits for ever; returns when that is, null when nobody can say. */
function runThrough(tasks: Tasks, job: Job<number>, saysTooMuch: () => boolean): number | null {
  let nowMs = 0;
  for (let step = 0; step < lifeStepsMax && !saysTooMuch(); step += 1) {
    const goesOn = tasks.run(nowMs, 1);
    if (job.isOver) return isKnown(job) ? nowMs : null;
    if (goesOn) continue;
    nowMs = tasks.dueAtMs;
    if (nowMs === Number.POSITIVE_INFINITY) return nowMs;
  }
  return null;
}

class Beyond extends Interrupted {}

function isKnown(job: Job<number>): boolean {
  try {
    job.result();
    return true;
  } catch (error) {
    if (error instanceof Beyond) return false;
    throw error;
  }
}

function beyond(): never {
  throw new Beyond();
}

function machineOf(tasks: Tasks): Machine {
  const other: Tool = beyond;
  return {
    get hostname(): string {
      return beyond();
    },
    get address(): string {
      return beyond();
    },
    command: [],
    tty: false,
    release: 'threemaster simulated',
    tasks,
    wallMs: (): WallMs => beyond(),
    random: beyond,
    tool: () => other,
    onTerminate: () => {},
  };
}

/** Files that can be written, as far as the command sees, and of which nothing else is known. */
function unseenFiles(folder: string): Files {
  const file: OpenFile = { read: beyond, write: () => {}, close: () => {} };
  return {
    folder,
    at: unseenFiles,
    absolute: (path) => path,
    open: (_path, flags) => (flags === 'r' ? beyond() : file),
    names: beyond,
    stat: (): FileStats => beyond(),
    lstat: (): FileStats => beyond(),
    mkdir: () => {},
    remove: (_path, { force }) => (force ? undefined : beyond()),
    removeFolder: beyond,
    rename: beyond,
    copy: beyond,
    symlink: () => {},
    readlink: beyond,
    chmod: () => {},
    touch: () => {},
  };
}
