/** `threemaster push`: a folder becomes an image in a registry. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { OutputFormat, PushRequest } from '../../../src/cli/command-line.ts';
import { isProcessRunning } from '../process-identity.ts';
import { Complaint } from './complaint.ts';
import type { Surroundings } from './control.ts';
import { printResult } from './terminal.ts';

/** Pushes an image. Returns the exit code; throws Complaint when it cannot. */
export async function pushFolder(
  { home, terminal }: Surroundings,
  name: string,
  { image: asked, directory: folder, ...content }: PushRequest,
  output: OutputFormat,
): Promise<number> {
  const directory = resolve(folder);
  const found = await stat(directory).catch(() => null);
  if (found?.isDirectory() !== true) throw new Complaint(`${directory} is no folder`);
  const running = (await home.read(name))?.running ?? null;
  const registry = running !== null && isProcessRunning(running.process) ? (running.registry ?? null) : null;
  const { pushTo } = await import('../push-image.ts');
  const { image, imageId } = await pushTo(registry, asked, { ...content, directory }).catch((error: Error) => {
    throw new Complaint(error.message);
  });
  printResult(terminal, output, `pushed ${image}\n  ${imageId}`, { image, imageId });
  return 0;
}
