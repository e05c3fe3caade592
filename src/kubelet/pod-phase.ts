/** The phase of a pod, computed from its containers. Models kubernetes pkg/kubelet/kubelet_pods.go getPhase. */
import type { PodPhase } from '../kinds/pod/types.ts';
import { type ContainerRecord, hasSucceeded, isRestarted, type RestartPolicy } from './container-record.ts';

/** `init` and `main` hold all containers of their kind; sidecars count as init containers. */
export function podPhaseOf(
  init: readonly ContainerRecord[],
  main: readonly ContainerRecord[],
  policy: RestartPolicy,
  isInitialized: boolean,
): PodPhase {
  if (!isInitialized) return hasInitFailed(init, policy) ? 'Failed' : 'Pending';
  let running = 0;
  let stopped = 0;
  let succeeded = 0;
  for (const record of main) {
    if (record.instance?.state === 'running') running += 1;
    else if (record.instance?.state === 'exited') {
      stopped += 1;
      if (hasSucceeded(record)) succeeded += 1;
    } else if (record.lastExit !== null) stopped += 1;
    // A container that has never run keeps the pod pending.
    else return 'Pending';
  }
  if (running > 0) return 'Running';
  if (main.some((record) => record.instance?.state !== 'exited' || isRestarted(record, policy))) return 'Running';
  return succeeded === stopped ? 'Succeeded' : 'Failed';
}

/** An init container that failed for good fails the pod. */
export function hasInitFailed(init: readonly ContainerRecord[], policy: RestartPolicy): boolean {
  return init.some(
    (record) =>
      record.role === 'init' &&
      record.instance?.state === 'exited' &&
      !hasSucceeded(record) &&
      !isRestarted(record, policy),
  );
}
