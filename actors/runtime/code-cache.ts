/**
 * How the build gets V8's compiled code of the thread bundles: from threads that have run a cluster for a while, so that it holds the functions that a start
 * really calls. Threads listen for that wish only when the environment says so, which the build alone does.
 */
import { renameSync, writeFileSync } from 'node:fs';
import type { Script } from 'node:vm';
import { threadId } from 'node:worker_threads';

/** Names the BroadcastChannel on which threads are asked for their code. */
export const codeCacheVariable = 'THREEMASTER_CODE_CACHE_CHANNEL';

export interface CodeCacheAnswer {
  readonly bundle: string;
  /** Why nothing was written; empty: it was. */
  readonly failure: string;
}

export function codeCachePath(bundleFile: string): string {
  return `${bundleFile}.cache`;
}

/** Lets the builder, if there is one, ask for the code that `script` has compiled up to then. */
export function offerCodeCache(bundle: string, bundleFile: string, script: Script): void {
  const name = process.env[codeCacheVariable];
  if (name === undefined) return;
  const channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }: { readonly data?: unknown }) => {
    if (data !== 'write') return;
    channel.postMessage({ bundle, failure: write(bundleFile, script) } satisfies CodeCacheAnswer);
  };
}

/** Whole or not at all: other threads of the kind may write at the same time. */
function write(bundleFile: string, script: Script): string {
  const own = `${codeCachePath(bundleFile)}.${threadId}`;
  try {
    writeFileSync(own, script.createCachedData());
    renameSync(own, codeCachePath(bundleFile));
    return '';
  } catch (error: unknown) {
    return (error as Error).message;
  }
}
