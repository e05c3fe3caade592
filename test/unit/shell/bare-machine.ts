/** A machine for a shell that needs none: no terminal, no tools but the shell's own, and a clock that stands still. */

import type { WallMs } from '../../../src/base/brand.ts';
import type { Tasks } from '../../../src/shell/tasks.ts';
import type { Machine } from '../../../src/shell/tool.ts';

export function bareMachine(tasks: Tasks): Machine {
  return {
    hostname: '',
    address: '',
    command: [],
    tty: false,
    release: '',
    tasks,
    wallMs: () => 0 as WallMs,
    random: (length) => new Uint8Array(length),
    tool: () => undefined,
    onTerminate: () => {},
  };
}
