/** What the worker of a container of a pulled image starts: the files of the image are there to be looked at. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ContainerBirth } from '../../../src/actor/container-thread.ts';
import { type Launch, launchOf, launchOfScript, noBinaries, planLaunch } from '../../../src/registry/launch.ts';
import type { ImageConfig } from '../../../src/registry/manifest.ts';

export interface ImageStart {
  readonly start: ContainerBirth['start'];
  readonly argv: readonly string[];
  /** What people are told when there is no such tool. */
  readonly complaint: string;
}

export interface ImageCommand {
  /** A command beside the container's program: the image's own does not count. */
  readonly isExec: boolean;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly path: string;
}

const firstLineBytes = 256;

/** Finds what to start; throws what people should read. */
export function startOfImage(root: string, config: ImageConfig, asked: ImageCommand): ImageStart {
  const planned = asked.isExec ? launchOf(asked.command) : planLaunch(config, asked);
  const launch = planned.type === 'command' ? scriptOf(root, planned.argv, asked) : planned;
  if (launch.type === 'refused') throw new Error(launch.message);
  if (launch.type === 'command') {
    return { start: { type: 'tool' }, argv: launch.argv, complaint: noBinaries(launch.argv[0] ?? '') };
  }
  const path = posix.resolve('/', asked.workingDirectory, launch.path);
  const host = join(root, path);
  if (statSync(host, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new Error(`exec: "node": cannot find module '${path}' in the image`);
  }
  return { start: { type: 'module', url: pathToFileURL(host).href }, argv: launch.args, complaint: '' };
}

/** A command that names a script of the image is what the script is for. */
function scriptOf(root: string, argv: readonly string[], { workingDirectory, path }: ImageCommand): Launch {
  const [name = '', ...args] = argv;
  const folders = name.includes('/') ? [workingDirectory] : path.split(':');
  for (const folder of folders) {
    const candidate = posix.resolve('/', folder, name);
    const line = firstLineOf(join(root, candidate));
    if (line === null) continue;
    return launchOfScript(line, candidate, args) ?? { type: 'command', argv };
  }
  return { type: 'command', argv };
}

function firstLineOf(file: string): string | null {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return null;
  const bytes = Buffer.alloc(firstLineBytes);
  const open = openSync(file, 'r');
  try {
    const length = readSync(open, bytes, 0, firstLineBytes, 0);
    return bytes.toString('utf8', 0, length).split('\n')[0] ?? '';
  } finally {
    closeSync(open);
  }
}
