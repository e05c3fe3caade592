/**
 * Says which volumes are to be attached to which nodes, as VolumeAttachments that drivers carry out, and tells nodes what they have. A volume that one
 * node writes alone goes to another only when the first has certainly let go of it. Keys: `volume NAME` and `node NAME`.
 * Models kubernetes pkg/controller/volume/attachdetach and pkg/volume/csi/csi_attacher.go.
 */

import { equalJson } from '../../api/json.ts';
import type { IndexFunction } from '../../api/object-index.ts';
import { nameOf, uidOf } from '../../api/object-meta.ts';
import type { CSIDriver } from '../../kinds/csidriver/types.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { VolumeAttachment } from '../../kinds/volumeattachment/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { outOfServiceTaint } from '../nodelifecycle/taints.ts';
import { byClaim, withClaimsOnly } from '../pod-claims.ts';
import {
  csiDriverResource,
  nodeResource,
  persistentVolumeClaimResource,
  persistentVolumeResource,
  podResource,
  volumeAttachmentResource,
} from '../resources.ts';
import { byAttachedVolume, claimIndex, claimKeyOf, volumeIndex } from '../storage.ts';
import { reconcileAttachedList } from './attached-list.ts';
import { type DetachTiming, isReadyNode } from './let-go.ts';
import { reconcileAttachments } from './reconcile.ts';

export interface AttachKinds {
  readonly pods: Pod;
  readonly claims: PersistentVolumeClaim;
  readonly volumes: PersistentVolume;
  readonly attachments: VolumeAttachment;
  readonly nodes: Node;
  readonly drivers: CSIDriver;
}

export type AttachObserved =
  | {
      readonly type: 'volume';
      readonly name: string;
      /** Undefined when it is gone. */
      readonly volume: PersistentVolume | undefined;
      readonly isAttachRequired: boolean;
      /** Bound to nodes that exist, and not ended. */
      readonly pods: readonly Pod[];
      readonly attachments: readonly VolumeAttachment[];
      readonly nodeNamed: (name: string) => Node | undefined;
    }
  | {
      readonly type: 'node';
      readonly node: Node;
      readonly attachments: readonly VolumeAttachment[];
      readonly volumeNamed: (name: string) => PersistentVolume | undefined;
    };

/** Since when attachments have not been wanted, by uid. Lost with the office: then the wait begins anew. */
export type Unwanted = Map<string, number>;

const nodeIndex = 'node';
const byAttachedNode: IndexFunction<VolumeAttachment> = ({ spec }) => [spec.nodeName];

export function attachDetachController(timing: DetachTiming): Controller<AttachKinds, AttachObserved, Unwanted> {
  return {
    name: 'attachdetach-controller',
    watches: {
      pods: { resource: podResource, output: 'object', indexes: { [claimIndex]: byClaim }, keep: withClaimsOnly },
      claims: { resource: persistentVolumeClaimResource, output: 'object', indexes: {} },
      volumes: { resource: persistentVolumeResource, output: 'object', indexes: {} },
      attachments: {
        resource: volumeAttachmentResource,
        output: 'object',
        indexes: { [volumeIndex]: byAttachedVolume, [nodeIndex]: byAttachedNode },
      },
      nodes: { resource: nodeResource, output: 'object', indexes: {} },
      drivers: { resource: csiDriverResource, output: 'object', indexes: {} },
    },
    remember: () => new Map(),
    keys: attachKeys,
    observe: observeAttachments,
    reconcile: (observed, context) =>
      observed.type === 'volume' ? reconcileAttachments(observed, context, timing) : reconcileAttachedList(observed),
  };
}

function attachKeys(change: CacheChange<AttachKinds>, caches: Caches<AttachKinds>): readonly string[] {
  switch (change.cache) {
    case 'pods':
      return [...new Set(sidesOf<Pod>(change).flatMap(byClaim))].flatMap((key) => volumeKeys(caches.claims.get(key)));
    case 'claims':
      return sidesOf<PersistentVolumeClaim>(change).slice(0, 1).flatMap(volumeKeys);
    case 'volumes':
      return sidesOf(change)
        .slice(0, 1)
        .map((volume) => `volume ${nameOf(volume)}`);
    case 'attachments':
      return sidesOf<VolumeAttachment>(change)
        .slice(0, 1)
        .flatMap(({ spec }) => [`volume ${spec.source.persistentVolumeName ?? ''}`, `node ${spec.nodeName}`]);
    case 'nodes':
      return nodeKeys(change, caches);
    case 'drivers':
      return [...caches.volumes.values()].map((volume) => `volume ${nameOf(volume)}`);
  }
}

function volumeKeys(claim: PersistentVolumeClaim | undefined): string[] {
  const { volumeName = '' } = claim?.spec ?? {};
  return volumeName === '' ? [] : [`volume ${volumeName}`];
}

/** Most changes of nodes are heartbeats, which concern nobody. */
function nodeKeys(change: CacheChange<AttachKinds>, { attachments }: Caches<AttachKinds>): readonly string[] {
  const [node, former] = sidesOf<Node>(change);
  if (node === undefined) return [];
  if (change.old !== null && change.object !== null && former !== undefined && equalJson(facts(node), facts(former))) {
    return [];
  }
  const held = attachments
    .by(nodeIndex, nameOf(node))
    .map(({ spec }) => `volume ${spec.source.persistentVolumeName ?? ''}`);
  return [`node ${nameOf(node)}`, ...held];
}

function facts(node: Node): unknown {
  const { volumesInUse = null, volumesAttached = null } = node.status ?? {};
  const isOut = (node.spec.taints ?? []).some(({ key }) => key === outOfServiceTaint);
  return [isReadyNode(node), isOut, volumesInUse, volumesAttached];
}

function observeAttachments(key: string, caches: Caches<AttachKinds>): AttachObserved | null {
  const name = key.slice(key.indexOf(' ') + 1);
  return key.startsWith('volume ') ? observeVolume(name, caches) : observeNode(name, caches);
}

function observeVolume(name: string, caches: Caches<AttachKinds>): AttachObserved | null {
  const volume = caches.volumes.get(name);
  const attachments = caches.attachments.by(volumeIndex, name);
  if (attachments.length === 0 && volume?.spec?.csi === undefined) return null;
  const driver = caches.drivers.get(volume?.spec?.csi?.driver ?? '');
  return {
    type: 'volume',
    name,
    volume,
    isAttachRequired: driver?.spec?.attachRequired ?? true,
    pods: volume === undefined ? [] : podsOf(volume, caches),
    attachments,
    nodeNamed: (node) => caches.nodes.get(node),
  };
}

function podsOf(volume: PersistentVolume, { claims, pods, nodes }: Caches<AttachKinds>): readonly Pod[] {
  const key = claimKeyOf(volume);
  const claim = claims.get(key);
  if (claim === undefined || uidOf(claim) !== volume.spec?.claimRef?.uid) return [];
  if (claim.spec.volumeName !== nameOf(volume)) return [];
  return pods
    .by(claimIndex, key)
    .filter(({ spec, status }) => nodes.get(spec.nodeName ?? '') !== undefined && !hasEnded(status?.phase));
}

function hasEnded(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

function observeNode(name: string, { nodes, attachments, volumes }: Caches<AttachKinds>): AttachObserved | null {
  const node = nodes.get(name);
  if (node === undefined) return null;
  const held = attachments.by(nodeIndex, name);
  return { type: 'node', node, attachments: held, volumeNamed: (volume) => volumes.get(volume) };
}
