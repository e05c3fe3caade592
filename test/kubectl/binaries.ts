/** The kubectl binaries of this machine: the one on PATH, and other versions that stand beside the file it links to. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export interface Binary {
  readonly path: string;
  /** `1.33`. */
  readonly version: string;
}

const minorMin = 28;

function onPath(): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'kubectl');
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** All versions from 1.28 on, the newest last; none where there is no kubectl. */
export function kubectlBinaries(): Binary[] {
  const path = onPath();
  if (path === null) return [];
  const folder = dirname(realpathSync(path));
  const beside = readdirSync(folder).flatMap((name): Binary[] => {
    const match = /^kubectl\.1\.(\d+)$/.exec(name);
    return match !== null && Number(match[1]) >= minorMin
      ? [{ path: join(folder, name), version: `1.${match[1]}` }]
      : [];
  });
  if (beside.length > 0)
    return beside.toSorted((left, right) => left.version.localeCompare(right.version, 'en', { numeric: true }));
  const { clientVersion } = JSON.parse(
    execFileSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' }),
  ) as { clientVersion: { minor: string } };
  return [{ path, version: `1.${Number.parseInt(clientVersion.minor, 10)}` }];
}

/** The newest version of this machine; with `KUBECTL_VERSIONS=all` every one, with `others` all but the newest; none where there is no kubectl. */
export function chosenBinaries(): Binary[] {
  const all = kubectlBinaries();
  const { KUBECTL_VERSIONS: asked } = process.env;
  if (asked === 'all') return all;
  return asked === 'others' ? all.slice(0, -1) : all.slice(-1);
}
