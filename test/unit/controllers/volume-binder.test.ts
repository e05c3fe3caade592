/** What the binder does about one claim and one volume. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import type { Plan } from '../../../src/controllers/plan.ts';
import { volumeBinderController as binder } from '../../../src/controllers/volumebinder/keys.ts';
import type { PersistentVolume } from '../../../src/kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../../src/kinds/persistentvolumeclaim/types.ts';
import type { StorageClass } from '../../../src/kinds/storageclass/types.ts';
import { caches, context, events, told } from './builders.ts';
import { boundClaim, claim, reference, storageClass, volume } from './storage-builders.ts';

interface Seen {
  readonly claims?: readonly PersistentVolumeClaim[];
  readonly volumes?: readonly PersistentVolume[];
  readonly classes?: readonly StorageClass[];
}

function look(key: string, seen: Seen, memory = binder.remember()): Plan {
  const observed = binder.observe(key, caches(binder, seen));
  if (observed === null) throw new Error('nothing observed');
  return binder.reconcile(observed, context({ memory: memory as never }));
}

const lookAtClaim = (seen: Seen): Plan => look('claim default/data', seen);
const lookAtVolume = (seen: Seen): Plan => look('volume disk', seen);
/** The volume that a plan gives to the claim. */
const chosen = (plan: Plan): string | undefined =>
  plan.groups
    .flat()
    .find(({ resource, subresource }) => resource.resource === 'persistentvolumes' && subresource === '')?.name;

const delayed = storageClass('fast', { volumeBindingMode: 'WaitForFirstConsumer' });
const slow = { 'pv.kubernetes.io/provisioned-by': 'disks.example.com' };

const fits: readonly [
  string,
  Partial<PersistentVolume['spec'] & object>,
  Partial<PersistentVolumeClaim['spec']>,
  boolean,
][] = [
  ['a volume of the size', {}, {}, true],
  ['a larger one', { capacity: { storage: '3Gi' } }, {}, true],
  ['a smaller one', { capacity: { storage: '1Gi' } }, {}, false],
  ['one of another class', { storageClassName: 'slow' }, {}, false],
  ['one without class', { storageClassName: '' }, {}, false],
  ['one with more access modes', { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }, {}, true],
  ['one with other access modes', { accessModes: ['ReadOnlyMany'] }, {}, false],
  ['one of another volume mode', { volumeMode: 'Block' }, {}, false],
  ['a block device for a claim of one', { volumeMode: 'Block' }, { volumeMode: 'Block' }, true],
  ['one that is kept for another claim', { claimRef: reference('other') }, {}, false],
  ['one that is kept for an earlier claim of that name', { claimRef: reference('data', 'earlier') }, {}, false],
  ['one that is kept for the claim', { claimRef: reference('data', '') }, {}, true],
  [
    'one of another class that is kept for the claim',
    { claimRef: reference('data', ''), storageClassName: '' },
    {},
    true,
  ],
  ['one without the labels that the claim selects', {}, { selector: { matchLabels: { tier: 'gold' } } }, false],
];

test.each(fits)('a claim takes %s: as its words say', (_name, volumeSpec, claimSpec, isTaken) => {
  const plan = lookAtClaim({
    claims: [claim('data', { spec: claimSpec })],
    volumes: [volume('disk', { spec: volumeSpec })],
  });
  expect(chosen(plan)).toBe(isTaken ? 'disk' : undefined);
});

test('the smallest volume that suits is taken, the first by name among equals, and of two claims each gets its own', () => {
  const sized = (name: string, storage: string): PersistentVolume => volume(name, { spec: { capacity: { storage } } });
  const volumes = [sized('a', '9Gi'), sized('c', '3Gi'), sized('b', '3Gi'), sized('d', '1Gi')];
  const claims = [claim('data'), claim('more')];
  const memory = binder.remember();
  expect(chosen(look('claim default/data', { claims, volumes }, memory))).toBe('b');
  expect(chosen(look('claim default/more', { claims, volumes }, memory))).toBe('c');
  // It was being given to a claim that is gone: it is free again.
  expect(chosen(look('claim default/more', { claims: [claim('more')], volumes }, memory))).toBe('b');
});

