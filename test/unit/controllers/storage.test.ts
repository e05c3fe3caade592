/** What the controllers of storage besides the binder do: provisioner, expander, attachers, protection. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { attachDetachController } from '../../../src/controllers/attachdetach/keys.ts';
import { claimProtectionController as claimProtection } from '../../../src/controllers/claimprotection/keys.ts';
import { cloudAttacherController } from '../../../src/controllers/cloudattacher/keys.ts';
import type { AnyController } from '../../../src/controllers/controller.ts';
import { ephemeralVolumeController as ephemeral } from '../../../src/controllers/ephemeralvolume/keys.ts';
import type { Plan } from '../../../src/controllers/plan.ts';
import { volumeExpanderController as expander } from '../../../src/controllers/volumeexpander/keys.ts';
import { volumeProtectionController as volumeProtection } from '../../../src/controllers/volumeprotection/keys.ts';
import { volumeProvisionerController as provisioner } from '../../../src/controllers/volumeprovisioner/keys.ts';
import type { Node, NodeStatus } from '../../../src/kinds/node/types.ts';
import type { PersistentVolume } from '../../../src/kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../../src/kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { VolumeAttachment } from '../../../src/kinds/volumeattachment/types.ts';
import { caches, context, createdOf, events, node, pod, told } from './builders.ts';
import { attachment, boundClaim, claim, reference, storageClass, volume } from './storage-builders.ts';

type Seen = Readonly<Record<string, readonly KubeObject[]>>;

/** Null when the controller has nothing to do with the key. */
function look(controller: unknown, key: string, seen: Seen, memory: unknown = null, nowMs = 1_000): Plan | null {
  const any = controller as AnyController;
  const known = caches(any, seen);
  // Also those that come and go.
  const watches = any.dynamic?.watches(known) ?? {};
  const observed = any.observe(key, { ...known, ...caches({ ...any, watches } as AnyController, seen) });
  return observed === null
    ? null
    : any.reconcile(observed, context({ memory, monotonicMs: nowMs as MonotonicMs } as never));
}

const must = (plan: Plan | null): Plan => plan ?? { groups: [['nothing observed' as never]] };

