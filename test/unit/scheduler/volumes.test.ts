/** The plugins about volumes as tables, and a volume's way from choice to binding as a flow that a test answers. */
import { describe, expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import type { CSINode } from '../../../src/kinds/csinode/types.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { PersistentVolume } from '../../../src/kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../../src/kinds/persistentvolumeclaim/types.ts';
import type { StorageClass } from '../../../src/kinds/storageclass/types.ts';
import { ApiClient } from '../../../src/protocol/api-client.ts';
import { bindingOf } from '../../../src/scheduler/binding.ts';
import { defaultProfile } from '../../../src/scheduler/default-profile.ts';
import type { FilterPlugin } from '../../../src/scheduler/plugin.ts';
import { nodeVolumeLimits } from '../../../src/scheduler/plugins/node-volume-limits/node-volume-limits.ts';
import { volumeBinding } from '../../../src/scheduler/plugins/volume-binding/volume-binding.ts';
import { volumeRestrictions } from '../../../src/scheduler/plugins/volume-restrictions/volume-restrictions.ts';
import { volumeZone } from '../../../src/scheduler/plugins/volume-zone/volume-zone.ts';
import { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { emptySurroundings, type Surroundings } from '../../../src/scheduler/surroundings.ts';
import { info, node, type PodShape, pod, snapshotOf } from './builders.ts';
import { judgements } from './judge.ts';

interface Stored {
  claims?: PersistentVolumeClaim[];
  volumes?: PersistentVolume[];
  classes?: StorageClass[];
  csiNodes?: CSINode[];
}

function surroundingsOf(stored: Stored): Surroundings {
  const { claims = [], volumes = [], classes = [], csiNodes = [] } = stored;
  return {
    ...emptySurroundings,
    storage: {
      claim: (namespace, name) =>
        claims.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
      volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
      volumesOf: (name) => volumes.filter(({ spec }) => (spec?.storageClassName ?? '') === name),
      storageClass: (name) => classes.find(({ metadata }) => metadata.name === name),
      csiNode: (name) => csiNodes.find(({ metadata }) => metadata.name === name),
    },
  };
}

type ClaimSpec = NonNullable<PersistentVolumeClaim['spec']>;
const claim = (name: string, spec: ClaimSpec = {}, status = {}, metadata: object = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  status,
});
const boundTo = (volumeName: string, name = 'data', spec: ClaimSpec = {}) =>
  claim(name, { volumeName, ...spec }, { phase: 'Bound' });
const volume = (name: string, spec: NonNullable<PersistentVolume['spec']> = {}, labels = {}): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, uid: `uid-${name}`, resourceVersion: '7', labels },
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, ...spec },
  status: { phase: 'Available' },
});
const onNode = (name: string): NonNullable<PersistentVolume['spec']> => ({
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] }],
    },
  },
});
const storageClass = (provisioner: string, more: Partial<StorageClass> = {}): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'slow' },
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
});
const csi = (volumeHandle: string) => ({ csi: { driver: 'd.example.com', volumeHandle } });
const csiNode = (name: string, count: number): CSINode => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  metadata: { name },
  spec: { drivers: [{ name: 'd.example.com', allocatable: { count } }] },
});
const using = (...names: readonly string[]): PodShape => ({
  volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
});
const disk = (pdName: string, readOnly = false): PodShape => ({
  volumes: [{ name: 'disk', gcePersistentDisk: { pdName, readOnly } }],
});
const slow = { storageClassName: 'slow' };
const zone = (name: string) => ({ labels: { 'topology.kubernetes.io/zone': name } });
const noVolume = "node(s) didn't find available persistent volumes to bind";
const outOfReach = "node(s) didn't match PersistentVolume's node affinity";
const tooMany = 'node(s) exceed max volume count';
const inUse =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';