test('the volume is claimed first, in the version that was seen, then the claim completed, then its status told', () => {
  const free = lookAtClaim({ claims: [claim('data')], volumes: [volume('disk')] });
  expect(told(free)).toEqual([['patch persistentvolumes disk'], ['patch persistentvolumeclaims data']]);
  expect(free.groups[0]?.[0]?.body).toEqual({
    metadata: { uid: 'uid-disk', resourceVersion: '1', annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
    spec: { claimRef: { apiVersion: 'v1', ...reference('data') } },
  });
  expect(free.groups[1]?.[0]?.body).toEqual({
    metadata: {
      uid: 'uid-data',
      resourceVersion: '1',
      annotations: { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' },
    },
    spec: { volumeName: 'disk' },
  });
  const disk = volume('disk', { spec: { claimRef: reference('data') } });
  expect(told(lookAtClaim({ claims: [claim('data')], volumes: [disk] }))).toEqual([
    ['patch persistentvolumeclaims data'],
  ]);
  const written = boundClaim('data', 'disk', { status: { phase: 'Pending' } });
  const status = lookAtClaim({ claims: [written], volumes: [disk] });
  expect(told(status)).toEqual([['patch persistentvolumeclaims/status data']]);
  expect(told(lookAtClaim({ claims: [boundClaim('data', 'disk')], volumes: [disk] }))).toEqual([]);
  expect(told(lookAtVolume({ claims: [written], volumes: [disk] }))).toEqual([['patch persistentvolumes/status disk']]);
});

const waiting: readonly [string, Seen, readonly string[]][] = [
  [
    'no class and no volume',
    { claims: [claim('data', { spec: { storageClassName: '' } })] },
    ['Normal FailedBinding: no persistent volumes available for this claim and no storage class is set'],
  ],
  [
    'a class that waits for a pod, though a volume would suit',
    { claims: [claim('data')], volumes: [volume('disk')], classes: [delayed] },
    ['Normal WaitForFirstConsumer: waiting for first consumer to be created before binding'],
  ],
  [
    'a class that does not exist',
    { claims: [claim('data')] },
    ['Warning ProvisioningFailed: storageclass.storage.k8s.io "fast" not found'],
  ],
  [
    'a class that makes no volumes',
    { claims: [claim('data')], classes: [storageClass('fast', { provisioner: 'kubernetes.io/no-provisioner' })] },
    ['Warning ProvisioningFailed: no volume plugin matched name: kubernetes.io/no-provisioner'],
  ],
  [
    "a volume that it names and that is another claim's",
    {
      claims: [claim('data', { spec: { volumeName: 'disk' } })],
      volumes: [volume('disk', { spec: { claimRef: reference('other') } })],
    },
    ['Warning FailedBinding: volume "disk" already bound to a different claim.'],
  ],
  [
    'a volume that it names and that is too small',
    {
      claims: [claim('data', { spec: { volumeName: 'disk' } })],
      volumes: [volume('disk', { spec: { capacity: { storage: '1Gi' } } })],
    },
    ['Warning VolumeMismatch: Cannot bind to requested volume "disk": requested PV is too small'],
  ],
  ['a volume that it names and that does not exist', { claims: [claim('data', { spec: { volumeName: 'disk' } })] }, []],
];

test.each(waiting)('a claim waits for %s', (_name, seen, wanted) => {
  const plan = lookAtClaim(seen);
  expect([told(plan), events(plan)]).toEqual([[], wanted]);
});

test('a claim whose volume must be made is marked for the provisioner, whoever that is, and then told so', () => {
  const classes = [storageClass('fast', { provisioner: 'disks.example.com' })];
  const marked = lookAtClaim({ claims: [claim('data')], classes });
  const annotations = {
    'volume.kubernetes.io/storage-provisioner': 'disks.example.com',
    'volume.beta.kubernetes.io/storage-provisioner': 'disks.example.com',
  };
  expect(marked.groups[0]?.[0]?.body).toMatchObject({ metadata: { resourceVersion: '1', annotations } });
  const again = lookAtClaim({ claims: [claim('data', { metadata: { annotations } })], classes });
  expect(told(again)).toEqual([]);
  expect(events(again)).toEqual([
    "Normal ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'disks.example.com' or manually by " +
      'the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.',
  ]);
});

test('a claim of a class that waits is provided for when the scheduler has chosen a node, and takes what the scheduler kept for it', () => {
  const selected = claim('data', { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'node-1' } } });
  expect(told(lookAtClaim({ claims: [selected], classes: [delayed] }))).toEqual([
    ['patch persistentvolumeclaims data'],
  ]);
  const kept = volume('disk', { spec: { claimRef: reference('data') } });
  const plan = lookAtClaim({ claims: [claim('data')], volumes: [kept], classes: [delayed] });
  expect(told(plan)).toEqual([['patch persistentvolumeclaims data']]);
});