describe('provisioner', () => {
  const asked = (name: string, className: string, driver: string, selected?: string): PersistentVolumeClaim =>
    claim(name, {
      spec: { storageClassName: className },
      metadata: {
        annotations: {
          'volume.kubernetes.io/storage-provisioner': `threemaster.dev/${driver}`,
          ...(selected === undefined ? {} : { 'volume.kubernetes.io/selected-node': selected }),
        },
      },
    });
  const local = storageClass('local', {
    provisioner: 'threemaster.dev/local-path',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const cloud = storageClass('cloud', { reclaimPolicy: 'Retain', parameters: { type: 'ssd' } });
  const inZone = (name: string, zone: string): Node => node(name, { labels: { 'topology.kubernetes.io/zone': zone } });

  test('a directory is made on the node that the scheduler chose, for that claim alone', () => {
    const seen = {
      claims: [asked('data', 'local', 'local-path', 'node-1')],
      classes: [local],
      nodes: [node('node-1')],
    };
    const plan = must(look(provisioner, 'claim default/data', seen));
    const [made] = createdOf<PersistentVolume>(plan, 'persistentvolumes');
    expect(made).toMatchObject({
      metadata: {
        name: 'pvc-uid-data',
        annotations: { 'pv.kubernetes.io/provisioned-by': 'threemaster.dev/local-path' },
      },
      spec: {
        capacity: { storage: '2Gi' },
        accessModes: ['ReadWriteOnce'],
        claimRef: reference('data'),
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: 'local',
        local: { path: '/var/lib/threemaster/volumes/pvc-uid-data_default_data' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node-1'] }] },
            ],
          },
        },
      },
    });
    expect(events(plan)).toEqual([
      'Normal Provisioning: External provisioner is provisioning volume for claim "default/data"',
      'Normal ProvisioningSucceeded: Successfully provisioned volume pvc-uid-data',
    ]);
    const again = { ...seen, volumes: [volume('pvc-uid-data')] };
    expect(told(must(look(provisioner, 'claim default/data', again)))).toEqual([]);
    const early = { ...seen, claims: [asked('data', 'local', 'local-path')] };
    expect(told(must(look(provisioner, 'claim default/data', early)))).toEqual([]);
  });

  test('a disk is made in the zone of the chosen node, or in one after the other for the claims of a stateful set', () => {
    const nodes = [inZone('node-0', 'a'), inZone('node-1', 'b')];
    const zoneOf = (name: string, selected?: string): unknown => {
      const seen = { claims: [asked(name, 'cloud', 'cloud', selected)], classes: [cloud], nodes };
      const [made] = createdOf<PersistentVolume>(
        must(look(provisioner, `claim default/${name}`, seen)),
        'persistentvolumes',
      );
      expect(made?.spec?.persistentVolumeReclaimPolicy).toBe('Retain');
      expect(made?.spec?.csi).toEqual({
        driver: 'cloud.threemaster.dev',
        volumeHandle: `pvc-uid-${name}`,
        volumeAttributes: { type: 'ssd' },
      });
      return made?.metadata.labels?.['topology.kubernetes.io/zone'];
    };
    expect(zoneOf('data', 'node-1')).toBe('b');
    expect(new Set([zoneOf('data-db-0'), zoneOf('data-db-1')])).toEqual(new Set(['a', 'b']));
  });

  test('a node that cannot have the volume is given back to the scheduler', () => {
    const seen = { claims: [asked('data', 'local', 'local-path', 'node-1')], classes: [local] };
    const plan = must(look(provisioner, 'claim default/data', seen));
    expect(plan.groups[0]?.[0]?.body).toEqual({
      metadata: { uid: 'uid-data', resourceVersion: '1', annotations: { 'volume.kubernetes.io/selected-node': null } },
    });
    expect(events(plan)).toEqual([
      'Warning ProvisioningFailed: failed to provision volume with StorageClass "local": ' +
        'error getting selected node: node "node-1" not found',
    ]);
  });

  test('what it cannot make it says', () => {
    const shared = asked('data', 'cloud', 'cloud');
    const claims = [{ ...shared, spec: { ...shared.spec, accessModes: ['ReadWriteMany'] } }];
    const plan = must(look(provisioner, 'claim default/data', { claims, classes: [cloud] }));
    expect(told(plan)).toEqual([]);
    expect(events(plan)).toEqual([
      'Warning ProvisioningFailed: failed to provision volume with StorageClass "cloud": ' +
        'access mode ReadWriteMany is not supported: threemaster.dev/cloud supports ReadWriteOnce, ReadWriteOncePod',
    ]);
  });

  test('a claim that wants to begin with the data of another gets no empty volume', () => {
    const dataSource = { kind: 'PersistentVolumeClaim', name: 'other' };
    const base = asked('data', 'cloud', 'cloud');
    const seen = { claims: [{ ...base, spec: { ...base.spec, dataSource } }], classes: [cloud] };
    const plan = must(look(provisioner, 'claim default/data', seen));
    expect([told(plan), events(plan)]).toEqual([[], [expect.stringContaining('data sources are not supported')]]);
  });

  test('claims of others are not its business', () => {
    const foreign = claim('data', {
      metadata: { annotations: { 'volume.kubernetes.io/storage-provisioner': 'disks.example.com' } },
    });
    expect(look(provisioner, 'claim default/data', { claims: [foreign], classes: [cloud] })).toBeNull();
  });

  const ours = { 'pv.kubernetes.io/provisioned-by': 'threemaster.dev/cloud' };
  const foreign = { 'pv.kubernetes.io/provisioned-by': 'disks.example.com' };
  test.each([
    [
      'released',
      volume('disk', { phase: 'Released', metadata: { annotations: ours } }),
      [],
      [['delete persistentvolumes disk']],
    ],
    ['bound', volume('disk', { phase: 'Bound', metadata: { annotations: ours } }), [], []],
    ['of another maker', volume('disk', { phase: 'Released', metadata: { annotations: foreign } }), [], []],
    [
      'to be retained',
      volume('disk', {
        phase: 'Released',
        metadata: { annotations: ours },
        spec: { persistentVolumeReclaimPolicy: 'Retain' },
      }),
      [],
      [],
    ],
    [
      'attached',
      volume('disk', { phase: 'Released', metadata: { annotations: ours } }),
      [attachment('disk', 'node-0')],
      [],
    ],
  ])('a volume that is %s', (_name, disk, attachments, wanted) => {
    expect(told(must(look(provisioner, 'volume disk', { volumes: [disk], attachments })))).toEqual(wanted);
  });
});