interface Row {
  readonly name: string;
  readonly plugin: FilterPlugin;
  readonly stored: Stored;
  readonly nodes?: readonly Node[];
  readonly pod?: PodShape;
  readonly placed?: readonly (readonly [string, PodShape])[];
  readonly want: Record<string, string>;
}

const both = (text: string) => ({ a: text, b: text });

const rows: readonly Row[] = [
  {
    name: 'a claim that does not exist keeps the pod away from all nodes',
    plugin: volumeBinding,
    stored: {},
    want: both('persistentvolumeclaim "data" not found'),
  },
  {
    name: 'a claim that is being deleted is no claim any more',
    plugin: volumeBinding,
    stored: { claims: [claim('data', {}, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })] },
    want: both('persistentvolumeclaim "data" is being deleted'),
  },
  {
    name: 'a claim that lost its volume is named',
    plugin: volumeBinding,
    stored: { claims: [claim('data', { volumeName: 'v' }, { phase: 'Lost' })] },
    want: both('persistentvolumeclaim "data" bound to non-existent persistentvolume "v"'),
  },
  {
    name: 'an ephemeral claim is waited for',
    plugin: volumeBinding,
    stored: {},
    pod: { volumes: [{ name: 'scratch', ephemeral: {} }] },
    want: both('waiting for ephemeral volume controller to create the persistentvolumeclaim "pod-scratch"'),
  },
  {
    name: 'a claim that somebody else binds must be bound first',
    plugin: volumeBinding,
    stored: { claims: [claim('data')] },
    want: both('pod has unbound immediate PersistentVolumeClaims'),
  },
  {
    name: 'a bound volume is used where it is',
    plugin: volumeBinding,
    stored: { claims: [boundTo('v')], volumes: [volume('v', onNode('b'))] },
    want: { a: outOfReach, b: 'ok' },
  },
  {
    name: 'a bound volume that is gone is used nowhere',
    plugin: volumeBinding,
    stored: { claims: [boundTo('v')] },
    want: both('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'),
  },
  {
    name: 'a claim that waits takes a volume that exists, where it is',
    plugin: volumeBinding,
    stored: {
      claims: [claim('data', slow)],
      classes: [storageClass('kubernetes.io/no-provisioner')],
      volumes: [volume('v', { ...slow, ...onNode('a') })],
    },
    want: { a: 'ok', b: noVolume },
  },
  {
    name: 'a volume that is too small, taken or of another mode does not do',
    plugin: volumeBinding,
    stored: {
      claims: [claim('data', { ...slow, resources: { requests: { storage: '2Gi' } } })],
      classes: [storageClass('kubernetes.io/no-provisioner')],
      volumes: [
        volume('small', slow),
        volume('taken', { ...slow, capacity: { storage: '5Gi' }, claimRef: { name: 'other', namespace: 'default' } }),
        volume('block', { ...slow, capacity: { storage: '5Gi' }, volumeMode: 'Block' }),
      ],
    },
    want: both(noVolume),
  },
  {
    name: 'two claims of one pod do not count on one volume',
    plugin: volumeBinding,
    stored: {
      claims: [claim('data', slow), claim('more', slow)],
      classes: [storageClass('kubernetes.io/no-provisioner')],
      volumes: [volume('v', slow)],
    },
    pod: using('data', 'more'),
    want: both(noVolume),
  },
  {
    name: 'a volume is made where its class allows it',
    plugin: volumeBinding,
    stored: {
      claims: [claim('data', slow)],
      classes: [
        storageClass('p.example.com', {
          allowedTopologies: [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values: ['b'] }] }],
        }),
      ],
    },
    want: { a: noVolume, b: 'ok' },
  },
  {
    name: 'a claim whose node was selected is used there',
    plugin: volumeBinding,
    stored: {
      claims: [claim('data', slow, {}, { annotations: { 'volume.kubernetes.io/selected-node': 'a' } })],
      classes: [storageClass('p.example.com')],
    },
    want: { a: 'ok', b: noVolume },
  },
  {
    name: 'a volume of some zones is used in one of them',
    plugin: volumeZone,
    stored: { claims: [boundTo('v')], volumes: [volume('v', {}, { 'topology.kubernetes.io/zone': 'x__y' })] },
    nodes: [node('a', zone('x')), node('b', zone('z')), node('c')],
    want: { a: 'ok', b: 'node(s) had no available volume zone', c: 'ok' },
  },
  {
    name: 'a claim for one pod is not used by two',
    plugin: volumeRestrictions,
    stored: { claims: [boundTo('v', 'data', { accessModes: ['ReadWriteOncePod'] })] },
    placed: [['b', using('data')]],
    want: both(inUse),
  },
  {
    name: 'a disk is not used twice on a node, except for reading',
    plugin: volumeRestrictions,
    stored: {},
    pod: disk('one', true),
    placed: [
      ['a', disk('one')],
      ['b', disk('one', true)],
    ],
    want: { a: 'node(s) had no available disk', b: 'ok' },
  },
  {
    name: 'a driver attaches only so many volumes, shared ones counted once',
    plugin: nodeVolumeLimits,
    stored: {
      claims: [boundTo('v'), boundTo('w', 'other')],
      volumes: [volume('v', csi('1')), volume('w', csi('2'))],
      csiNodes: [csiNode('a', 1), csiNode('b', 1)],
    },
    placed: [
      ['a', using('other')],
      ['b', using('data')],
    ],
    want: { a: tooMany, b: 'ok' },
  },
];

