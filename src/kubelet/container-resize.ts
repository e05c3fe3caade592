/**
 * How a running container gets other resources than it has: by its runtime, or by being started again where its policy says so.
 * Models kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodResizeAction and doPodResizeAction.
 */
import { equalJson, type Json } from '../api/json.ts';
import type { ResourceRequirements } from '../kinds/pod/types.ts';
import { limitsOf } from './container-config.ts';
import type { ContainerRecord, Operation } from './container-record.ts';
import type { PodScope } from './pod-surroundings.ts';
import type { Turn } from './turn.ts';

/** Tells whether a container has something else than was set aside for it. */
export function isResizing({ instance, given, spec, isRestarting }: ContainerRecord): boolean {
  return isRestarting || (instance?.state === 'running' && given !== null && !isSame(given, spec.resources ?? {}));
}

/** Takes the next step of a resize. False: the container has to be started again for it. */
export function advanceResize(record: ContainerRecord, containerId: string, scope: PodScope, turn: Turn): boolean {
  const { given, spec } = record;
  const wanted = spec.resources ?? {};
  // Of a container that was found running it is taken that it has what was set aside for it.
  if (given === null) record.given = wanted;
  if (given === null || isSame(given, wanted)) return true;
  if (needsRestart(record, given, wanted)) return false;
  const limits = limitsOf(wanted);
  if (isSame(limits, limitsOf(given))) {
    // Requests are for who divides the node up: the runtime knows limits only.
    record.given = wanted;
    return true;
  }
  if (record.operation !== null) return true;
  if (record.resizeRetryAtMs > turn.nowMs) {
    turn.wakeAt(record.resizeRetryAtMs);
    return true;
  }
  const operation: Operation = { type: 'resize', killAtMs: 0 };
  record.operation = operation;
  turn.call('updateContainerResources', { containerId, ...limits }, (answer, later) => {
    if (record.operation !== operation) return;
    record.operation = null;
    record.resizeFailure = answer.type === 'failed' ? answer : null;
    if (answer.type === 'done') record.given = wanted;
    else {
      record.resizeRetryAtMs = later.nowMs + scope.facts.limits.runtimeRetryMs;
      later.wakeAt(record.resizeRetryAtMs);
    }
  });
  return true;
}

function needsRestart({ spec }: ContainerRecord, given: ResourceRequirements, wanted: ResourceRequirements): boolean {
  return (spec.resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === 'RestartContainer' &&
      (given.requests?.[resourceName] !== wanted.requests?.[resourceName] ||
        given.limits?.[resourceName] !== wanted.limits?.[resourceName]),
  );
}

function isSame(left: object, right: object): boolean {
  return equalJson(left as Json, right as Json);
}
