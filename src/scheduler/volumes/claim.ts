/** What the scheduler asks about claims. Models kubernetes component-helpers/storage/volume and plugins/volumebinding/binder.go. */

import { annotationsOf, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import { compareQuantities, parseQuantity, type Quantity } from '../../api/quantity.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import { selectedNodes } from '../../kinds/pod/node-selector.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Storage } from '../surroundings.ts';

/** Says for which node a volume is to be made. Written by the scheduler, taken away by a provisioner that cannot. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';
const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed';

const nothing: Quantity = { nanos: 0n, format: 'decimal' };

/** A pod's claims that exist, by what must happen before it can run. */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  /** Bound as soon as a pod has a node. Smaller ones first, so that they do not take the large volumes. */
  readonly delayed: readonly PersistentVolumeClaim[];
  /** Bound by somebody else, and not yet. */
  readonly immediate: readonly PersistentVolumeClaim[];
}

export function claimKey(claim: PersistentVolumeClaim): string {
  return `${namespaceOf(claim)}/${nameOf(claim)}`;
}

export function isBound({ metadata, spec, status }: PersistentVolumeClaim): boolean {
  if ((spec?.volumeName ?? '') === '') return false;
  return metadata.annotations?.[bindCompletedAnnotation] !== undefined || status?.phase === 'Bound';
}

export function classNameOf(claim: PersistentVolumeClaim): string {
  return annotationsOf(claim)['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? '';
}

/** Returns the claims that exist, sorted by what must happen to them. */
export function claimsOfPod(pod: PodInfo, storage: Storage): PodClaims {
  const bound: PersistentVolumeClaim[] = [];
  const delayed: PersistentVolumeClaim[] = [];
  const immediate: PersistentVolumeClaim[] = [];
  for (const name of pod.claims) {
    const claim = storage.claim(pod.namespace, name);
    if (claim === undefined) continue;
    const waits = storage.storageClass(classNameOf(claim))?.volumeBindingMode === 'WaitForFirstConsumer';
    if (isBound(claim)) bound.push(claim);
    else if (waits && (claim.spec?.volumeName ?? '') === '') delayed.push(claim);
    else immediate.push(claim);
  }
  delayed.sort((left, right) => compareQuantities(sizeOf(left), sizeOf(right)));
  return { bound, delayed, immediate };
}

/** Tells whether a volume can be used on a node. */
export function isReachable(volume: PersistentVolume, node: NodeInfo): boolean {
  return selectedNodes(volume.spec?.nodeAffinity?.required)?.(node) ?? true;
}

/** Tells whether a volume is kept for that very claim. */
export function isKeptFor({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { name, namespace, uid = '' } = spec?.claimRef ?? {};
  const isNamed = name === nameOf(claim) && namespace === namespaceOf(claim);
  return isNamed && (uid === '' || uid === uidOf(claim));
}

export function sizeOf({ spec }: PersistentVolumeClaim): Quantity {
  return parseQuantity(spec?.resources?.requests?.['storage'] ?? '') ?? nothing;
}

export function capacityOf({ spec }: PersistentVolume): Quantity {
  return parseQuantity(spec?.capacity?.['storage'] ?? '') ?? nothing;
}
