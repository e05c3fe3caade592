/**
 * What a container of an image starts under the runtime `worker`: a JavaScript module of the image, or a tool of our own shell. There is nothing
 * that could run a binary of Linux. Models how Kubernetes joins `command` and `args` with Entrypoint and Cmd.
 */
import type { ImageConfig } from './manifest.ts';

/** What the pod says; empty: as the image has it. */
export interface LaunchRequest {
  readonly command: readonly string[];
  readonly args: readonly string[];
}

export type Launch =
  /** `path` as it was named, relative to the working directory. */
  | { readonly type: 'module'; readonly path: string; readonly args: readonly string[] }
  /** A name or a path: a script of the image, or a tool. */
  | { readonly type: 'command'; readonly argv: readonly string[] }
  | { readonly type: 'refused'; readonly message: string };

const modulePath = /\.[cm]?js$/;
/** Of Node: they change nothing that a program could tell, or nothing that a thread could have. */
const idleOptions =
  /^--(?:enable-source-maps|no-warnings|no-deprecation|trace-[a-z-]+|experimental-[a-z-]+|max-old-space-size=\d+|unhandled-rejections=[a-z-]+)$/;
const nodeNames = new Set(['node', 'nodejs']);
/** The entry point of the official images of Node, which does nothing but run its arguments. */
const passingScript = 'docker-entrypoint.sh';

/** Joins what the pod says with what the image says. */
export function planLaunch({ entrypoint, command }: ImageConfig, asked: LaunchRequest): Launch {
  const start = asked.command.length > 0 ? asked.command : entrypoint;
  const rest = asked.args.length > 0 ? asked.args : asked.command.length > 0 ? [] : command;
  return launchOf([...start, ...rest]);
}

/** Tells what a command line means. */
export function launchOf(argv: readonly string[]): Launch {
  const [name, ...args] = argv;
  if (name === undefined) return refused('the image names no program, and the pod no command');
  if (baseName(name) === passingScript && args.length > 0 && isOfNode(args[0] ?? '')) return launchOf(args);
  if (modulePath.test(name)) return { type: 'module', path: name, args };
  if (!nodeNames.has(baseName(name))) return { type: 'command', argv };
  const at = args.findIndex((arg) => !idleOptions.test(arg));
  const file = args[at];
  if (file === undefined) return refused('"node" is given no module to run');
  if (file.startsWith('-')) return refused(`the option ${file} of "node" is not supported`);
  return { type: 'module', path: file, args: args.slice(at + 1) };
}

/** Tells what a file of the image is that a command names, by its first line; null when it is no script of a language that we have. */
export function launchOfScript(firstLine: string, path: string, args: readonly string[]): Launch | null {
  const words = /^#!\s*(.+)$/.exec(firstLine.trimEnd())?.[1]?.split(/\s+/) ?? [];
  const [first = '', ...rest] = words;
  const interpreter = baseName(baseName(first) === 'env' ? (rest.find((word) => !word.startsWith('-')) ?? '') : first);
  if (nodeNames.has(interpreter)) return { type: 'module', path, args };
  if (interpreter === 'sh' || interpreter === 'bash' || interpreter === 'ash') {
    return { type: 'command', argv: ['sh', path, ...args] };
  }
  return null;
}

/** Tells people that there is no way to run this. */
export function noBinaries(name: string): string {
  return `exec: "${name}": the runtime "worker" runs JavaScript modules (node FILE, or FILE.js) and tools of its own shell; it cannot run Linux binaries`;
}

function isOfNode(name: string): boolean {
  return nodeNames.has(baseName(name)) || modulePath.test(name);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function refused(message: string): Launch {
  return { type: 'refused', message };
}
