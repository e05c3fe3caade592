/** Bundles the worker threads, the tests' own among them, once before any test that starts one. */
import { execFileSync } from 'node:child_process';

/** Each project of tests calls `setup`, all in this process. */
const builtVariable = 'THREEMASTER_WORKERS_BUILT';

export default function setup(): void {
  if (process.env[builtVariable] !== undefined) return;
  const folders = ['test/threads/workers', 'test/sim/workers'];
  execFileSync(process.execPath, ['scripts/run.mjs', 'scripts/build.ts', ...folders], { stdio: 'inherit' });
  process.env[builtVariable] = 'yes';
}
