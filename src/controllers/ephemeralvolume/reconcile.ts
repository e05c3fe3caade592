/** Makes the claims that a pod lacks. One of that name that belongs to somebody else is left alone, and told. */
import {
  annotationsOf,
  controllerReference,
  isBeingDeleted,
  isControlledBy,
  type KubeObject,
  nameOf,
  namespaceOf,
  type ObjectMeta,
} from '../../api/object-meta.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { Volume } from '../../kinds/pod/volume-types.ts';
import type { Caches } from '../controller.ts';
import { create, type EventRecord, type Plan, plan, type Write } from '../plan.ts';
import { persistentVolumeClaimResource } from '../resources.ts';
import type { EphemeralVolumeKinds } from './keys.ts';

export interface EphemeralVolumeObserved {
  readonly pod: Pod;
  /** By the name of the claim. */
  readonly claims: ReadonlyMap<string, KubeObject>;
}

/** A pod that is going, or over, gets nothing anew. */
export function observePod(key: string, caches: Caches<EphemeralVolumeKinds>): EphemeralVolumeObserved | null {
  const pod = caches.pods.get(key);
  if (pod === undefined || isBeingDeleted(pod)) return null;
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return null;
  const claims = new Map<string, KubeObject>();
  for (const volume of ephemeralVolumesOf(pod)) {
    const name = claimNameOf(pod, volume);
    const claim = caches.claims.get(`${namespaceOf(pod)}/${name}`);
    if (claim !== undefined) claims.set(name, claim);
  }
  return { pod, claims };
}

export function reconcileEphemeralVolumes({ pod, claims }: EphemeralVolumeObserved): Plan {
  const writes: Write[] = [];
  const events: EventRecord[] = [];
  for (const volume of ephemeralVolumesOf(pod)) {
    const name = claimNameOf(pod, volume);
    const known = claims.get(name);
    if (known === undefined) {
      // 409: another made it meanwhile; its addition brings the pod back if it is not its own.
      writes.push(create(persistentVolumeClaimResource, claimOf(pod, volume, name), [409]));
    } else if (!isControlledBy(known, pod)) {
      const place = namespaceOf(pod);
      const message = `ephemeral volume ${volume.name}: PVC ${place}/${name} was not created for pod ${place}/${nameOf(pod)} (pod is not owner)`;
      events.push({ object: pod, type: 'Warning', reason: 'FailedBinding', message });
    }
  }
  return plan([writes], { events });
}

function ephemeralVolumesOf({ spec }: Pod): readonly Volume[] {
  return (spec.volumes ?? []).filter(({ ephemeral }) => ephemeral !== undefined);
}

function claimNameOf(pod: Pod, volume: Volume): string {
  return `${nameOf(pod)}-${volume.name}`;
}

function claimOf(pod: Pod, { ephemeral }: Volume, name: string): KubeObject {
  const template = (ephemeral?.volumeClaimTemplate ?? {}) as { readonly metadata?: ObjectMeta; readonly spec?: object };
  const annotations = { ...annotationsOf({ apiVersion: 'v1', kind: '', metadata: template.metadata ?? {} }) };
  const labels = template.metadata?.labels ?? {};
  // The caches of controllers hold objects without their kind.
  const owner = controllerReference({ ...pod, apiVersion: 'v1', kind: 'Pod' });
  const metadata: ObjectMeta = { name, namespace: namespaceOf(pod), labels, annotations, ownerReferences: [owner] };
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: template.spec ?? {} };
  return claim as unknown as KubeObject;
}
