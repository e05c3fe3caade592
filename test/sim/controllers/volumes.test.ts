/**
 * Persistent storage in whole simulated clusters: real API servers, controllers, scheduler and kubelets, while masters, controllers and nodes die.
 * What holds at every version that the store has seen: a volume never goes from one claim to another, and a disk is attached to one node at most.
 */
import type { Subscription } from 'rxjs';
import { expect, test } from 'vitest';
import { Cluster } from '../../../actors/cluster/index.ts';
import type { Json } from '../../../src/api/json.ts';
import { type AnyObject, nameOf } from '../../../src/api/object-meta.ts';
import type { PersistentVolume } from '../../../src/kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../../src/kinds/persistentvolumeclaim/types.ts';
import type { VolumeAttachment } from '../../../src/kinds/volumeattachment/types.ts';

const database = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  template:
    metadata: {labels: {app: db}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: db, image: db:1}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
    - metadata: {name: log}
      spec: {storageClassName: cloud, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`;

const pool = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: pool}
provisioner: kubernetes.io/no-provisioner
${[0, 1, 2, 3]
  .map(
    (index) => `---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pool-${index}}
spec: {capacity: {storage: ${index + 1}Gi}, accessModes: [ReadWriteOnce], storageClassName: pool, hostPath: {path: /pool/${index}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: pool-${index}}
spec: {storageClassName: pool, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`,
  )
  .join('')}`;

const writer = (name: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: writer}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: disk}}]
`;

const disk = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {storageClassName: cloud, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`;

/** Watches a cluster for what must never be. */
class Watchman implements Disposable {
  readonly violations: string[] = [];
  readonly attached = new Map<string, string>();
  /** When which node got a disk, in the order of the store. */
  readonly arrivals: { readonly node: string; readonly atMs: number }[] = [];
  readonly #claimOf = new Map<string, string>();
  readonly #watches: readonly Subscription[];

  constructor(cluster: Cluster) {
    const onError = (error: unknown): void => void this.violations.push(String(error));
    this.#watches = [
      cluster.api
        .watch('persistentvolumes')
        .subscribe({ next: ({ object }) => this.#noteVolume(object as PersistentVolume), error: onError }),
      cluster.api.watch('volumeattachments').subscribe({
        next: ({ type, object }) => this.#noteAttachment(type, object as unknown as VolumeAttachment, cluster.nowMs()),
        error: onError,
      }),
    ];
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch.unsubscribe();
  }

  #noteVolume(volume: PersistentVolume): void {
    const name = nameOf(volume);
    const { uid = '' } = volume.spec?.claimRef ?? {};
    const former = this.#claimOf.get(name) ?? '';
    if (former !== '' && uid !== '' && former !== uid) this.violations.push(`${name} went from ${former} to ${uid}`);
    this.#claimOf.set(name, uid);
  }

  #noteAttachment(type: string, { metadata, spec, status }: VolumeAttachment, atMs: number): void {
    const { name = '' } = metadata;
    if (type === 'BOOKMARK') return;
    const volume = spec.source.persistentVolumeName ?? '';
    if (type === 'DELETED') {
      if (this.attached.get(volume) === name) this.attached.delete(volume);
      return;
    }
    if (status?.attached !== true) return;
    const holder = this.attached.get(volume);
    if (holder === name) return;
    if (holder !== undefined) this.violations.push(`${volume} is attached twice: ${holder}, ${name}`);
    this.attached.set(volume, name);
    this.arrivals.push({ node: spec.nodeName, atMs });
  }
}

async function until(cluster: Cluster, what: string, isTrue: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const endMs = cluster.nowMs() + limitMs;
  while (!(await isTrue())) {
    if (cluster.nowMs() > endMs) throw new Error(`${what}: not within ${limitMs} ms`);
    await cluster.sleep(50);
  }
}

async function claimsByVolume(cluster: Cluster): Promise<Map<string, string>> {
  const claims = (await cluster.api.list('persistentvolumeclaims')) as unknown as PersistentVolumeClaim[];
  const bound = claims.filter(({ status }) => status?.phase === 'Bound');
  const result = new Map(bound.map((claim) => [claim.spec.volumeName ?? '', nameOf(claim)]));
  expect(result.size, 'volumes of bound claims').toBe(bound.length);
  return result;
}

const isReady = ({ status }: AnyObject): boolean =>
  ((status as { readyReplicas?: number } | undefined)?.readyReplicas ?? 0) === 3;