test('a claim that names no class gets the newest default one once there is one', () => {
  const { accessModes, resources } = claim('data').spec;
  const open = { ...claim('data'), spec: { accessModes, resources } } as PersistentVolumeClaim;
  const isDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  const classes = [
    storageClass('old', {
      metadata: { name: 'old', annotations: isDefault, creationTimestamp: '2025-01-01T00:00:00Z' },
    }),
    storageClass('new', {
      metadata: { name: 'new', annotations: isDefault, creationTimestamp: '2026-01-01T00:00:00Z' },
    }),
    storageClass('newest', { metadata: { name: 'newest', creationTimestamp: '2027-01-01T00:00:00Z' } }),
  ];
  const plan = lookAtClaim({ claims: [open], classes });
  expect(plan.groups[0]?.[0]?.body).toMatchObject({ spec: { storageClassName: 'new' } });
  const keys = binder.keys(
    { cache: 'classes', old: null, object: classes[1] as KubeObject },
    caches(binder, { claims: [open] }),
  );
  expect(keys).toEqual(['claim default/data']);
});

const losses: readonly [string, Seen, readonly string[][], string][] = [
  [
    'its volume is gone',
    { claims: [boundClaim('data', 'disk')] },
    [['get persistentvolumes disk'], ['patch persistentvolumeclaims/status data']],
    'Warning ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
  ],
  [
    "its volume is another claim's",
    { claims: [boundClaim('data', 'disk')], volumes: [volume('disk', { spec: { claimRef: reference('other') } })] },
    [['patch persistentvolumes disk'], ['patch persistentvolumeclaims/status data']],
    'Warning ClaimMisbound: Two claims are bound to the same volume, this one is bound incorrectly',
  ],
  [
    'it names none any more',
    { claims: [boundClaim('data', '')] },
    [['patch persistentvolumeclaims/status data']],
    'Warning ClaimLost: Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
  ],
];

test.each(losses)('a bound claim is lost when %s, and the API is asked first', (_name, seen, wanted, event) => {
  const plan = lookAtClaim(seen);
  expect([told(plan), events(plan)]).toEqual([wanted, [event]]);
});

const kept = volume('disk', {
  spec: { claimRef: reference('data'), persistentVolumeReclaimPolicy: 'Retain' },
  phase: 'Bound',
});
const released = (extra: Partial<PersistentVolume['spec'] & object>, annotations = {}): PersistentVolume =>
  volume('disk', { spec: { claimRef: reference('data'), ...extra }, phase: 'Released', metadata: { annotations } });
const byBinder = { 'pv.kubernetes.io/bound-by-controller': 'yes' };

const lives: readonly [string, Seen, readonly string[][], object | null][] = [
  [
    'without claim: available',
    { volumes: [volume('disk', { phase: 'Pending' })] },
    [['patch persistentvolumes/status disk']],
    { phase: 'Available' },
  ],
  [
    'kept for a claim to come: available',
    { volumes: [volume('disk', { phase: 'Pending', spec: { claimRef: reference('data', '') } })] },
    [['patch persistentvolumes/status disk']],
    { phase: 'Available' },
  ],
  [
    'whose claim is gone: released, when the API says so too',
    { volumes: [kept] },
    [['get persistentvolumeclaims data'], ['patch persistentvolumes/status disk']],
    { phase: 'Released' },
  ],
  [
    'whose claim is another one of that name: released',
    { volumes: [kept], claims: [claim('data', { metadata: { uid: 'another' } })] },
    [['get persistentvolumeclaims data'], ['patch persistentvolumes/status disk']],
    { phase: 'Released' },
  ],
  ['released, to be retained: stays', { volumes: [released({ persistentVolumeReclaimPolicy: 'Retain' })] }, [], null],
  ['released, made by a provisioner: is left to it', { volumes: [released({}, slow)] }, [], null],
  [
    'released, which nobody can delete: failed',
    { volumes: [released({})] },
    [['patch persistentvolumes/status disk']],
    { phase: 'Failed' },
  ],
  [
    'whose claim has taken another, and that was made for it: released',
    {
      volumes: [volume('disk', { spec: { claimRef: reference('data') }, metadata: { annotations: slow } })],
      claims: [boundClaim('data', 'other')],
    },
    [['patch persistentvolumeclaims data'], ['patch persistentvolumes/status disk']],
    { phase: 'Released' },
  ],
  [
    'whose claim has taken another: free again',
    {
      volumes: [volume('disk', { spec: { claimRef: reference('data') }, metadata: { annotations: byBinder } })],
      claims: [boundClaim('data', 'other')],
    },
    [['patch persistentvolumeclaims data'], ['patch persistentvolumes disk']],
    null,
  ],
];

test.each(lives)('a volume %s', (_name, seen, wanted, status) => {
  const plan = lookAtVolume(seen);
  expect(told(plan)).toEqual(wanted);
  const write = plan.groups.flat().find(({ subresource }) => subresource === 'status');
  if (status !== null) expect(write?.body).toMatchObject({ status });
});
