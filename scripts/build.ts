/** Builds dist/: one bundle per kind of worker thread, the package entry and the command. Arguments: more folders of thread entries. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { compressedDescriptions } from './descriptions.ts';

const rxjsFolder = resolve(createRequire(import.meta.url).resolve('rxjs/package.json'), '..');

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  logLevel: 'warning',
  // Packages written as CommonJS expect require; an ES module has none.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  // The ES module build of RxJS can be tree-shaken; Node's export condition would choose the CommonJS one.
  alias: { rxjs: join(rxjsFolder, 'dist/esm/index.js') },
  // Piscina finds its own worker beside itself; it is loaded only where it is used.
  external: ['msgpackr-extract', '@napi-rs/nice', 'piscina'],
};

await rm('dist', { recursive: true, force: true });
await mkdir('dist');
for (const folder of ['actors/cluster/threads', ...process.argv.slice(2)].filter(existsSync)) {
  const entryPoints = readdirSync(folder).map((file) => join(folder, file));
  if (entryPoints.length === 0) continue;
  // A thread compiles its bundle when it starts: without white space that takes a third less. Names stay, for stack traces.
  const smaller = { minifyWhitespace: true, minifySyntax: true };
  await build({ ...common, ...smaller, entryPoints, outdir: 'dist/workers' });
}
await writeFile('dist/descriptions.json.br', compressedDescriptions());
// Small libraries are bundled, so that a program starts without resolving hundreds of files; what a user shares with us (RxJS) is not.
await build({
  ...common,
  entryPoints: ['actors/cluster/index.ts', 'actors/cluster/command.ts'].filter(existsSync),
  outdir: 'dist',
  splitting: true,
  alias: {},
  external: [...(common.external ?? []), 'rxjs', 'piscina', 'comlink', 'msgpackr'],
});
