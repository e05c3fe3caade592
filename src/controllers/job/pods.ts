/**
 * The pods of a job: how they are made, what their ends mean. Models kubernetes pkg/controller/job/{job_controller,indexed_job_utils}.go.
 */
import { annotationsOf, hasFinalizer, isBeingDeleted, nameOf, uidOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { Random } from '../../base/random.ts';
import { parseTimestamp } from '../../base/time.ts';
import type { Job } from '../../kinds/job/types.ts';
import type { Container, Pod } from '../../kinds/pod/types.ts';
import { generatedName } from '../generated-name.ts';
import { patch, type Write } from '../plan.ts';
import { podFromTemplate } from '../pod-control.ts';
import { podResource } from '../resources.ts';

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
const indexKey = 'batch.kubernetes.io/job-completion-index';
const failureCountKey = 'batch.kubernetes.io/job-index-failure-count';
const ignoredCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count';
const indexVariable = 'JOB_COMPLETION_INDEX';

/** Tells whether a pod is held until it is counted. */
export function isTracked(pod: Pod): boolean {
  return hasFinalizer(pod, trackingFinalizer);
}

/** How often the pods of one index have failed so far. */
export interface IndexFailures {
  /** Those that count against backoffLimitPerIndex. */
  readonly counted: number;
  readonly ignored: number;
}

export const noFailures: IndexFailures = { counted: 0, ignored: 0 };

/** What the pod says of those before it. */
export function indexFailuresOf(pod: Pod): IndexFailures {
  return { counted: countIn(pod, failureCountKey), ignored: countIn(pod, ignoredCountKey) };
}

/** The index that a pod works on; undefined when it has none. */
export function indexOf(pod: Pod): number | undefined {
  const text = annotationsOf(pod)[indexKey];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed';
}

/** Tells whether a pod works on an index that the job has; true for all pods of a job without indexes. */
export function hasValidIndex(job: Job, pod: Pod): boolean {
  if (!isIndexed(job)) return true;
  const index = indexOf(pod);
  return index !== undefined && index < (job.spec.completions ?? 0);
}

/** Unless only failed pods are replaced, a pod that is deleted has failed already: it may never come to say so. */
export function hasFailed(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (job.spec.podReplacementPolicy === 'Failed') return false;
  return isBeingDeleted(pod) && pod.status?.phase !== 'Succeeded';
}

export function hasSucceeded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded';
}

/** When the last container of a pod ended, or as near to it as is known. */
export function finishedAt(pod: Pod): WallMs | undefined {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) =>
    parseTimestamp(state?.terminated?.finishedAt ?? ''),
  );
  const known = ends.filter((end) => end !== undefined);
  if (known.length > 0) return Math.max(...known) as WallMs;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
  const askedMs = parseTimestamp(deletionTimestamp ?? '');
  if (askedMs !== undefined) return (askedMs - deletionGracePeriodSeconds * 1000) as WallMs;
  const changed = (pod.status?.conditions ?? []).map(({ lastTransitionTime }) =>
    parseTimestamp(lastTransitionTime ?? ''),
  );
  const latest = changed.filter((time) => time !== undefined);
  return latest.length > 0 ? (Math.max(...latest) as WallMs) : parseTimestamp(pod.metadata.creationTimestamp ?? '');
}

/** Returns a pod that is held until it is counted. */
export function plainPod(job: Job, random: Random): Pod {
  const generateName = `${nameOf(job)}-`;
  return tracked(podFromTemplate(job, job.spec.template, generatedName(generateName, random), generateName));
}

/** Returns the pod of an index. `failures`: those of the pods before it, where they are counted for each index. */
export function indexedPod(job: Job, index: number, failures: IndexFailures | null, random: Random): Pod {
  const generateName = `${nameOf(job)}-${index}-`;
  const pod = tracked(podFromTemplate(job, job.spec.template, generatedName(generateName, random), generateName));
  const text = String(index);
  const counts =
    failures === null
      ? {}
      : {
          [failureCountKey]: String(failures.counted),
          ...(failures.ignored === 0 ? {} : { [ignoredCountKey]: String(failures.ignored) }),
        };
  const { initContainers } = pod.spec;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata.labels, [indexKey]: text },
      annotations: { ...pod.metadata.annotations, [indexKey]: text, ...counts },
    },
    spec: {
      ...pod.spec,
      hostname: `${nameOf(job)}-${index}`,
      containers: pod.spec.containers.map(withIndexVariable),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(withIndexVariable) }),
    },
  };
}

/** Lets a pod go that has been noted, or that nobody counts any more. */
export function untrack(pod: Pod): Write {
  const body = { metadata: { uid: uidOf(pod), '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  return patch(podResource, pod, body, { type: 'strategic', accepts: [404, 409] });
}

/** Lets a pod go that is not wanted any more and shall not count, provided that it has not ended meanwhile. */
export function untrackUnchanged(pod: Pod): Write {
  const { uid, resourceVersion } = pod.metadata;
  const body = { metadata: { uid, resourceVersion, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  return patch(podResource, pod, body, { type: 'strategic', accepts: [404] });
}

function tracked(pod: Pod): Pod {
  const { finalizers = [] } = pod.metadata;
  return { ...pod, metadata: { ...pod.metadata, finalizers: [...finalizers, trackingFinalizer] } };
}

function withIndexVariable(container: Container): Container {
  const { env = [] } = container;
  if (env.some(({ name }) => name === indexVariable)) return container;
  const valueFrom = { fieldRef: { fieldPath: `metadata.labels['${indexKey}']` } };
  return { ...container, env: [...env, { name: indexVariable, valueFrom }] };
}

function countIn(pod: Pod, key: string): number {
  const text = annotationsOf(pod)[key] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