describe('expander', () => {
  const ours = { 'pv.kubernetes.io/provisioned-by': 'threemaster.dev/cloud' };
  const disk = (storage: string, annotations = ours): PersistentVolume =>
    volume('disk', { spec: { claimRef: reference('data'), capacity: { storage } }, metadata: { annotations } });
  const wanting = (storage: string): PersistentVolumeClaim =>
    boundClaim('data', 'disk', { spec: { resources: { requests: { storage } } } });
  const expand = (claims: readonly KubeObject[], volumes: readonly KubeObject[]): Plan =>
    must(look(expander, 'default/data', { claims, volumes }));

  test('the volume grows first, then the claim says so', () => {
    const first = expand([wanting('3Gi')], [disk('2Gi')]);
    expect(told(first)).toEqual([['patch persistentvolumeclaims/status data'], ['patch persistentvolumes disk']]);
    expect(first.groups[1]?.[0]?.body).toMatchObject({ spec: { capacity: { storage: '3Gi' } } });
    expect(events(first)).toEqual(['Normal Resizing: External resizer is resizing volume disk']);
    const second = expand([wanting('3Gi')], [disk('3Gi')]);
    expect(second.groups[0]?.[0]?.body).toMatchObject({ status: { capacity: { storage: '3Gi' }, conditions: [] } });
    expect(events(second)).toEqual(['Normal VolumeResizeSuccessful: Resize volume succeeded']);
    expect(told(expand([wanting('2Gi')], [disk('2Gi')]))).toEqual([]);
  });

  test('a volume of somebody else is left to them', () => {
    const annotations = { 'pv.kubernetes.io/provisioned-by': 'disks.example.com' };
    const plan = expand([wanting('3Gi')], [disk('2Gi', annotations)]);
    expect([told(plan), events(plan)]).toEqual([
      [],
      ['Normal ExternalExpanding: waiting for an external controller to expand this PVC'],
    ]);
  });
});

describe('protection', () => {
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['kubernetes.io/pvc-protection'] };
  const user = (name: string, nodeName?: string): Pod =>
    pod(name, {
      spec: { nodeName: nodeName as string, volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
    });
  const protect = (pods: readonly Pod[], metadata = going): Plan | null =>
    look(claimProtection, 'default/data', { claims: [claim('data', { metadata })], pods });

  test('a claim in use stays, one that nobody uses goes, when the API knows of no user either', () => {
    expect(told(must(protect([user('web', 'node-0')])))).toEqual([]);
    const plan = must(protect([user('web', '')]));
    expect(told(plan)).toEqual([['list pods '], ['patch persistentvolumeclaims data']]);
    const contradicts = plan.groups[0]?.[0]?.contradicts;
    expect(contradicts?.(user('late', 'node-0'))).toBe(true);
    expect(contradicts?.(pod('other'))).toBe(false);
    const body = { metadata: { uid: 'uid-data', resourceVersion: '1', finalizers: [] } };
    expect(plan.groups[1]?.[0]?.body).toEqual(body);
    expect(protect([], { finalizers: going.finalizers } as never)).toBeNull();
  });

  test('a volume goes unless it is bound', () => {
    const metadata = {
      deletionTimestamp: '2026-01-01T00:00:00Z',
      finalizers: ['kubernetes.io/pv-protection', 'example.com/mine'],
    };
    const at = (phase: 'Bound' | 'Released'): Plan =>
      must(look(volumeProtection, 'disk', { volumes: [volume('disk', { metadata, phase })] }));
    expect(told(at('Bound'))).toEqual([]);
    expect(at('Released').groups[0]?.[0]?.body).toMatchObject({ metadata: { finalizers: ['example.com/mine'] } });
  });
});

