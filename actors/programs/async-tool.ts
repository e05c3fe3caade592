/** Commands of our own shell that wait for the world, as the network makes them: they are Promises to themselves and tasks to the shell. */
import { readAll, type Streams, type Writer } from '../../src/shell/streams.ts';
import type { Task } from '../../src/shell/tasks.ts';
import { openWriter, type ToolCall } from '../../src/shell/tool.ts';
import type { Container } from './container.ts';
import type { ShellMachine } from './shell-driver.ts';

/** A writer, as code that waits for Promises wants it. */
export interface AsyncWriter {
  write(chunk: string | Uint8Array): Promise<void>;
  close(): void;
}

export interface AsyncCall {
  readonly args: readonly string[];
  readonly container: Container;
  readonly stdout: AsyncWriter;
  readonly stderr: AsyncWriter;
  /** Reads all of the standard input. */
  input(): Promise<Uint8Array>;
  /** Opens a file to write it anew. */
  create(path: string): AsyncWriter;
}

export type AsyncTool = (call: AsyncCall) => Promise<number>;

/** Runs such a command as a task. What it reads and writes are tasks too, so pipes hold it back like any other. */
export function* asTask(machine: ShellMachine, call: ToolCall, tool: AsyncTool): Task<number> {
  const outcomes: ({ readonly code: number } | { readonly error: unknown })[] = [];
  const settle = (outcome: (typeof outcomes)[number]): void => {
    outcomes.push(outcome);
    machine.bell.ring();
  };
  tool(asyncCall(machine, call)).then(
    (code) => settle({ code }),
    (error: unknown) => settle({ error }),
  );
  for (;;) {
    const [outcome] = outcomes;
    if (outcome === undefined) yield { isOver: () => outcomes.length > 0 };
    else if ('error' in outcome) throw outcome.error;
    else return outcome.code;
  }
}

function asyncCall(machine: ShellMachine, call: ToolCall): AsyncCall {
  const perform = <Result>(task: Task<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      machine.tasks.start(
        (function* (): Task<void> {
          try {
            resolve(yield* task);
          } catch (error) {
            reject(error as Error);
          }
        })(),
      );
      machine.bell.ring();
    });
  const writing = (writer: Writer, close: () => void): AsyncWriter => ({
    write: (chunk) => perform(writer.write(chunk)),
    close,
  });
  const { stdin, stdout, stderr }: Streams = call;
  return {
    args: call.args,
    container: machine.container,
    stdout: writing(stdout, () => {}),
    stderr: writing(stderr, () => {}),
    input: () => perform(readAll(stdin, call.memory)),
    create: (path) => {
      const file = openWriter(call, path, 'w');
      return writing(file, () => file.close());
    },
  };
}
