/**
 * What makes a pod of a stateful set the one of its ordinal: its name, its labels, its host name, its claims.
 * Models kubernetes pkg/controller/statefulset/stateful_set_utils.go.
 */
import {
  controllerReference,
  type KubeObject,
  labelsOf,
  nameOf,
  namespaceOf,
  type OwnerReference,
  uidOf,
} from '../../api/object-meta.ts';
import type { ControllerRevision } from '../../kinds/controllerrevision/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { StatefulSet } from '../../kinds/statefulset/types.ts';
import { podFromTemplate } from '../pod-control.ts';
import { templateOf } from '../revision-history.ts';

export const revisionLabel = 'controller-revision-hash';
const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';

/** Returns the ordinal of a pod by its name; undefined when the name is none of the set's. */
export function ordinalOf(set: StatefulSet, pod: KubeObject): number | undefined {
  const prefix = `${nameOf(set)}-`;
  const name = nameOf(pod);
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^(0|[1-9]\d{0,8})$/.test(digits) ? Number(digits) : undefined;
}

export function podName(set: StatefulSet, ordinal: number): string {
  return `${nameOf(set)}-${ordinal}`;
}

/** The revision that a pod was made from, by name. */
export function revisionOf(pod: Pod): string | undefined {
  return labelsOf(pod)[revisionLabel];
}

/** Returns the pod of `ordinal` as `revision` has it. */
export function podOf(set: StatefulSet, revision: ControllerRevision, ordinal: number): Pod {
  const name = podName(set, ordinal);
  const pod = podFromTemplate(set, templateOf(revision) ?? set.spec.template, name);
  const { serviceName = '' } = set.spec;
  const claimed = claimTemplatesOf(set).map((template) => ({
    name: nameOf(template),
    persistentVolumeClaim: { claimName: claimName(template, set, ordinal) },
  }));
  const others = (pod.spec.volumes ?? []).filter((volume) => !claimed.some((each) => each.name === volume.name));
  const volumes = [...claimed, ...others];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...labelsOf(pod), ...identityLabels(set, ordinal), [revisionLabel]: nameOf(revision) },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(serviceName === '' ? {} : { subdomain: serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
}

export function identityLabels(set: StatefulSet, ordinal: number): Readonly<Record<string, string>> {
  return { [podNameLabel]: podName(set, ordinal), [podIndexLabel]: String(ordinal) };
}

export function claimTemplatesOf({ spec }: StatefulSet): readonly PersistentVolumeClaim[] {
  return spec.volumeClaimTemplates ?? [];
}

export function claimName(template: PersistentVolumeClaim, set: StatefulSet, ordinal: number): string {
  return `${nameOf(template)}-${nameOf(set)}-${ordinal}`;
}

/** Returns the claim of `ordinal`. It outlives the pod, and the set too unless it is told otherwise. */
export function claimOf(template: PersistentVolumeClaim, set: StatefulSet, ordinal: number): PersistentVolumeClaim {
  const { annotations, labels, finalizers } = template.metadata;
  const owner = isDeletedWithSet(set) ? { ownerReferences: [controllerReference(set)] } : {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(template, set, ordinal),
      namespace: namespaceOf(set),
      labels: { ...labels, ...set.spec.selector?.matchLabels },
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...owner,
    },
    spec: template.spec,
  };
}

/**
 * Returns the owners that a claim ought to have besides those of others: the set, when claims go with it; the pod instead, while it is
 * scaled away and claims go with that.
 */
export function claimOwners(set: StatefulSet, pod: Pod, isCondemned: boolean): readonly OwnerReference[] {
  const isScaledAway = isCondemned && set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete';
  if (isScaledAway) return [controllerReference(pod)];
  return isDeletedWithSet(set) ? [controllerReference(set)] : [];
}

/** A claim that is going, or that goes with an earlier pod of the same name: nothing may be built on it. */
export function isStaleClaim(claim: KubeObject, name: string, uid: string | undefined): boolean {
  if (claim.metadata.deletionTimestamp !== undefined) return true;
  return (claim.metadata.ownerReferences ?? []).some(
    (owner) => owner.kind === 'Pod' && owner.name === name && owner.uid !== uid,
  );
}

/** Returns a claim's owners put right, or null when they are right. References of strangers stay. */
export function correctedOwners(
  claim: KubeObject,
  set: StatefulSet,
  pod: Pod,
  wanted: readonly OwnerReference[],
): readonly OwnerReference[] | null {
  const present = claim.metadata.ownerReferences ?? [];
  const ours = new Set([uidOf(set), uidOf(pod)]);
  const known = present.filter(({ uid }) => ours.has(uid)).map(({ uid }) => uid);
  const isRight = known.length === wanted.length && wanted.every(({ uid }) => known.includes(uid));
  if (isRight) return null;
  const strangers = present.filter(({ uid }) => !ours.has(uid));
  return strangers.some(({ controller }) => controller === true) ? null : [...strangers, ...wanted];
}

function isDeletedWithSet({ spec }: StatefulSet): boolean {
  return spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
}
