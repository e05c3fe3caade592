/** Builds dist/: one bundle per kind of worker thread, the package entry and the command. Arguments: more folders of thread entries. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { compressedDescriptions } from './descriptions.ts';

const rxjsFolder = resolve(createRequire(import.meta.url).resolve('rxjs/package.json'), '..');

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  logLevel: 'warning',
  // The ES module build of RxJS can be tree-shaken; Node's export condition would choose the CommonJS one.
  alias: { rxjs: join(rxjsFolder, 'dist/esm/index.js') },
  // Piscina finds its own worker beside itself; it is loaded only where it is used.
  external: ['msgpackr-extract', '@napi-rs/nice', 'piscina'],
};

const asModule: BuildOptions = {
  ...common,
  format: 'esm',
  // Packages written as CommonJS expect require; an ES module has none.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
};

/** What actors/runtime/worker-entry.ts runs: V8 keeps compiled code of scripts, not of modules. */
const asScript: BuildOptions = {
  ...common,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/** It takes three seconds. */
const codeCacheTimeoutMs = 60_000;
/** A script as well: a thread that begins with a module starts Node's loader of modules first. */
const workerEntry = 'actors/runtime/worker-entry.ts';
/** Threads that are no actors': they are started as they are. */
const moduleWorkers: ReadonlySet<string> = new Set(['container', 'image', 'run-seed', 'bare-echo']);

await rm('dist', { recursive: true, force: true });
await mkdir('dist');
const workers = ['actors/cluster/threads', ...process.argv.slice(2)].flatMap(filesIn);
const isModule = (file: string): boolean => moduleWorkers.has(basename(file, '.ts'));
// A thread compiles its bundle when it starts: without white space that takes a third less. Names stay, for stack traces.
const small = { minifyWhitespace: true, minifySyntax: true, outdir: 'dist/workers', entryNames: '[name]' };
await Promise.all([
  build({ ...asScript, ...small, entryPoints: [workerEntry, ...workers.filter((file) => !isModule(file))] }),
  build({ ...asModule, ...small, entryPoints: workers.filter(isModule) }),
]);
await writeFile('dist/descriptions.json.br', compressedDescriptions());
// Small libraries are bundled, so that a program starts without resolving hundreds of files; what a user shares with us (RxJS) is not.
await build({
  ...asModule,
  entryPoints: ['actors/cluster/index.ts', 'actors/cluster/command.ts'].filter(existsSync),
  outdir: 'dist',
  splitting: true,
  alias: {},
  external: [...(common.external ?? []), 'rxjs', 'piscina', 'comlink', 'msgpackr'],
});

// After all else: it runs a cluster from what was built. Without it threads start slower, and nothing else is different.
try {
  execFileSync(process.execPath, ['scripts/run.mjs', 'scripts/code-cache.ts'], {
    stdio: 'inherit',
    timeout: codeCacheTimeoutMs,
  });
} catch (error: unknown) {
  console.warn(`threads will compile their code at each start: ${String(error)}`);
}

function filesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [];
}
