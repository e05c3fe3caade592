/** What the scheduler asks about claims. Models kubernetes component-helpers/storage/volume and plugins/volumebinding/binder.go. */

import { nameOf, namespaceOf } from '../../api/object-meta.ts';
import { compareQuantities } from '../../api/quantity.ts';
import { bindCompletedAnnotation, classNameOf, sizeOf } from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import { selectedNodes } from '../../kinds/pod/node-selector.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Storage } from '../surroundings.ts';

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
