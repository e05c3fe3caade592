/** Which claims a pod uses, and what a cache keeps of pods for those who ask nothing else. */
import type { IndexFunction } from '../api/object-index.ts';
import { nameOf, namespaceOf } from '../api/object-meta.ts';
import type { Pod } from '../kinds/pod/types.ts';

/** Names of claims, in the pod's namespace; those that are made for the pod itself included. */
export function claimNamesOf(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    if (volume.ephemeral !== undefined) return [`${nameOf(pod)}-${volume.name}`];
    return volume.persistentVolumeClaim === undefined ? [] : [volume.persistentVolumeClaim.claimName];
  });
}

/** Pods by `namespace/name` of the claims that they use. */
export const byClaim: IndexFunction<Pod> = (pod) => claimNamesOf(pod).map((name) => `${namespaceOf(pod)}/${name}`);

/** A cache of all pods keeps little of each: where it is, how far, and its volumes if it has claims. */
export function withClaimsOnly({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { nodeName, volumes = [] } = spec;
  const claimed = volumes.filter(
    (volume) => volume.ephemeral !== undefined || volume.persistentVolumeClaim !== undefined,
  );
  return {
    apiVersion,
    kind,
    metadata: { ...metadata, managedFields: [] },
    spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }), volumes: claimed },
    ...(status?.phase === undefined ? {} : { status: { phase: status.phase } }),
  };
}
