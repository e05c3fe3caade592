/**
 * Makes the claims of volumes that live as long as their pod. Keys are pods; the claim is owned by the pod and goes with it.
 * Models kubernetes pkg/controller/volume/ephemeral.
 */
import { controllerReference, isBeingDeleted, nameOf, namespaceOf, objectKey } from '../../api/object-meta.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { type Controller, type ReconcileContext, sidesOf } from '../controller.ts';
import { create, type EventRecord, type Plan, plan } from '../plan.ts';
import { withClaimsOnly } from '../pod-claims.ts';
import { persistentVolumeClaimResource, podResource } from '../resources.ts';

export interface EphemeralKinds {
  readonly pods: Pod;
  readonly claims: PersistentVolumeClaim;
}

export interface EphemeralObserved {
  readonly pod: Pod;
  /** The claims of its ephemeral volumes that do not exist. */
  readonly missing: readonly PersistentVolumeClaim[];
}

export const ephemeralVolumeController: Controller<EphemeralKinds, EphemeralObserved> = {
  name: 'ephemeral-volume-controller',
  watches: {
    pods: { resource: podResource, output: 'object', indexes: {}, keep: withClaimsOnly },
    claims: { resource: persistentVolumeClaimResource, output: 'metadata', indexes: {} },
  },
  remember: () => null,
  keys(change) {
    const sides = sidesOf<Pod>(change);
    if (change.cache === 'pods') return sides.slice(0, 1).filter(hasEphemeral).map(objectKey);
    // A claim that is gone may be wanted still.
    if (change.object !== null) return [];
    const owners = (change.old?.metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'Pod');
    return owners.map(({ name }) => `${change.old?.metadata.namespace ?? ''}/${name}`);
  },
  observe(key, { pods, claims }) {
    const pod = pods.get(key);
    if (pod === undefined || isBeingDeleted(pod)) return null;
    const missing = claimsOf(pod).filter((claim) => claims.get(objectKey(claim)) === undefined);
    return missing.length === 0 ? null : { pod, missing };
  },
  reconcile: makeClaims,
};

function hasEphemeral({ spec }: Pod): boolean {
  return (spec.volumes ?? []).some(({ ephemeral }) => ephemeral !== undefined);
}

/** A claim of that name that is not the pod's is left alone: the pod waits, as the scheduler says. */
function makeClaims({ pod, missing }: EphemeralObserved, { failure }: ReconcileContext): Plan {
  const creations = missing.map((claim) => create(persistentVolumeClaimResource, claim, [409]));
  const message = `ephemeral volume creation failed: ${failure?.status.message ?? ''}`;
  const event: EventRecord = { object: pod, type: 'Warning', reason: 'FailedBinding', message, isOfFailure: true };
  return plan([creations], { events: failure === null ? [] : [event] });
}

function claimsOf(pod: Pod): readonly PersistentVolumeClaim[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, ephemeral }): readonly PersistentVolumeClaim[] => {
    const template = ephemeral?.volumeClaimTemplate as Partial<PersistentVolumeClaim> | undefined;
    if (template?.spec === undefined) return [];
    const { labels, annotations } = template.metadata ?? {};
    const metadata = {
      name: `${nameOf(pod)}-${name}`,
      namespace: namespaceOf(pod),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(pod)],
    };
    return [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: template.spec }];
  });
}
