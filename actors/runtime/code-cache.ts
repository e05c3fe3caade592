/**
 * How the build gets V8's compiled code of the thread bundles: from threads that have run a cluster for a while, so that it holds the functions that a start
 * really calls. Threads listen for that wish only when the environment says so, which the build alone does.
 */
import { writeFileSync } from 'node:fs';
import type { Script } from 'node:vm';

/** Names the BroadcastChannel on which threads are asked for their code. */
export const codeCacheVariable = 'THREEMASTER_CODE_CACHE_CHANNEL';

export interface CodeCacheWritten {
  readonly bundle: string;
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
    writeFileSync(codeCachePath(bundleFile), script.createCachedData());
    channel.postMessage({ bundle } satisfies CodeCacheWritten);
  };
}
