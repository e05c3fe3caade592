/** The files of a simulated container: an almost empty root of its own, made when somebody first looks, with its volumes mounted in it. */
import { utf8 } from '../base/bytes.ts';
import type { ContainerConfig, Mount, SandboxConfig } from '../protocol/runtime.ts';
import { attempt } from '../shell/files.ts';
import { MemoryFiles, type MemoryMount } from '../shell/memory-files.ts';
import { addFolder, type MemoryFolder, type MemoryNode, MemoryStore, memoryFolder } from '../shell/memory-tree.ts';
import { normalPath, partsOf } from '../shell/paths.ts';
import type { SimulatedVolumes } from './simulated-volumes.ts';

const rootFolders = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'run', 'tmp', 'usr', 'var'];

/** The files of one container, and the room that its root takes. */
export interface ContainerFiles {
  readonly files: MemoryFiles;
  readonly store: MemoryStore;
}

/** `nowMs` is what is written as the time of a change. */
export function containerFiles(
  config: ContainerConfig,
  sandbox: SandboxConfig,
  volumes: SimulatedVolumes,
  nowMs: () => number,
): ContainerFiles {
  const store = new MemoryStore(volumes.store);
  const root = memoryFolder(store, nowMs());
  const mounts = new Map<string, MemoryMount>();
  const files = new MemoryFiles({ root, mounts, nowMs });
  for (const folder of rootFolders) files.mkdir(`/${folder}`, { recursive: true });
  writeText(files, '/etc/hostname', `${sandbox.hostname}\n`);
  writeText(files, '/etc/hosts', hostsOf(sandbox));
  const outerFirst = config.mounts.toSorted((left, right) => left.containerPath.length - right.containerPath.length);
  for (const mount of outerFirst) {
    const placed = placedMount(mount, sandbox.uid, volumes, nowMs());
    if (placed === undefined) continue;
    // A folder stands where the volume is mounted, unless it lies in a volume that cannot be written to.
    attempt(() => files.mkdir(placed.path, { recursive: true }));
    mounts.set(placed.path, placed);
  }
  const folder = workingDirectoryOf(config);
  attempt(() => files.mkdir(folder, { recursive: true }));
  // Where no folder can be made, commands start from the root.
  const isFolder = attempt(() => files.stat(folder))?.type === 'folder';
  return { files: isFolder ? files.at(folder) : files, store };
}

function workingDirectoryOf({ workingDirectory }: ContainerConfig): string {
  return workingDirectory === '' ? '/' : workingDirectory;
}

function writeText(files: MemoryFiles, path: string, text: string): void {
  attempt(() => files.open(path, 'w').write(utf8(text)));
}

function placedMount(
  { volume, containerPath, subPath, isReadOnly }: Mount,
  podUid: string,
  volumes: SimulatedVolumes,
  nowMs: number,
): MemoryMount | undefined {
  const content = volumes.content(podUid, volume);
  const root = volumes.root(podUid, volume, nowMs);
  if (content === undefined || root === undefined) return undefined;
  const isFixed = content.type === 'files' || (content.type === 'persistent' && content.isReadOnly);
  const node = partOf(root, subPath, nowMs);
  return node && { path: normalPath(`/${containerPath}`), node, isReadOnly: isReadOnly || isFixed };
}

/** Finds a part of a volume, a folder that is made if it is missing; undefined when that cannot be. */
function partOf(root: MemoryFolder, subPath: string, nowMs: number): MemoryNode | undefined {
  let node: MemoryNode | undefined = root;
  for (const name of partsOf(subPath)) {
    if (node?.type !== 'folder') return undefined;
    node = node.children.get(name) ?? addFolder(node, name, nowMs);
  }
  return node;
}

/** Models kubernetes pkg/kubelet/kubelet_pods.go managedHostsFileContent. */
function hostsOf({ podIp, hostname, hostAliases }: SandboxConfig): string {
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
  ];
  if (podIp !== null) lines.push(`${podIp}\t${hostname}`);
  if (hostAliases !== undefined && hostAliases.length > 0) {
    lines.push('', '# Entries added by HostAliases.');
    for (const { ip, hostnames } of hostAliases) lines.push(`${ip}\t${hostnames.join('\t')}`);
  }
  return `${lines.join('\n')}\n`;
}
