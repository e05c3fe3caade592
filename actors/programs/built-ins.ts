/** The programs that images of ours start, by the second part of their names. */
import { agnhost } from './agnhost.ts';
import type { ContainerMain } from './container.ts';
import { echoServer } from './echo.ts';
import { keyValueStore } from './kv.ts';
import { load } from './load.ts';
import { runTool } from './run-tool.ts';
import { web } from './web.ts';

export const builtIns: Readonly<Record<string, ContainerMain>> = {
  web,
  echo: echoServer,
  shell: runTool,
  load,
  kv: keyValueStore,
  agnhost,
};
