/** Pod volumes: what reaches the runtime, what a pod waits for, and what happens when the sources change. */
import { describe, expect, test } from 'vitest';
import type { PodSpec } from '../../../src/kinds/pod/types.ts';
import type { Volume } from '../../../src/kinds/pod/volume-types.ts';
import { NodeBench } from './node-bench.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const image = { image: 'app', imagePullPolicy: 'IfNotPresent' as const };

function withVolume(volume: Omit<Volume, 'name'>, mount: object = {}): Partial<PodSpec> {
  const volumeMounts = [{ name: 'data', mountPath: '/data', ...mount }];
  return { containers: [{ name: 'main', ...image, volumeMounts }], volumes: [{ name: 'data', ...volume }] };
}

const mounts = (bench: NodeBench): readonly string[] => bench.events.filter((event) => event.startsWith('FailedMount'));

describe('pod volumes', () => {
  test('an empty volume is made before the container, outlives its restarts, and dies with the pod', () => {
    const bench = new NodeBench();
    bench.add('web', withVolume({ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }), { runMs: 1_000, exitCode: 1 });
    const content = { type: 'empty', isMemory: true, sizeLimitBytes: 1_048_576 };
    expect(bench.runtime.volume('uid-web', 'data')).toEqual(content);
    bench.runFor(15_000);
    expect(bench.container('web').restartCount).toBe(2);
    expect(bench.runtime.volume('uid-web', 'data')).toEqual(content);
    bench.delete('web');
    bench.runFor(31_000);
    expect(bench.runtime.volume('uid-web', 'data')).toBeUndefined();
  });

  test('the volumes of a pod that is over go with it, though its kubelet was another one', () => {
    const bench = new NodeBench();
    bench.add('job', { ...withVolume({ emptyDir: {} }), restartPolicy: 'Never' }, { runMs: 1_000 });
    bench.runFor(2_000);
    bench.restartKubelet();
    expect(bench.runtime.volume('uid-job', 'data')).toBeDefined();
    bench.delete('job');
    bench.runFor(1_000);
    expect(bench.has('job')).toBe(false);
    expect(bench.runtime.volume('uid-job', 'data')).toBeUndefined();
  });

  test('the files of a config map have its keys, paths and modes', () => {
    const bench = new NodeBench();
    bench.setObject('configmaps', 'cfg', { data: { a: 'one', b: 'two' }, binaryData: { c: base64('\u0001') } });
    bench.add('all', withVolume({ configMap: { name: 'cfg', defaultMode: 0o600 } }));
    const items = [{ key: 'a', path: 'deep/a', mode: 0o400 }];
    bench.add('some', withVolume({ configMap: { name: 'cfg', items, defaultMode: 0o600 } }));
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    expect(bench.runtime.volume('uid-all', 'data')).toEqual({
      type: 'files',
      files: [
        { path: 'a', bytes: bytes('one'), mode: 0o600 },
        { path: 'b', bytes: bytes('two'), mode: 0o600 },
        { path: 'c', bytes: bytes('\u0001'), mode: 0o600 },
      ],
    });
    expect(bench.runtime.volume('uid-some', 'data')).toEqual({
      type: 'files',
      files: [{ path: 'deep/a', bytes: bytes('one'), mode: 0o400 }],
    });
  });

  test('config maps and secrets reach a running container when they change, and stay when they go', () => {
    const bench = new NodeBench();
    bench.setObject('configmaps', 'cfg', { data: { key: 'old' } });
    bench.setObject('secrets', 'secret', { data: { key: base64('hidden') } });
    const sources = [
      { configMap: { name: 'cfg', items: [{ key: 'key', path: 'plain' }] } },
      { secret: { name: 'secret', items: [{ key: 'key', path: 'secret' }] } },
    ];
    bench.add('web', withVolume({ projected: { sources } }));
    expect(bench.file('web', 'data', 'plain')).toBe('old');
    expect(bench.file('web', 'data', 'secret')).toBe('hidden');
    bench.setObject('configmaps', 'cfg', { data: { key: 'new' } });
    expect(bench.file('web', 'data', 'plain')).toBe('new');
    bench.setObject('configmaps', 'cfg', null);
    expect(bench.file('web', 'data', 'plain')).toBe('new');
    expect(bench.container('web').restartCount).toBe(0);
    expect(mounts(bench)).toEqual([
      'FailedMount: MountVolume.SetUp failed for volume "data" : configmap "cfg" not found',
    ]);
  });

  const missing: readonly (readonly [string, Omit<Volume, 'name'>, string])[] = [
    ['a config map', { configMap: { name: 'no' } }, 'configmap "no" not found'],
    ['a secret', { secret: { secretName: 'no' } }, 'secret "no" not found'],
    [
      'a key',
      { configMap: { name: 'cfg', items: [{ key: 'no', path: 'no' }] } },
      'references non-existent config key: no',
    ],
    [
      'two sources',
      { projected: { sources: [{ configMap: { name: 'no' } }, { secret: { name: 'no' } }] } },
      '[configmap "no" not found, secret "no" not found]',
    ],
    [
      'a driver',
      { csi: { driver: 'example.com' } },
      'volumes of type csi are not supported by the kubelet of this cluster',
    ],
  ];
  test.each(missing)('a pod waits for %s that is missing, and says so', (_what, volume, message) => {
    const bench = new NodeBench();
    bench.setObject('configmaps', 'cfg', { data: {} });
    bench.add('web', withVolume(volume));
    bench.runFor(7_000);
    expect(bench.transcript).toEqual(['0s web Pending main=ContainerCreating#0']);
    // At once, then after 0.5, 1, 2 and 4 seconds.
    expect(mounts(bench)).toEqual(
      new Array(4).fill(`FailedMount: MountVolume.SetUp failed for volume "data" : ${message}`),
    );
  });

  test('a pod that waited starts as soon as its config map comes', () => {
    const bench = new NodeBench();
    bench.add('web', withVolume({ configMap: { name: 'late' } }));
    bench.runFor(100_000);
    bench.setObject('configmaps', 'late', { data: { key: 'value' } });
    expect(bench.transcript.at(-1)).toBe('100s web Running ready main=running#0');
  });

  test('an optional source that is missing is empty', () => {
    const bench = new NodeBench();
    bench.add('web', withVolume({ secret: { secretName: 'no', optional: true } }));
    expect(bench.runtime.volume('uid-web', 'data')).toEqual({ type: 'files', files: [] });
  });

  test('the downward API gives labels, fields and resources, and follows the labels', () => {
    const bench = new NodeBench();
    const items = [
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
      { path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' } },
      { path: 'memory', resourceFieldRef: { containerName: 'main', resource: 'requests.memory' } },
    ];
    bench.add('web', withVolume({ downwardAPI: { items } }));
    expect(bench.file('web', 'data', 'name')).toBe('web');
    expect(bench.file('web', 'data', 'cpu')).toBe('4000');
    expect(bench.file('web', 'data', 'memory')).toBe('0');
    const pod = bench.pod('web');
    bench.set({ ...pod, metadata: { ...pod.metadata, labels: { tier: 'back', app: 'web "1"' } } });
    expect(bench.file('web', 'data', 'labels')).toBe('app="web \\"1\\""\ntier="back"');
  });

  test('a token is renewed after 80 % of its life', () => {
    const bench = new NodeBench();
    bench.tokenLifetimeMs = 1_000_000;
    bench.add('web', withVolume({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }));
    expect(bench.file('web', 'data', 'token')).toBe('token-1');
    bench.runFor(799_000);
    expect(bench.file('web', 'data', 'token')).toBe('token-1');
    bench.runFor(2_000);
    expect(bench.file('web', 'data', 'token')).toBe('token-2');
  });

  test('a path of the machine and a mount with a sub-path reach the runtime as they are', () => {
    const bench = new NodeBench();
    const spec = withVolume(
      { hostPath: { path: '/var/log', type: 'Directory' } },
      { subPathExpr: '$(POD)/x', readOnly: true },
    );
    const [container] = spec.containers ?? [];
    const env = [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];
    bench.add('web', { ...spec, containers: [{ name: 'main', ...container, env }] });
    expect(bench.runtime.volume('uid-web', 'data')).toEqual({
      type: 'host',
      path: '/var/log',
      hostPathType: 'Directory',
    });
    expect(bench.config('web').mounts).toEqual([
      { volume: 'data', containerPath: '/data', subPath: 'web/x', isReadOnly: true },
    ]);
  });

  test('a restarted kubelet finds the volumes as they were, and goes on following their sources', () => {
    const bench = new NodeBench();
    bench.setObject('configmaps', 'cfg', { data: { key: 'old' } });
    bench.add('web', withVolume({ configMap: { name: 'cfg' } }));
    bench.restartKubelet();
    bench.setObject('configmaps', 'cfg', { data: { key: 'new' } });
    expect(bench.file('web', 'data', 'key')).toBe('new');
    expect(bench.container('web')).toMatchObject({ restartCount: 0, ready: true });
  });

  test('only what pods name is watched, and only while they run', () => {
    const bench = new NodeBench();
    bench.setObject('configmaps', 'cfg', { data: {} });
    bench.add('one', withVolume({ configMap: { name: 'cfg' } }));
    bench.add('two', { ...withVolume({ configMap: { name: 'cfg' } }), restartPolicy: 'Never' }, { runMs: 1_000 });
    expect(bench.watched).toEqual(['configmaps/default/cfg', 'services/default/']);
    bench.remove('one');
    bench.runFor(500);
    expect(bench.watched).toEqual(['configmaps/default/cfg', 'services/default/']);
    bench.runFor(1_000);
    expect(bench.status('two').phase).toBe('Succeeded');
    expect(bench.watched).toEqual([]);
  });
});

describe('claims', () => {
  const spec = withVolume({ persistentVolumeClaim: { claimName: 'claim', readOnly: true } });
  const claim = { metadata: { name: 'claim', namespace: 'default', uid: 'c1' }, spec: { volumeName: 'pv' } };
  const volume = { spec: { claimRef: { uid: 'c1' }, csi: { driver: 'disk.example.com', volumeHandle: 'h1' } } };
  const trouble = (message: string): string =>
    'FailedMount: Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process ' +
    `volumes=[data]: error processing PVC default/claim: ${message}`;

  test('a claim is waited for until it is there, bound and attached; the node says that it needs the volume', () => {
    const bench = new NodeBench({ limits: { attachPatienceMs: 5_000 } });
    bench.add('web', spec);
    expect(mounts(bench).at(-1)).toBe(
      trouble('failed to fetch PVC from API server: persistentvolumeclaims "claim" not found'),
    );
    bench.setObject('persistentvolumeclaims', 'claim', { ...claim, status: { phase: 'Pending' } });
    expect(mounts(bench).at(-1)).toBe(trouble('PVC is not bound'));
    bench.setObject('persistentvolumes', 'pv', volume, '');
    bench.setObject('persistentvolumeclaims', 'claim', { ...claim, status: { phase: 'Bound' } });
    expect(bench.kubelet.volumesInUse()).toEqual(['kubernetes.io/csi/disk.example.com^h1']);
    const told = mounts(bench).length;
    bench.runFor(4_000);
    expect(mounts(bench)).toHaveLength(told);
    bench.runFor(2_000);
    expect(mounts(bench).at(-1)).toContain('timed out waiting for the condition');
    bench.setNode({ volumesAttached: [{ name: 'kubernetes.io/csi/disk.example.com^h1', devicePath: '' }] });
    expect(bench.status('web').phase).toBe('Running');
    expect(bench.runtime.volume('uid-web', 'data')).toEqual({
      type: 'persistent',
      handle: 'disk.example.com/h1',
      isReadOnly: true,
    });
  });

  test('a driver that does not attach is not waited for', () => {
    const bench = new NodeBench();
    bench.setObject('persistentvolumeclaims', 'claim', { ...claim, status: { phase: 'Bound' } });
    bench.setObject('persistentvolumes', 'pv', volume, '');
    bench.setObject('csidrivers', 'disk.example.com', { spec: { attachRequired: false } }, '');
    bench.add('web', spec);
    expect(bench.status('web').phase).toBe('Running');
    expect(bench.kubelet.volumesInUse()).toEqual([]);
  });

  test('a volume that another claim has taken is refused', () => {
    const bench = new NodeBench();
    bench.setObject('persistentvolumeclaims', 'claim', { ...claim, status: { phase: 'Bound' } });
    bench.setObject('persistentvolumes', 'pv', { spec: { ...volume.spec, claimRef: { uid: 'c2' } } }, '');
    bench.add('web', spec);
    expect(mounts(bench)).toEqual([trouble('PV "pv" is bound to another claim')]);
  });

  test('a generic ephemeral volume takes the claim of its pod, and no other', () => {
    const bench = new NodeBench();
    const owner = (uid: string) => [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true }];
    const own = (uid: string) => ({
      metadata: { name: 'web-data', namespace: 'default', uid: 'c1', ownerReferences: owner(uid) },
      spec: claim.spec,
      status: { phase: 'Bound' },
    });
    bench.setObject('persistentvolumes', 'pv', { spec: { claimRef: { uid: 'c1' }, hostPath: { path: '/x' } } }, '');
    bench.setObject('persistentvolumeclaims', 'web-data', own('other'));
    bench.add('web', withVolume({ ephemeral: { volumeClaimTemplate: {} } }));
    expect(mounts(bench).at(-1)).toContain(
      'PVC default/web-data was not created for pod default/web (pod is not owner)',
    );
    bench.setObject('persistentvolumeclaims', 'web-data', own('uid-web'));
    expect(bench.status('web').phase).toBe('Running');
  });
});
