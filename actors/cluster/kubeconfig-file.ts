/** The user's own kubeconfig file, which other clusters share: ours is written into it beside them, and taken out again. */
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import {
  formatKubeconfig,
  type Kubeconfig,
  type KubeconfigEntries,
  mergeKubeconfig,
  removeFromKubeconfig,
} from '../../src/http/kubeconfig.ts';
import { ClusterOptionsError } from './options.ts';

/** Writes the cluster into the file and makes it current. Throws ClusterOptionsError when the file holds something else. */
export async function addToFile(path: string, config: Kubeconfig): Promise<void> {
  const text = await readText(path);
  await replace(path, text === null ? formatKubeconfig(config) : edited(path, () => mergeKubeconfig(text, config)));
}

/** Takes the cluster out of the file, if it is there. */
export async function removeFromFile(path: string, entries: KubeconfigEntries): Promise<void> {
  const text = await readText(path);
  if (text !== null)
    await replace(
      path,
      edited(path, () => removeFromKubeconfig(text, entries)),
    );
}

function edited(path: string, edit: () => string): string {
  try {
    return edit();
  } catch (error) {
    throw new ClusterOptionsError(`${path} cannot be changed: ${(error as Error).message}`);
  }
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

/** Whole or not at all, with the rights that it had; a link stays a link. */
async function replace(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    (found) => found.mode & 0o777,
    () => 0o600,
  );
  const draft = `${target}.threemaster`;
  try {
    await writeFile(draft, text, { mode });
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
}
