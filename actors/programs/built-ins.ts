/** The programs that images of ours start. */
import type { ContainerMain } from './container.ts';
import { runTool } from './run-tool.ts';

export const builtIns: Readonly<Record<string, ContainerMain>> = {
  shell: runTool,
};
