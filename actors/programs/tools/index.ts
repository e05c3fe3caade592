/** All tools by name. */
import { sh } from '../shell/sh.ts';
import type { Tool } from '../tool.ts';
import { fileTools } from './files.ts';
import { networkTools } from './network.ts';
import { systemTools } from './system.ts';
import { tarTools } from './tar.ts';
import { textTools } from './text.ts';

const own: Readonly<Record<string, Tool>> = {
  ...fileTools,
  ...textTools,
  ...systemTools,
  ...networkTools,
  ...tarTools,
};

/** Folders in which tools are found when a command names them by path. */
const path = /^(?:\/usr(?:\/local)?)?\/s?bin\/([^/]+)$/;

/** Finds a tool by its name or path. */
export function findTool(name: string): Tool | undefined {
  const bare = path.exec(name)?.[1] ?? name;
  if (bare === 'sh' || bare === 'ash' || bare === 'bash') return sh;
  if (bare === 'which') return which;
  return Object.hasOwn(own, bare) ? own[bare] : undefined;
}

async function which({ args, stdout }: Parameters<Tool>[0]): Promise<number> {
  let code = 0;
  for (const name of args) {
    if (findTool(name) === undefined) code = 1;
    else await stdout.write(`/bin/${name}\n`);
  }
  return code;
}
