/**
 * How a container is stopped: preStop hook, request to end, and the kill at the end of its grace. Called again with an earlier deadline, it
 * shortens the grace of a stop that is under way.
 * Models kubernetes pkg/kubelet/kuberuntime killContainer.
 */
import { assert } from '../base/assert.ts';
import { runHook } from './container-hook.ts';
import { type ContainerRecord, fieldPathOf, type Operation } from './container-record.ts';
import type { PodScope } from './pod-surroundings.ts';
import type { Turn } from './turn.ts';

/** How long a stopped container may take beyond its grace before the runtime is asked again. */
const stopSlackMs = 5_000;

/** Stops a running container by `killAtMs`. `message` tells people why; null when it was told already. */
export function stopContainer(
  record: ContainerRecord,
  scope: PodScope,
  turn: Turn,
  killAtMs: number,
  message: string | null,
): void {
  const { instance, operation } = record;
  assert(instance?.state === 'running', 'only a running container is stopped', { name: record.spec.name });
  if (operation?.type === 'stop' || operation?.type === 'preStop') {
    if (killAtMs < operation.killAtMs) requestEnd(record, instance.id, scope, turn, killAtMs, killAtMs);
    return;
  }
  if (record.retryAtMs > turn.nowMs) {
    turn.wakeAt(record.retryAtMs);
    return;
  }
  if (message !== null) turn.event('Normal', 'Killing', message, fieldPathOf(record));
  const hook = record.spec.lifecycle?.preStop;
  if (hook === undefined || killAtMs <= turn.nowMs) {
    requestEnd(record, instance.id, scope, turn, killAtMs, killAtMs);
    return;
  }
  const preStop: Operation = { type: 'preStop', killAtMs };
  record.operation = preStop;
  runHook(hook, record.spec, instance.id, scope, turn, killAtMs - turn.nowMs, (error, later) => {
    if (record.operation !== preStop) return;
    if (error !== null) later.event('Warning', 'FailedPreStopHook', error, fieldPathOf(record));
    const leastMs = later.nowMs + scope.facts.limits.stopGraceMinMs;
    requestEnd(record, instance.id, scope, later, killAtMs, Math.max(killAtMs, leastMs));
  });
}

/** `killAtMs` is the deadline that was asked for, `endAtMs` the one that the container is given. */
function requestEnd(
  record: ContainerRecord,
  containerId: string,
  scope: PodScope,
  turn: Turn,
  killAtMs: number,
  endAtMs: number,
): void {
  const operation: Operation = { type: 'stop', killAtMs };
  record.operation = operation;
  const graceMs = Math.max(0, endAtMs - turn.nowMs);
  turn.call(
    'stopContainer',
    { containerId, graceMs },
    (_answer, later) => {
      // Its end is told by the runtime's events, which clear the operation; what is left here went wrong.
      if (record.operation !== operation) return;
      record.operation = null;
      record.retryAtMs = later.nowMs + scope.facts.limits.runtimeRetryMs;
      later.wantsList = true;
      later.wakeAt(record.retryAtMs);
    },
    graceMs + stopSlackMs,
  );
}