test.each([1, 2, 3, 4])(
  'seed %i: claims are bound once each while masters die, outlive their pods, and go with their set',
  async (seed) => {
    await using cluster = await Cluster.start({ simulated: { seed }, masters: 3, nodes: 3 });
    using watchman = new Watchman(cluster);
    await cluster.apply(pool);
    await cluster.apply(database);
    await cluster.sleep(30 * seed);
    const { controllers } = (await cluster.status()).leaders;
    const master = controllers ?? 'master-0';
    // The whole master, or nothing of it but the controllers.
    const victim = seed % 2 === 0 ? `${master}/controllers` : master;
    await cluster.kill(victim);
    await cluster.waitFor('statefulset/db', isReady, { timeoutMs: 60_000 });
    await until(cluster, 'all claims bound', async () => (await claimsByVolume(cluster)).size === 10);
    await cluster.restart(victim);

    const before = await claimsByVolume(cluster);
    await cluster.api.scale('statefulset/db', 1);
    await until(cluster, 'scaled in', async () => (await cluster.api.list('pods')).length === 1);
    await cluster.kill((await cluster.status()).leaders.scheduler ?? 'master-1');
    await cluster.api.scale('statefulset/db', 3);
    await cluster.waitFor('statefulset/db', isReady, { timeoutMs: 60_000 });
    expect(await claimsByVolume(cluster)).toEqual(before);

    await cluster.api.delete('statefulset/db');
    const made = async (): Promise<number> =>
      (await cluster.api.list('persistentvolumes')).filter((volume) => nameOf(volume).startsWith('pvc-')).length;
    await until(
      cluster,
      'claims and volumes gone',
      async () => (await claimsByVolume(cluster)).size === 4 && (await made()) === 0,
    );
    await until(cluster, 'all detached', async () => (await cluster.api.list('volumeattachments')).length === 0);
    expect(watchman.violations).toEqual([]);
  },
);

async function diskOnDeadNode(cluster: Cluster, isForced = true): Promise<{ dead: string; freedMs: number }> {
  await cluster.apply(disk);
  await cluster.apply(writer('first'));
  const pod = await cluster.waitFor('pod/first', 'Ready', { timeoutMs: 20_000 });
  const dead = (pod.spec as { nodeName: string }).nodeName;
  await until(cluster, 'attached', async () => {
    const [found] = (await cluster.api.list('volumeattachments')) as unknown as VolumeAttachment[];
    return found?.status?.attached === true;
  });
  await cluster.kill(dead);
  await cluster.waitFor('pod/first', ({ metadata }) => metadata.deletionTimestamp !== undefined, { timeoutMs: 30_000 });
  if (isForced)
    await cluster.api.delete('pod/first', { body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 } });
  return { dead, freedMs: cluster.nowMs() };
}

/** As the fast profile has it. */
const maxWaitForUnmountMs = 6_000;

test.each([1, 2, 3])(
  'seed %i: a disk on a dead node is attached elsewhere only when the node cannot write any more for sure',
  async (seed) => {
    await using cluster = await Cluster.start({ simulated: { seed }, masters: 3, nodes: 2 });
    using watchman = new Watchman(cluster);
    const { dead, freedMs } = await diskOnDeadNode(cluster);
    await cluster.apply(writer('second'));
    await until(cluster, 'told why', async () => {
      const events = (await cluster.api.list('events')) as unknown as { reason?: string; note?: string }[];
      return events.some(
        ({ reason, note = '' }) => reason === 'FailedAttachVolume' && note.startsWith('Multi-Attach error'),
      );
    });
    // Another master takes over: what it waits for begins anew.
    if (seed > 1) await cluster.kill((await cluster.status()).leaders.controllers ?? 'master-0');
    await until(cluster, 'attached elsewhere', async () => watchman.arrivals.length === 2);
    const [, second] = watchman.arrivals;
    expect(second?.node).not.toBe(dead);
    expect((second?.atMs ?? 0) - freedMs).toBeGreaterThanOrEqual(maxWaitForUnmountMs);
    expect(watchman.violations).toEqual([]);
  },
);

test.each(['out-of-service', 'deleted'])('a disk of a node that is %s goes elsewhere without delay', async (how) => {
  await using cluster = await Cluster.start({ simulated: { seed: 5 }, masters: 1, nodes: 2 });
  using watchman = new Watchman(cluster);
  const { dead } = await diskOnDeadNode(cluster, false);
  if (how === 'deleted') await cluster.api.delete(`node/${dead}`);
  else {
    const node = await cluster.api.get(`node/${dead}`);
    const { taints = [] } = node.spec as { taints?: Json[] };
    const out = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
    await cluster.api.patch(`node/${dead}`, { spec: { taints: [...taints, out] } });
  }
  // Nobody has to delete the pod by force.
  await until(cluster, 'pod gone', async () => (await cluster.api.list('pods')).length === 0);
  const goneMs = cluster.nowMs();
  await cluster.apply(writer('second'));
  await until(cluster, 'attached elsewhere', async () => watchman.arrivals.length === 2);
  expect((watchman.arrivals[1]?.atMs ?? 0) - goneMs).toBeLessThan(maxWaitForUnmountMs / 2);
  expect(watchman.violations).toEqual([]);
});