describe('filters', () => {
  test.each(rows)('$plugin.name: $name', ({ plugin, stored, nodes, pod: shape, placed = [], want }) => {
    const there = placed.map(([where, each], index) => [where, info(`placed-${index}`, each)] as const);
    const snapshot = snapshotOf(nodes ?? [node('a'), node('b')], there, surroundingsOf(stored));
    expect(judgements(plugin, info('pod', shape ?? using('data')), snapshot)).toEqual(want);
  });
});

describe('from choice to binding', () => {
  const at = (ms: number): MonotonicMs => ms as MonotonicMs;
  const api = new ApiClient({
    servers: ['api'],
    credentials: { type: 'component', user: 'scheduler', groups: [] },
    userAgent: 'test',
  });
  const writer = { api, fence: { key: 'k', createRevision: 1 } } as unknown as Parameters<typeof bindingOf>[2];

  /** What the flow asks for next: the body of a request, or how long it sleeps. */
  function step(flow: Generator<unknown, unknown, unknown>, answer?: object): unknown {
    const reply = answer === undefined ? undefined : new TextEncoder().encode(JSON.stringify(answer));
    const outcome = { type: 'reply', reply: { status: 200, bytes: reply } };
    const { value, done } = flow.next(answer === undefined ? undefined : outcome);
    if (done === true) return value;
    const asked = value as { type: string; durationMs?: number; body?: { request: Record<string, unknown> } };
    if (asked.type === 'sleep') return `sleep ${asked.durationMs}`;
    const request = asked.body?.request ?? {};
    const body = request['body'] as { bytes: Uint8Array };
    return { verb: request['verb'], name: request['name'], body: JSON.parse(new TextDecoder().decode(body.bytes)) };
  }

  test('two pods of one turn do not get the same volume', () => {
    const stored: Stored = {
      claims: [claim('one', slow), claim('two', slow)],
      classes: [storageClass('kubernetes.io/no-provisioner')],
      volumes: [volume('v', slow), volume('w', slow)],
    };
    const surroundings = surroundingsOf(stored);
    const it = new Scheduler({ profiles: [defaultProfile], random: new Random(1), surroundings });
    it.nodeSet(node('a'), at(0));
    for (const name of ['one', 'two']) it.podSet(pod(name, using(name)), at(0));
    for (const name of ['one', 'two']) expect(it.next(at(0))?.type, name).toBe('bind');
    const plans = ['uid-one', 'uid-two'].map((uid) => [...(it.snapshot.volumePlans.get(uid)?.matched.values() ?? [])]);
    expect(plans).toEqual([['v'], ['w']]);
    it.bindFailed('uid-one', at(1));
    expect(it.snapshot.volumePlans.claimOf('v')).toBe(undefined);
  });

  test('the claim is told the node, and the pod is bound when the claim is', () => {
    const stored: Stored = { claims: [claim('data', slow)], classes: [storageClass('p.example.com')], volumes: [] };
    const surroundings = surroundingsOf(stored);
    const it = new Scheduler({ profiles: [defaultProfile], random: new Random(1), surroundings });
    it.nodeSet(node('a'), at(0));
    it.podSet(pod('x', using('data')), at(0));
    const decision = it.next(at(0));
    if (decision?.type !== 'bind') throw new Error('not bound');
    const { flow, mustPrepare } = bindingOf(decision, it.snapshot, writer);
    expect(mustPrepare).toBe(true);
    expect(step(flow)).toMatchObject({
      verb: 'patch',
      name: 'data',
      body: { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'a' } } },
    });
    expect(step(flow, {})).toBe('sleep 100');
    expect(step(flow)).toBe('sleep 100');
    stored.claims?.splice(0, 1, boundTo('v', 'data', slow));
    stored.volumes?.push(volume('v', onNode('a')));
    expect(step(flow)).toMatchObject({ verb: 'create', name: 'x', body: { kind: 'Binding', target: { name: 'a' } } });
    expect(step(flow, {})).toEqual({ type: 'bound' });
  });

  test('a provisioner that takes the node away again fails the binding', () => {
    const stored: Stored = { claims: [claim('data', slow)], classes: [storageClass('p.example.com')] };
    const surroundings = surroundingsOf(stored);
    const it = new Scheduler({ profiles: [defaultProfile], random: new Random(1), surroundings });
    it.nodeSet(node('a'), at(0));
    it.podSet(pod('x', using('data')), at(0));
    const decision = it.next(at(0));
    if (decision?.type !== 'bind') throw new Error('not bound');
    const { flow } = bindingOf(decision, it.snapshot, writer);
    step(flow);
    // The cache has not seen the annotation yet: that is no refusal.
    expect(step(flow, {})).toBe('sleep 100');
    const annotations = { 'volume.kubernetes.io/selected-node': 'a' };
    stored.claims?.splice(0, 1, claim('data', slow, {}, { annotations }));
    expect(step(flow)).toBe('sleep 100');
    stored.claims?.splice(0, 1, claim('data', slow));
    expect(step(flow)).toEqual({
      type: 'failed',
      message: 'running PreBind plugin "VolumeBinding": binding volumes: provisioning failed for PVC default/data',
    });
  });

  test('a volume that was chosen is kept for its claim; what was made elsewhere fails the binding', () => {
    const stored: Stored = {
      claims: [claim('data', slow)],
      classes: [storageClass('kubernetes.io/no-provisioner')],
      volumes: [volume('v', slow)],
    };
    const surroundings = surroundingsOf(stored);
    const it = new Scheduler({ profiles: [defaultProfile], random: new Random(1), surroundings });
    it.nodeSet(node('a'), at(0));
    it.podSet(pod('x', using('data')), at(0));
    const decision = it.next(at(0));
    if (decision?.type !== 'bind') throw new Error('not bound');
    const { flow } = bindingOf(decision, it.snapshot, writer);
    expect(step(flow)).toMatchObject({
      name: 'v',
      body: { metadata: { resourceVersion: '7' }, spec: { claimRef: { namespace: 'default', name: 'data' } } },
    });
    stored.claims?.splice(0, 1, boundTo('v', 'data', slow));
    stored.volumes?.splice(0, 1, volume('v', onNode('elsewhere')));
    expect(step(flow, {})).toEqual({
      type: 'failed',
      message: 'running PreBind plugin "VolumeBinding": binding volumes: pv of default/data cannot be used on the node',
    });
  });
});
