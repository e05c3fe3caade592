/** The tools that every container of ours has, by name. */
import { sh } from '../sh.ts';
import type { Task } from '../tasks.ts';
import type { Machine, Tool, ToolCall } from '../tool.ts';
import { editTools } from './edit.ts';
import { fileTools } from './files.ts';
import { systemTools } from './system.ts';
import { tarTools } from './tar.ts';
import { textTools } from './text.ts';

const common: Readonly<Record<string, Tool>> = {
  ...fileTools,
  ...textTools,
  ...editTools,
  ...systemTools,
  ...tarTools,
  sh,
  ash: sh,
  bash: sh,
  which,
};

/** Folders in which tools are found when a command names them by path. */
const path = /^(?:\/usr(?:\/local)?)?\/s?bin\/([^/]+)$/;

/** Finds a tool by its name or path. */
export function findTool(machine: Pick<Machine, 'tool'>, name: string): Tool | undefined {
  const bare = path.exec(name)?.[1] ?? name;
  return Object.hasOwn(common, bare) ? common[bare] : machine.tool(bare);
}

function* which({ args, stdout, machine }: ToolCall): Task<number> {
  let code = 0;
  for (const name of args) {
    if (findTool(machine, name) === undefined) code = 1;
    else yield* stdout.write(`/bin/${name}\n`);
  }
  return code;
}