test('the claim of an ephemeral volume is made for its pod, and goes with it', () => {
  const { spec } = claim('data');
  const template = { metadata: { labels: { app: 'web' } }, spec };
  const volumes = [
    { name: 'scratch', ephemeral: { volumeClaimTemplate: template } },
    { name: 'other', emptyDir: {} },
  ];
  const owner = pod('web', { spec: { volumes } as never });
  const plan = must(look(ephemeral, 'default/web', { pods: [owner] }));
  const [made] = createdOf<PersistentVolumeClaim>(plan, 'persistentvolumeclaims');
  expect(made).toMatchObject({
    metadata: {
      name: 'web-scratch',
      namespace: 'default',
      labels: { app: 'web' },
      ownerReferences: [{ kind: 'Pod', name: 'web', uid: 'uid-web', controller: true }],
    },
    spec,
  });
  const going = pod('web', { spec: { volumes } as never, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  expect(look(ephemeral, 'default/web', { pods: [going] })).toBeNull();
  expect(look(ephemeral, 'default/web', { pods: [owner], claims: [claim('web-scratch')] })).toBeNull();
});

describe('attach and detach', () => {
  const timing = { maxWaitForUnmountMs: 360_000, nodeGraceMs: 40_000 };
  const controller = attachDetachController(timing);
  const uniqueName = 'kubernetes.io/csi/cloud.threemaster.dev^disk';
  const disk = volume('disk', { spec: { claimRef: reference('data') } });
  const at = (name: string, status: NodeStatus = {}, isReady = true): Node => ({
    ...node(name),
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'Unknown' }], ...status },
  });
  const user = (name: string, nodeName: string, phase: 'Running' | 'Succeeded' = 'Running'): Pod =>
    pod(name, {
      spec: { nodeName, volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
      status: { phase },
    });
  const seen = (extra: Seen): Seen => ({
    claims: [boundClaim('data', 'disk')],
    volumes: [disk],
    nodes: [at('node-0'), at('node-1')],
    ...extra,
  });
  const attach = (extra: Seen, memory = controller.remember(), nowMs = 1_000): Plan =>
    must(look(controller, 'volume disk', seen(extra), memory, nowMs));

  test('a volume is attached to the node of the pod that uses it, and to no second one', () => {
    const plan = attach({ pods: [user('web', 'node-0')] });
    const [made] = createdOf<VolumeAttachment>(plan, 'volumeattachments');
    expect(made?.spec).toEqual({
      attacher: 'cloud.threemaster.dev',
      nodeName: 'node-0',
      source: { persistentVolumeName: 'disk' },
    });
    const pods = [user('web', 'node-0'), user('late', 'node-1')];
    expect(createdOf(attach({ pods }), 'volumeattachments')).toHaveLength(1);
    const second = attach({ pods, attachments: [attachment('disk', 'node-0')] });
    expect(told(second)).toEqual([]);
    expect(events(second)).toEqual([
      'Warning FailedAttachVolume: Multi-Attach error for volume "disk" Volume is already used by pod(s) web',
    ]);
    expect(told(attach({ pods: [user('web', 'node-9')] }))).toEqual([]);
    expect(told(attach({ pods: [user('web', 'node-0', 'Succeeded')] }))).toEqual([]);
  });

  test('a driver that needs no attaching is spared it, and modes of many nodes allow many', () => {
    const csiDriver = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: 'cloud.threemaster.dev' },
    };
    const drivers = [{ ...csiDriver, spec: { attachRequired: false } }];
    expect(told(attach({ pods: [user('web', 'node-0')], drivers }))).toEqual([]);
    const shared = volume('disk', { spec: { claimRef: reference('data'), accessModes: ['ReadWriteMany'] } });
    const plan = attach({ volumes: [shared], pods: [user('web', 'node-0'), user('late', 'node-1')] });
    expect(createdOf(plan, 'volumeattachments')).toHaveLength(2);
  });

  const out = { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' } as const;
  test.each([
    ['says that it has unmounted it', at('node-0', { volumesInUse: [] }), 0],
    ['says that it has it mounted', at('node-0', { volumesInUse: [uniqueName] }), Number.POSITIVE_INFINITY],
    ['lives and never says what it has mounted', at('node-0'), 40_000],
    ['is silent', at('node-0', {}, false), 360_000],
    ['is silent, having said that it has it mounted', at('node-0', { volumesInUse: [uniqueName] }, false), 360_000],
    ['is silent, but is known to be off', { ...at('node-0', {}, false), spec: { taints: [out] } }, 0],
    ['is gone', null, 0],
  ])('a node that %s keeps the disk as long as it must', (_name, holder, holdsMs) => {
    const memory = controller.remember();
    const extra = {
      nodes: [at('node-1'), ...(holder === null ? [] : [holder])],
      attachments: [attachment('disk', 'node-0')],
      pods: [user('web', 'node-1')],
    };
    const gone = [['delete volumeattachments disk-node-0']];
    const first = attach(extra, memory, 5_000);
    expect(told(first)).toEqual(holdsMs === 0 ? gone : []);
    if (holdsMs === 0) return;
    // Infinity is a node that will tell.
    expect(first.requeueAfterMs).toBe(Number.isFinite(holdsMs) ? holdsMs : undefined);
    expect(told(attach(extra, memory, 5_000 + Math.min(holdsMs, 1e9) - 1))).toEqual([]);
    expect(told(attach(extra, memory, 5_000 + Math.min(holdsMs, 1e9)))).toEqual(Number.isFinite(holdsMs) ? gone : []);
  });

  test('a node is told what it has', () => {
    const attachments = [
      attachment('disk', 'node-0'),
      attachment('late', 'node-0', { status: { attached: false } }),
      attachment('off', 'node-0', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    ];
    const volumes = [disk, volume('late'), volume('off')];
    const plan = must(look(controller, 'node node-0', seen({ attachments, volumes })));
    const volumesAttached = [{ name: uniqueName, devicePath: '' }];
    expect(plan.groups[0]?.[0]?.body).toEqual({ metadata: { uid: 'uid-node-0' }, status: { volumesAttached } });
    const nodes = [at('node-0', { volumesAttached })];
    expect(told(must(look(controller, 'node node-0', seen({ attachments, volumes, nodes }))))).toEqual([]);
  });
});

