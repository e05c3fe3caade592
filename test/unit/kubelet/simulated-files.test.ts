/** The files of simulated containers: what is there from the start, volumes and who shares them, what outlives what, and how much room there is. */
import { expect, test } from 'vitest';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { SimulatedRuntime } from '../../../src/kubelet/simulated-runtime.ts';
import type { Mount, VolumeContent } from '../../../src/protocol/runtime.ts';
import type { Files } from '../../../src/shell/files.ts';

const empty: VolumeContent = { type: 'empty', isMemory: false, sizeLimitBytes: 0 };
const filesOf = (contents: Readonly<Record<string, string>>): VolumeContent => ({
  type: 'files',
  files: Object.entries(contents).map(([path, text]) => ({ path, bytes: utf8(text), mode: 0o400 })),
});

class Bench {
  readonly runtime = new SimulatedRuntime({}, 'a');
  #requests = 0;

  ask(type: string, request: object): Record<string, string> {
    this.#requests += 1;
    const step = this.runtime.handle(this.#requests, { type, request } as never, 1 as MonotonicMs, 1 as WallMs);
    return step.answers[0]?.body as Record<string, string>;
  }

  /** Makes a pod with these volumes. */
  pod(uid: string, volumes: Readonly<Record<string, VolumeContent>>): string {
    for (const [name, content] of Object.entries(volumes)) this.ask('setVolume', { podUid: uid, name, content });
    const hostAliases = [{ ip: '10.1.1.1', hostnames: ['db', 'store'] }];
    const config = {
      namespace: 'default',
      name: uid,
      uid,
      attempt: 0,
      hostname: `host-${uid}`,
      nodeName: 'n',
      hostAliases,
    };
    return this.ask('runPodSandbox', { config: { ...config, annotations: {}, podIp: '10.0.0.9', runtimeHandler: '' } })[
      'sandboxId'
    ] as string;
  }

  /** Makes a container; mounts are `VOLUME[/PART]:PATH[:ro]`. */
  container(sandboxId: string, name: string, mounts: readonly string[], workingDirectory = ''): string {
    const parsed = mounts.map((text): Mount => {
      const [source = '', containerPath = '', flag] = text.split(':');
      const [volume = '', ...parts] = source.split('/');
      return { volume, containerPath, subPath: parts.join('/'), isReadOnly: flag === 'ro' };
    });
    const config = { name, attempt: 0, image: 'i', command: [], args: [], env: [], mounts: parsed, workingDirectory };
    return this.ask('createContainer', { sandboxId, config })['containerId'] as string;
  }

  files(containerId: string): Files {
    const container = this.runtime.container(containerId, 1 as WallMs);
    if (container === undefined) throw new Error('no container');
    return this.runtime.files(container);
  }
}

const read = (files: Files, path: string): string => utf8Text(files.open(path, 'r').read(100_000) ?? new Uint8Array(0));
const write = (files: Files, path: string, text: string): void => files.open(path, 'w').write(utf8(text));

test('a container has a small root of its own, and knows its name', () => {
  const bench = new Bench();
  const pod = bench.pod('p', {});
  const [one, two] = ['one', 'two'].map((name) => bench.files(bench.container(pod, name, [], '/srv/app')));
  if (one === undefined || two === undefined) throw new Error('no containers');
  expect(one.folder).toBe('/srv/app');
  expect(read(one, '/etc/hostname')).toBe('host-p\n');
  expect(read(one, '/etc/hosts')).toContain(
    '10.0.0.9\thost-p\n\n# Entries added by HostAliases.\n10.1.1.1\tdb\tstore\n',
  );
  write(one, 'own', 'x');
  expect(one.names('/srv/app')).toEqual(['own']);
  expect(two.names('/srv/app')).toEqual([]);
});

test('an empty volume is shared by the containers of a pod and gone with it', () => {
  const bench = new Bench();
  const pod = bench.pod('p', { shared: empty });
  const one = bench.files(bench.container(pod, 'one', ['shared:/a', 'shared/part:/part']));
  const two = bench.files(bench.container(pod, 'two', ['shared:/b/c:ro']));
  write(one, '/a/x', 'said');
  write(one, '/part/y', 'in a part');
  expect([read(two, '/b/c/x'), read(two, '/b/c/part/y')]).toEqual(['said', 'in a part']);
  expect(() => write(two, '/b/c/x', '')).toThrow('/b/c/x: Read-only file system');
  expect(() => one.remove('/a', { recursive: true, force: true })).toThrow('/a: Device or resource busy');
  bench.ask('removePodSandbox', { sandboxId: pod });
  bench.ask('removeVolumes', { podUid: 'p' });
  const again = bench.files(bench.container(bench.pod('p', { shared: empty }), 'one', ['shared:/a']));
  expect(again.names('/a')).toEqual([]);
});

test('files of settings follow their source, but not where a part of them is mounted', () => {
  const bench = new Bench();
  const pod = bench.pod('p', { settings: filesOf({ color: 'green', 'deep/size': '1' }) });
  const files = bench.files(bench.container(pod, 'one', ['settings:/etc/settings', 'settings/color:/etc/color']));
  expect([read(files, '/etc/settings/color'), read(files, '/etc/settings/deep/size')]).toEqual(['green', '1']);
  expect(files.stat('/etc/settings/color').mode).toBe(0o400);
  expect(() => files.touch('/etc/settings/new')).toThrow('Read-only file system');
  bench.ask('setVolume', { podUid: 'p', name: 'settings', content: filesOf({ color: 'blue' }) });
  expect(files.names('/etc/settings')).toEqual(['color']);
  expect([read(files, '/etc/settings/color'), read(files, '/etc/color')]).toEqual(['blue', 'green']);
});

test('what a claim holds outlives its pods', () => {
  const bench = new Bench();
  const claim: VolumeContent = { type: 'persistent', handle: 'pv-1', isReadOnly: false };
  const first = bench.pod('p', { data: claim });
  write(bench.files(bench.container(first, 'one', ['data:/data'])), '/data/x', 'kept');
  bench.ask('removePodSandbox', { sandboxId: first });
  bench.ask('removeVolumes', { podUid: 'p' });
  const later = bench.pod('q', { data: { ...claim, isReadOnly: true }, other: { ...claim, handle: 'pv-2' } });
  const files = bench.files(bench.container(later, 'one', ['data:/data', 'other:/other']));
  expect(read(files, '/data/x')).toBe('kept');
  expect(files.names('/other')).toEqual([]);
  expect(() => write(files, '/data/x', '')).toThrow('Read-only file system');
});

test('a volume has no more room than its limit says', () => {
  const bench = new Bench();
  const pod = bench.pod('p', { small: { ...empty, sizeLimitBytes: 10 } });
  const files = bench.files(bench.container(pod, 'one', ['small:/small']));
  write(files, '/small/a', '123456');
  expect(() => write(files, '/small/b', '123456')).toThrow('/small/b: No space left on device');
  files.remove('/small/a', { recursive: false, force: false });
  write(files, '/small/b', '1234567890');
});

test('a working directory that cannot be made is the root', () => {
  const bench = new Bench();
  const pod = bench.pod('p', { settings: filesOf({ a: '1' }) });
  for (const [index, folder] of [
    '/etc/hostname/x',
    '/etc/hostname',
    '/settings/a/b',
    '/settings/new',
    `/${'x'.repeat(300)}`,
  ].entries()) {
    expect(bench.files(bench.container(pod, `c${index}`, ['settings:/settings'], folder)).folder).toBe('/');
  }
});

test('a folder that is mounted in two places goes into itself by none of its paths', () => {
  const bench = new Bench();
  const pod = bench.pod('p', { data: empty });
  const files = bench.files(bench.container(pod, 'one', ['data:/a', 'data:/b', 'data/part:/part']));
  files.mkdir('/a/x/deep', { recursive: true });
  expect(() => files.rename('/a/x', '/b/x/y')).toThrow('Invalid argument');
  expect(() => files.rename('/a/x', '/b/x/deep/y')).toThrow('Invalid argument');
  expect(() => files.rename('/a/part', '/part/y')).toThrow('Invalid argument');
  expect(() => files.copy('/a', '/b/x')).toThrow('Invalid argument');
  expect(() => files.copy('/a', '/part/x')).toThrow('Invalid argument');
  files.rename('/a/x/deep', '/b/deep');
  expect(files.names('/a').toSorted()).toEqual(['deep', 'part', 'x']);
});

test('links take room as what they say is long', () => {
  const bench = new Bench();
  const pod = bench.pod('p', { small: { ...empty, sizeLimitBytes: 10 } });
  const files = bench.files(bench.container(pod, 'one', ['small:/small']));
  files.symlink('123456', '/small/a');
  expect(() => files.symlink('123456', '/small/b')).toThrow('/small/b: No space left on device');
  files.remove('/small/a', { recursive: false, force: false });
  files.symlink('1234567890', '/small/b');
});
