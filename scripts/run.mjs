// Runs a TypeScript script on a Node that cannot strip types itself: bundles it with esbuild, then imports the result.
// Usage: node scripts/run.mjs scripts/build.ts [arguments]
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [, , script, ...rest] = process.argv;
if (script === undefined) throw new Error('expected the path of a TypeScript script');
// In the repository, so that packages and #workers resolve from the bundle as they do from the script.
const folder = await mkdtemp(resolve('.run-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const outfile = resolve(folder, 'script.mjs');
await build({
  entryPoints: [script],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
  sourcemap: 'inline',
});
process.argv = [process.argv[0], resolve(script), ...rest];
await import(pathToFileURL(outfile).href);
