/**
 * Where every actor thread begins: runs the bundle of its kind, compiled already if the build left a code cache beside it. Compiling takes a third of the
 * processor time of a start. V8 refuses a cache of another version or other flags by itself; then the bundle is compiled as usual.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { workerData } from 'node:worker_threads';
import { codeCachePath, offerCodeCache } from './code-cache.ts';
import type { ThreadBirth } from './thread-control.ts';

/** `importModule`: see actors/io/load-module.ts. */
type Bundle = (
  exports: object,
  require: NodeJS.Require,
  module: object,
  filename: string,
  folder: string,
  importModule: (url: string) => Promise<unknown>,
) => void;

const parameters = 'exports, require, module, __filename, __dirname, importModule';

function run(bundle: string): void {
  const url = new URL(`./${bundle}.cjs`, import.meta.url);
  const filename = fileURLToPath(url);
  const cachedData = cacheOf(filename);
  // Strict, as the modules are that it was made of: a write to what is frozen has to throw.
  const text = `(function (${parameters}) {'use strict';${readFileSync(filename, 'utf8')}\n})`;
  const script = new Script(text, {
    filename,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const start = script.runInThisContext() as Bundle;
  start({}, createRequire(url), { exports: {} }, filename, dirname(filename), (specifier) => import(specifier));
  offerCodeCache(bundle, filename, script);
}

function cacheOf(filename: string): Buffer | undefined {
  try {
    return readFileSync(codeCachePath(filename));
  } catch {
    // Whoever builds without a cache starts slower, and nothing else.
    return undefined;
  }
}

run((workerData as ThreadBirth).bundle);
