/** Persistent storage as the newest kubectl of this machine sees it. Skipped, visibly, where there is none. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import { kubectlBinaries } from './binaries.ts';
import { Kubectl } from './kubectl.ts';

const newest = kubectlBinaries().at(-1);

function claim(name: string, storageClassName: string | null, size = '1Gi'): string {
  const named = storageClassName === null ? '' : `storageClassName: ${storageClassName}, `;
  return `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: ${name}}
spec: {${named}accessModes: [ReadWriteOnce], resources: {requests: {storage: ${size}}}}
---`;
}

function podWith(name: string, claimName: string): string {
  return `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: nginx, volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: ${claimName}}}]
---`;
}

const keeping = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: keeping}
provisioner: threemaster.dev/cloud
reclaimPolicy: Retain
volumeBindingMode: Immediate
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: foreign}
provisioner: disks.example.com
---`;

const byHand = `
apiVersion: v1
kind: PersistentVolume
metadata: {name: by-hand}
spec: {capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce, ReadOnlyMany], storageClassName: "", hostPath: {path: /tmp/by-hand}}
---`;

const databases = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  template:
    metadata: {labels: {app: db}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: db, image: db:1}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`;

describe.skipIf(newest === undefined)(`kubectl ${newest?.version ?? '(skipped: there is none here)'}`, () => {
  let cluster: Cluster;
  let kubectl: Kubectl;
  const volumeOf = (name: string): Promise<string> => kubectl.ok(`get pvc ${name} -o jsonpath={.spec.volumeName}`);

  /** Events are written after what they tell of. */
  const told = (name: string, text: string): Promise<void> =>
    expect.poll(() => kubectl.ok(`describe pvc ${name}`), { timeout: 20_000 }).toContain(text);

  beforeAll(async () => {
    if (newest === undefined) return;
    cluster = await Cluster.start({ masters: 1, nodes: 2 });
    kubectl = new Kubectl(newest, cluster.kubeconfigPath);
  });

  afterAll(async () => {
    kubectl?.[Symbol.dispose]();
    await cluster?.stop();
  });

  test('a fresh cluster has a default class for directories of nodes, and one for disks of a cloud', async () => {
    const classes = await kubectl.ok('get sc');
    expect(classes).toMatch(/\ncloud +threemaster\.dev\/cloud +Delete +WaitForFirstConsumer +true +\d+s/);
    expect(classes).toMatch(
      /\nlocal-path \(default\) +threemaster\.dev\/local-path +Delete +WaitForFirstConsumer +false +\d+s/,
    );
  });

  test('a claim of the default class is bound on the node of its first pod, outlives the pod and takes its volume along', async () => {
    await kubectl.ok('create -f -', claim('files', null));
    await kubectl.ok('wait --for=jsonpath={.spec.storageClassName}=local-path pvc/files --timeout=20s');
    expect(await kubectl.ok('get pvc files')).toMatch(/\nfiles +Pending +local-path +<unset> +\d+s/);
    await kubectl.ok('create -f -', podWith('first', 'files'));
    await kubectl.ok('wait --for=condition=Ready pod/first --timeout=30s');
    const volume = await volumeOf('files');
    expect(await kubectl.ok('get pvc files')).toMatch(
      new RegExp(`\\nfiles +Bound +${volume} +1Gi +RWO +local-path +<unset> +\\d+s`),
    );
    expect(await kubectl.ok('get pv')).toMatch(
      new RegExp(`\\n${volume} +1Gi +RWO +Delete +Bound +default/files +local-path +<unset> +\\d+s`),
    );
    const node = await kubectl.ok('get pod first -o jsonpath={.spec.nodeName}');
    expect(await kubectl.ok(`describe pv ${volume}`)).toContain(`kubernetes.io/hostname in [${node}]`);
    for (const reason of ['WaitForFirstConsumer', 'ExternalProvisioning', 'ProvisioningSucceeded']) {
      await told('files', reason);
    }

    // In use: the claim stays until the pod is gone.
    await kubectl.ok('delete pvc files --wait=false');
    expect(await kubectl.ok('get pvc files')).toMatch(/\nfiles +Terminating +pvc-/);
    expect(await kubectl.ok('get pv')).toContain('Bound');
    await kubectl.ok('delete pod first');
    await kubectl.ok('wait --for=delete pvc/files --timeout=20s');
    await kubectl.ok(`wait --for=delete pv/${volume} --timeout=20s`);
  });

  test('an ephemeral volume is made for its pod and goes with it', async () => {
    const template = 'spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}';
    const source = `ephemeral: {volumeClaimTemplate: {${template}}}`;
    await kubectl.ok('create -f -', podWith('scratch', 'none').replace(/persistentVolumeClaim: \{.*?\}/, source));
    await kubectl.ok('wait --for=condition=Ready pod/scratch --timeout=30s');
    expect(await kubectl.ok('get pvc scratch-data')).toMatch(/\nscratch-data +Bound +pvc-/);
    await kubectl.ok('delete pod scratch');
    await kubectl.ok('wait --for=delete pvc/scratch-data --timeout=30s');
  });

  test('a volume of a class that retains is released, and kept until somebody deletes it', async () => {
    await kubectl.ok('create -f -', `${keeping}${claim('kept', 'keeping', '2Gi')}`);
    await kubectl.ok('wait --for=jsonpath={.status.phase}=Bound pvc/kept --timeout=20s');
    const volume = await volumeOf('kept');
    await kubectl.ok('delete pvc kept');
    await kubectl.ok(`wait --for=jsonpath={.status.phase}=Released pv/${volume} --timeout=20s`);
    expect(await kubectl.ok(`get pv ${volume}`)).toMatch(/ +2Gi +RWO +Retain +Released +default\/kept +keeping/);
    await kubectl.ok('create -f -', claim('kept', 'keeping', '2Gi'));
    await kubectl.ok('wait --for=jsonpath={.status.phase}=Bound pvc/kept --timeout=20s');
    expect(await volumeOf('kept')).not.toBe(volume);
    await kubectl.ok(`delete pv ${volume}`);
  });

  test('a claim is expanded where its class allows it, and refused where not', async () => {
    await kubectl.ok('create -f -', `${claim('disk', 'cloud')}${podWith('second', 'disk')}`);
    await kubectl.ok('wait --for=condition=Ready pod/second --timeout=30s');
    const volume = await volumeOf('disk');
    const larger = (size: string): string => `{"spec":{"resources":{"requests":{"storage":"${size}"}}}}`;
    await kubectl.ok(`patch pvc disk -p ${larger('3Gi')}`);
    await kubectl.ok('wait --for=jsonpath={.status.capacity.storage}=3Gi pvc/disk --timeout=20s');
    expect(await kubectl.ok(`get pv ${volume} -o jsonpath={.spec.capacity.storage}`)).toBe('3Gi');
    await told('disk', 'VolumeResizeSuccessful');
    const smaller = await kubectl.run(`patch pvc disk -p ${larger('1Gi')}`);
    expect(smaller.stderr).toContain(
      'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    );
    const refused = await kubectl.run(`patch pvc kept -p ${larger('9Gi')}`);
    expect(refused.stderr).toContain(
      'persistentvolumeclaims "kept" is forbidden: only dynamically provisioned pvc can be resized and ' +
        'the storageclass that provisions the pvc must support resize',
    );
    await kubectl.ok('wait --for=jsonpath={.status.attached}=true volumeattachment --all --timeout=20s');
    expect(await kubectl.ok('get volumeattachments')).toMatch(
      new RegExp(`\\ncsi-\\w+ +cloud\\.threemaster\\.dev +${volume} +node-\\d +true +\\d+s`),
    );
    await kubectl.ok('delete pod second');
    await kubectl.ok('delete pvc disk');
    await kubectl.ok(`wait --for=delete pv/${volume} --timeout=30s`);
  });

  test('a volume by hand is bound to a claim without class; a class of a foreign provisioner is left to it', async () => {
    await kubectl.ok('create -f -', `${byHand}${claim('plain', '""')}${claim('elsewhere', 'foreign')}`);
    await kubectl.ok('wait --for=jsonpath={.status.phase}=Bound pvc/plain --timeout=20s');
    expect(await kubectl.ok('get pvc plain')).toMatch(/\nplain +Bound +by-hand +5Gi +RWO,ROX +<unset>/);
    const annotation = '{.metadata.annotations.volume\\.kubernetes\\.io/storage-provisioner}';
    await kubectl.ok(`wait --for=jsonpath=${annotation}=disks.example.com pvc/elsewhere --timeout=20s`);
    await told(
      'elsewhere',
      "Waiting for a volume to be created either by the external provisioner 'disks.example.com' or manually",
    );
    const wrong = await kubectl.run('create -f -', claim('wrong', 'cloud', '0'));
    expect(wrong.stderr).toContain('spec.resources[storage]: Invalid value: "0": must be greater than zero');
  });

  test('claims of a stateful set outlive being scaled away, serve the same ordinal again, and go with the set if it says so', async () => {
    await kubectl.ok('create -f -', databases);
    await kubectl.ok('rollout status statefulset/db --timeout=60s');
    const volume = await volumeOf('data-db-1');
    await kubectl.ok('scale statefulset db --replicas=1');
    await kubectl.ok('wait --for=delete pod/db-1 --timeout=30s');
    expect(await kubectl.ok('get pvc data-db-1')).toMatch(/\ndata-db-1 +Bound +/);
    await kubectl.ok('scale statefulset db --replicas=2');
    await kubectl.ok('rollout status statefulset/db --timeout=60s');
    expect(await volumeOf('data-db-1')).toBe(volume);
    await kubectl.ok('delete statefulset db');
    await kubectl.ok('wait --for=delete pvc/data-db-0 pvc/data-db-1 --timeout=60s');
    await kubectl.ok(`wait --for=delete pv/${volume} --timeout=30s`);
  });
});
