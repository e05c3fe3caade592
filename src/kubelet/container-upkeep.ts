/** A container that is to run: started if it does not, started again if it is not what its spec says any more, and looked at while it does. */
import { advanceProbes } from './container-probes.ts';
import { type ContainerRecord, isRestarted, type RestartPolicy } from './container-record.ts';
import { advanceResize } from './container-resize.ts';
import { advanceStart } from './container-start.ts';
import { stopContainer } from './container-stop.ts';
import type { PodScope } from './pod-surroundings.ts';
import type { Turn } from './turn.ts';

export function keepRunning(record: ContainerRecord, scope: PodScope, turn: Turn): void {
  const { instance, spec } = record;
  if (instance?.state !== 'running') {
    const policy: RestartPolicy = scope.pod.spec.restartPolicy ?? 'Always';
    if (instance?.state !== 'exited' || isRestarted(record, policy)) advanceStart(record, scope, turn);
  } else if (record.image !== spec.image) {
    replace(record, scope, turn, `Container ${spec.name} definition changed, will be restarted`);
  } else if (record.isRestarting || !advanceResize(record, instance.id, scope, turn)) {
    record.isRestarting = true;
    replace(record, scope, turn, `Container ${spec.name} resize requires restart`);
  } else advanceProbes(record, instance, scope, turn, false);
}

function replace(record: ContainerRecord, scope: PodScope, turn: Turn, message: string): void {
  const { operation } = record;
  const graceMs = (scope.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  // A stop that is under way keeps its deadline; whatever else is under way has none.
  const isStopping = operation?.type === 'stop' || operation?.type === 'preStop';
  stopContainer(record, scope, turn, isStopping ? operation.killAtMs : turn.nowMs + graceMs, message);
}

/** Stops those that run by `killAtMs`; returns whether all have stopped. */
export function stopAll(records: readonly ContainerRecord[], killAtMs: number, scope: PodScope, turn: Turn): boolean {
  let areStopped = true;
  for (const record of records) {
    const { instance } = record;
    if (instance?.state === 'running') {
      areStopped = false;
      advanceProbes(record, instance, scope, turn, true);
      stopContainer(record, scope, turn, killAtMs, `Stopping container ${record.spec.name}`);
    } else if (record.operation !== null) areStopped = false;
  }
  return areStopped;
}
