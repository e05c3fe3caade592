/** Which pods a node cannot do without. Models kubernetes pkg/kubelet/types/pod_update.go IsCriticalPod. */
import { annotationsOf } from '../api/object-meta.ts';
import type { Pod } from '../kinds/pod/types.ts';

const systemCriticalPriority = 2_000_000_000;
export const sourceAnnotation = 'kubernetes.io/config.source';
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

export function priorityOf({ spec }: Pod): number {
  return spec.priority ?? 0;
}

/** A static pod is one that the node itself was told to run. */
export function isStatic(pod: Pod): boolean {
  return annotationsOf(pod)[sourceAnnotation] === 'file';
}

/** A mirror pod shows a static one in the API. */
export function isMirror(pod: Pod): boolean {
  return annotationsOf(pod)[mirrorAnnotation] !== undefined;
}

export function isCritical(pod: Pod): boolean {
  return isStatic(pod) || isMirror(pod) || priorityOf(pod) >= systemCriticalPriority;
}
