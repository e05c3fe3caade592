/**
 * A folder for one process at a time. The lock is a file that names its holder; it is good as long as that process runs, so a killed process
 * leaves nothing that has to be cleaned up by hand.
 *
 * Taking it over from a dead holder: the stale file is moved aside, which only one of several takers can do with one file, and the new one
 * is put in its place by a link, which fails if another is there already. A taker that moved a fresh lock aside puts it back.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isProcessRunning, ownProcess, type ProcessIdentity } from './process-identity.ts';

export interface ProcessLock {
  /** Gives the folder free. Does nothing the second time. */
  release(): Promise<void>;
}

export type LockOutcome =
  | { readonly type: 'locked'; readonly lock: ProcessLock }
  | { readonly type: 'taken'; readonly holder: ProcessIdentity };

interface LockFile extends ProcessIdentity {
  /** Differs for each lock that was ever taken. */
  readonly nonce: string;
}

const fileName = 'lock';
const attemptsMax = 10;

/** Locks an existing folder for this process, or says who holds it: this very process, too. */
export async function lockFolder(folder: string): Promise<LockOutcome> {
  const path = join(folder, fileName);
  const own: LockFile = { ...ownProcess(), nonce: randomUUID() };
  const draft = `${path}.${own.nonce}`;
  await writeFile(draft, JSON.stringify(own), { mode: 0o600, flush: true } as never);
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (await linked(draft, path)) return { type: 'locked', lock: heldLock(path, own) };
      const holder = await readLock(path);
      if (holder !== null && isProcessRunning(holder)) return { type: 'taken', holder };
      await moveAside(path, `${draft}.stale`, holder);
    }
    throw new Error(`${path} changes hands without end`);
  } finally {
    await rm(draft, { force: true });
  }
}

function heldLock(path: string, own: LockFile): ProcessLock {
  return {
    async release() {
      if ((await readLock(path))?.nonce === own.nonce) await rm(path, { force: true });
    },
  };
}

/** Returns false when something stands at `path` already. */
async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function moveAside(path: string, aside: string, expected: LockFile | null): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readLock(aside);
  if (moved !== null && moved.nonce !== expected?.nonce) await linked(aside, path);
  await rm(aside, { force: true });
}

/** Null when there is none, or when what is there was never written whole: its writer died over it. */
async function readLock(path: string): Promise<LockFile | null> {
  try {
    const found = JSON.parse(await readFile(path, 'utf8')) as Partial<LockFile>;
    return typeof found.pid === 'number' && typeof found.nonce === 'string' ? (found as LockFile) : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}
