/** What runs inside the thread of a container: makes its Container and starts its program. */
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { ContainerBirth } from '../../src/actor/container-thread.ts';
import { must } from '../../src/base/assert.ts';
import { builtIns } from './built-ins.ts';
import { Container, type ContainerMain } from './container.ts';
import { confineToPod } from './pod-network.ts';
import { missingTool, runTool } from './run-tool.ts';

/** Runs the program that the thread was born for. */
export function runContainer(): void {
  const birth = workerData as ContainerBirth;
  const env = process.env as Readonly<Record<string, string>>;
  const container = new Container(birth, { ...env }, must(parentPort, 'a container runs in a worker thread'));
  captureOutput(container);
  if (birth.hasOwnNetwork) confineToPod(birth.address, birth.hostname);
  (globalThis as { container?: Container }).container = container;
  void start(birth, container);
}

async function start({ start: how }: ContainerBirth, container: Container): Promise<void> {
  try {
    container.started(how.type === 'tool' ? missingTool(container.args) : null);
    const main = how.type === 'module' ? await mainOf(how.url) : how.type === 'tool' ? runTool : builtIns[how.name];
    const code = await main?.(container);
    if (typeof code === 'number') process.exit(code);
  } catch (error) {
    container.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  }
}

/** A module without a default export has done its work by being imported. */
async function mainOf(url: string): Promise<ContainerMain | undefined> {
  // Programs that are written for the command line look for their own name here.
  if (url.startsWith('file:')) process.argv[1] = fileURLToPath(url);
  const exports = (await import(url)) as { readonly default?: unknown };
  return typeof exports.default === 'function' ? (exports.default as ContainerMain) : undefined;
}

/** `console` and `process.stdout` write to the container's streams, with their back-pressure. */
function captureOutput({ stdout, stderr }: Container): void {
  for (const [stream, output] of [
    [process.stdout, stdout],
    [process.stderr, stderr],
  ] as const) {
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      output.write(chunk);
      const callback = rest.at(-1);
      if (typeof callback === 'function') process.nextTick(callback as () => void);
      return true;
    }) as typeof stream.write;
  }
}
