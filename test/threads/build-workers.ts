/** Bundles the worker threads, the tests' own among them, once before any test that starts one. */
import { execFileSync } from 'node:child_process';

export default function setup(): void {
  execFileSync(process.execPath, ['scripts/run.mjs', 'scripts/build.ts', 'test/threads/workers'], { stdio: 'inherit' });
}