describe('cloud', () => {
  const cloud = cloudAttacherController({ diskAttachMs: 300, diskDetachMs: 500 });
  const finalizers = ['external-attacher/cloud-threemaster-dev'];
  const detached = { status: { attached: false } };
  const travel = (attachments: readonly VolumeAttachment[], memory = cloud.remember(), nowMs = 0): Plan =>
    must(look(cloud, 'disk', { attachments }, memory, nowMs));

  test('a disk takes its time to a node, and back', () => {
    expect(travel([attachment('disk', 'node-0', detached)]).groups[0]?.[0]?.body).toMatchObject({
      metadata: { finalizers },
    });
    const memory = cloud.remember();
    const leaving = attachment('disk', 'node-0', { ...detached, metadata: { finalizers } });
    expect(travel([leaving], memory, 1_000).requeueAfterMs).toBe(300);
    expect(travel([leaving], memory, 1_300).groups[0]?.[0]?.body).toMatchObject({ status: { attached: true } });
    const metadata = { finalizers, deletionTimestamp: '2026-01-01T00:00:00Z' };
    const returning = attachment('disk', 'node-0', { metadata });
    expect(travel([returning], memory, 2_000).requeueAfterMs).toBe(500);
    expect(travel([returning], memory, 2_500).groups[0]?.[0]?.body).toMatchObject({ metadata: { finalizers: [] } });
  });

  test('a disk that is on a node, or on its way back, goes to no other', () => {
    for (const deletion of [{}, { deletionTimestamp: '2026-01-01T00:00:00Z' }]) {
      const holder = attachment('disk', 'node-0', { metadata: { finalizers, ...deletion } });
      const plan = travel([attachment('disk', 'node-1', detached), holder]);
      expect(told(plan)).toEqual([['patch volumeattachments/status disk-node-1']]);
      expect(plan.groups[0]?.[0]?.body).toMatchObject({
        status: { attached: false, attachError: { message: 'disk is attached to node "node-0"' } },
      });
    }
  });
});
