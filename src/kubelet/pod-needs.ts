/** Which objects of the API a pod needs on its node. Models kubernetes pkg/api/v1/pod VisitPodConfigmapNames and its like. */
import { nameOf, namespaceOf } from '../api/object-meta.ts';
import type { PersistentVolume } from '../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../kinds/persistentvolumeclaim/types.ts';
import type { Container, Pod } from '../kinds/pod/types.ts';
import type { Volume } from '../kinds/pod/volume-types.ts';
import { keyOfNeed, type NeededResource, type ObjectNeed, type ObjectSource } from './object-shelf.ts';

/** The namespace whose service `kubernetes` every container hears of. */
export const masterNamespace = 'default';

/** Returns the needs, each once. A claim that is known leads to its volume, and a volume to its driver, so they grow as `objects` does. */
export function needsOf(pod: Pod, objects: ObjectSource): readonly ObjectNeed[] {
  const namespace = namespaceOf(pod);
  const needs = new Map<string, ObjectNeed>();
  const add = (resource: NeededResource, name: string | undefined, within = namespace): void => {
    if (name === undefined || name === '') return;
    const need = { resource, namespace: within, name };
    needs.set(keyOfNeed(need), need);
  };
  for (const container of containersOf(pod)) addEnvironment(container, add);
  for (const volume of pod.spec.volumes ?? []) addVolume(volume, add);
  for (const { name } of pod.spec.imagePullSecrets ?? []) add('secrets', name);
  for (const claim of claimNamesOf(pod)) {
    add('persistentvolumeclaims', claim);
    const found = objects.find<PersistentVolumeClaim>('persistentvolumeclaims', namespace, claim);
    const volumeName = found?.spec.volumeName;
    add('persistentvolumes', volumeName, '');
    if (volumeName === undefined) continue;
    const volume = objects.find<PersistentVolume>('persistentvolumes', '', volumeName);
    add('csidrivers', volume?.spec?.csi?.driver, '');
  }
  const linked = pod.spec.enableServiceLinks === false ? [masterNamespace] : [masterNamespace, namespace];
  for (const each of linked) needs.set(`services/${each}`, { resource: 'services', namespace: each, name: '' });
  return [...needs.values()];
}

/** All containers of a pod, whatever their role. */
export function containersOf({ spec }: Pod): readonly Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
}

/** The claim that a volume stands for; undefined for other volumes. A generic ephemeral volume has one of its own. */
export function claimNameOf(pod: Pod, volume: Volume): string | undefined {
  if (volume.ephemeral !== undefined) return `${nameOf(pod)}-${volume.name}`;
  return volume.persistentVolumeClaim?.claimName;
}

function claimNamesOf(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => claimNameOf(pod, volume) ?? []);
}

type Add = (resource: NeededResource, name: string | undefined) => void;

function addEnvironment({ env = [], envFrom = [] }: Container, add: Add): void {
  for (const { configMapRef, secretRef } of envFrom) {
    add('configmaps', configMapRef?.name);
    add('secrets', secretRef?.name);
  }
  for (const { valueFrom } of env) {
    add('configmaps', valueFrom?.configMapKeyRef?.name);
    add('secrets', valueFrom?.secretKeyRef?.name);
  }
}

function addVolume({ configMap, secret, projected }: Volume, add: Add): void {
  add('configmaps', configMap?.name);
  add('secrets', secret?.secretName);
  for (const source of projected?.sources ?? []) {
    add('configmaps', source.configMap?.name);
    add('secrets', source.secret?.name);
  }
}
