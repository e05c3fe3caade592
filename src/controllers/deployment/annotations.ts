/** What deployments and their replica sets keep in annotations. Models kubernetes pkg/controller/deployment/util/deployment_util.go. */
import { annotationsOf, type KubeObject, type StringMap } from '../../api/object-meta.ts';
import type { Deployment } from '../../kinds/deployment/types.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Annotations of a deployment that mean nothing on its replica sets. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
]);
const historyLengthMax = 2000;

/** The revision that a replica set, or a deployment, stands at; 0 when it says none. */
export function rolloutRevision(object: KubeObject): number {
  return numberIn(object, revisionAnnotation) ?? 0;
}

/** The size that the deployment wanted when it last scaled this replica set. */
export function desiredReplicas(object: KubeObject): number | undefined {
  return numberIn(object, desiredReplicasAnnotation);
}

export function maxReplicas(object: KubeObject): number | undefined {
  return numberIn(object, maxReplicasAnnotation);
}

export function sizeAnnotations(desired: number, max: number): StringMap {
  return { [desiredReplicasAnnotation]: String(desired), [maxReplicasAnnotation]: String(max) };
}

/** The annotations of the current replica set: those of the deployment, and a revision that never goes back. */
export function currentAnnotations(deployment: Deployment, known: StringMap, revision: number): StringMap {
  const copied = Object.entries(annotationsOf(deployment)).filter(([key]) => !notCopied.has(key));
  const former = Number(known[revisionAnnotation] ?? 0);
  const annotations: Record<string, string> = { ...known, ...Object.fromEntries(copied) };
  if (former >= revision) return annotations;
  annotations[revisionAnnotation] = String(revision);
  if (former === 0) return annotations;
  const history = [
    ...(known[revisionHistoryAnnotation] ?? '').split(',').filter((text) => text !== ''),
    String(former),
  ];
  while (history.join().length > historyLengthMax) history.shift();
  annotations[revisionHistoryAnnotation] = history.join();
  return annotations;
}

function numberIn(object: KubeObject, name: string): number | undefined {
  const text = annotationsOf(object)[name];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
