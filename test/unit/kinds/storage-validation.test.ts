/** What is wrong with claims, volumes, classes and attachments, in Kubernetes' words: one row a rule. */
import { expect, test } from 'vitest';
import { formatFieldError } from '../../../src/api/field-error.ts';
import type { Json, Mutable } from '../../../src/api/json.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import { KindBench } from './validation-bench.ts';

const claims = new KindBench('', 'PersistentVolumeClaim');
const volumes = new KindBench('', 'PersistentVolume');
const classes = new KindBench('storage.k8s.io', 'StorageClass');
const attachments = new KindBench('storage.k8s.io', 'VolumeAttachment');

const claim = (spec: object = {}): Json =>
  ({
    metadata: { name: 'x', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, ...spec },
  }) as Json;
const volume = (spec: object = {}): Json =>
  ({
    metadata: { name: 'x' },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '2Gi' }, nfs: { server: 'a', path: '/' }, ...spec },
  }) as Json;
const storageClass = (extra: object = {}): Json =>
  ({ metadata: { name: 'x' }, provisioner: 'example.com/disk', ...extra }) as Json;
const attachment = (spec: object = {}): Json =>
  ({
    metadata: { name: 'x' },
    spec: { attacher: 'a.example.com', nodeName: 'node-0', source: { persistentVolumeName: 'v' }, ...spec },
  }) as Json;
const modes = 'supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"';

test.each<[string, KindBench, Json, readonly string[]]>([
  ['a claim', claims, claim(), []],
  [
    'a claim without modes',
    claims,
    claim({ accessModes: [] }),
    ['spec.accessModes: Required value: at least 1 access mode is required'],
  ],
  [
    'a claim with a mode unknown',
    claims,
    claim({ accessModes: ['Once'] }),
    [`spec.accessModes: Unsupported value: "Once": ${modes}`],
  ],
  [
    'a claim for one pod and others',
    claims,
    claim({ accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'] }),
    ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
  ],
  ['a claim without size', claims, claim({ resources: {} }), ['spec.resources[storage]: Required value']],
  [
    'a claim of nothing',
    claims,
    claim({ resources: { requests: { storage: '0' } } }),
    ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
  ],
  ['a claim of no class', claims, claim({ storageClassName: '' }), []],
  [
    'a claim in a mode unknown',
    claims,
    claim({ volumeMode: 'Tape' }),
    ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"'],
  ],
  ['a volume', volumes, volume(), []],
  ['a volume of no source', volumes, volume({ nfs: undefined }), ['spec: Required value: must specify a volume type']],
  [
    'a volume of two sources',
    volumes,
    volume({ hostPath: { path: '/x' } }),
    ['spec.nfs: Forbidden: may not specify more than 1 volume type'],
  ],
  ['a volume without size', volumes, volume({ capacity: undefined }), ['spec.capacity: Required value']],
  [
    'a local volume anywhere',
    volumes,
    volume({ nfs: undefined, local: { path: '/x' } }),
    ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
  ],
  [
    'a path that climbs',
    volumes,
    volume({ nfs: undefined, hostPath: { path: '/x/../y' } }),
    ['spec.hostPath.path: Invalid value: "/x/../y": must not contain \'..\''],
  ],
  [
    'a policy unknown',
    volumes,
    volume({ persistentVolumeReclaimPolicy: 'Burn' }),
    ['spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"'],
  ],
  ['a class', classes, storageClass(), []],
  ['a class of nobody', classes, storageClass({ provisioner: '' }), ['provisioner: Required value']],
  [
    'a class that recycles',
    classes,
    storageClass({ reclaimPolicy: 'Recycle' }),
    ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
  ],
  [
    'a class that binds some day',
    classes,
    storageClass({ volumeBindingMode: 'Later' }),
    ['volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"'],
  ],
  [
    'a class for no place',
    classes,
    storageClass({ allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: [] }] }] }),
    ['allowedTopologies[0].matchLabelExpressions[0].values: Required value'],
  ],
  ['an attachment', attachments, attachment(), []],
  [
    'an attachment of nothing',
    attachments,
    attachment({ source: {} }),
    ['spec.source: Required value: must specify either inlineVolumeSpec and persistentVolumeName'],
  ],
  ['an attachment to nothing', attachments, attachment({ nodeName: '' }), ['spec.nodeName: Required value']],
])('%s', (_name, bench, tree, complaints) => {
  expect(bench.complaints(tree)).toEqual(complaints);
});

const fixed =
  'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

test.each<[string, KindBench, Json, Json, readonly string[]]>([
  [
    'a claim that waits asks for more',
    claims,
    claim(),
    claim({ resources: { requests: { storage: '3Gi' } } }),
    [fixed],
  ],
  ['a claim is given its volume', claims, claim(), claim({ volumeName: 'v' }), []],
  ['a claim changes its volume', claims, claim({ volumeName: 'v' }), claim({ volumeName: 'w' }), [fixed]],
  ['a claim is given a class', claims, claim(), claim({ storageClassName: 'fast' }), []],
  [
    'a claim changes its class',
    claims,
    claim({ storageClassName: 'slow' }),
    claim({ storageClassName: 'fast' }),
    [fixed],
  ],
  [
    'a volume changes its source',
    volumes,
    volume(),
    volume({ nfs: { server: 'b', path: '/' } }),
    ['spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation'],
  ],
  ['a volume changes its policy', volumes, volume(), volume({ persistentVolumeReclaimPolicy: 'Delete' }), []],
  [
    'a class changes its provisioner',
    classes,
    storageClass(),
    storageClass({ provisioner: 'example.com/tape' }),
    ['provisioner: Forbidden: updates to provisioner are forbidden.'],
  ],
  ['a class begins to allow expansion', classes, storageClass(), storageClass({ allowVolumeExpansion: true }), []],
])('when %s', (_name, bench, before, after, complaints) => {
  expect(bench.updateComplaints(before, after)).toEqual(complaints);
});

test.each([
  ['4Gi', []],
  ['3Gi', []],
  ['2Gi', ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity']],
])('a bound claim of 3 GiB that has 2 may ask for %s', (storage, complaints) => {
  const old = claims.created(
    claim({ volumeName: 'v', resources: { requests: { storage: '3Gi' } } }),
  ) as Mutable<AnyObject>;
  old.status = { phase: 'Bound', capacity: { storage: '2Gi' } };
  const next = claims.updated(old, claim({ volumeName: 'v', resources: { requests: { storage } } }));
  expect(claims.strategy.validateUpdate(next, old).map(formatFieldError)).toEqual(complaints);
});

test('what nobody says is filled in', () => {
  expect(claims.created(claim()).spec).toMatchObject({ volumeMode: 'Filesystem' });
  expect(claims.created(claim()).status).toEqual({ phase: 'Pending' });
  expect(volumes.created(volume()).spec).toMatchObject({
    volumeMode: 'Filesystem',
    persistentVolumeReclaimPolicy: 'Retain',
  });
  expect(volumes.created(volume()).status).toEqual({
    phase: 'Pending',
    lastPhaseTransitionTime: '1970-01-01T00:00:00Z',
  });
  expect(classes.created(storageClass())).toMatchObject({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
  expect(attachments.created(attachment()).status).toEqual({ attached: false });
});
