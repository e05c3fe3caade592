/** Which container's logs a request means, or why there are none. Models kubernetes pkg/kubelet/kubelet_pods.go validateContainerLogStatus. */
import type { WallMs } from '../base/brand.ts';
import type { KubeletLogsRequest } from '../protocol/kubelet.ts';
import type { LogOptions } from '../protocol/runtime.ts';
import type { ContainerRecord } from './container-record.ts';
import type { PodMachine } from './pod-machine.ts';

export type LogSource =
  | { readonly type: 'found'; readonly containerId: string; readonly options: LogOptions }
  | { readonly type: 'refused'; readonly status: number; readonly message: string };

/** `machine` is the pod that the request names, if the node has it. */
export function logSourceOf(request: KubeletLogsRequest, machine: PodMachine | undefined, wallMs: WallMs): LogSource {
  const { pod, container } = request;
  if (machine === undefined) return refused(404, `pods "${pod}" not found`);
  const record = machine.container(container);
  if (record === undefined) return refused(400, `container ${container} is not valid for pod ${pod}`);
  const containerId = request.previous ? previousOf(record) : presentOf(record);
  if (containerId === '') {
    if (request.previous) {
      return refused(400, `previous terminated container "${container}" in pod "${pod}" not found`);
    }
    const reason = record.waiting?.reason ?? 'ContainerCreating';
    return refused(400, `container "${container}" in pod "${pod}" is waiting to start: ${reason}`);
  }
  const { follow, tailLines, sinceSeconds, timestamps, limitBytes, stream } = request;
  const sinceMs = sinceSeconds === null ? (request.sinceMs ?? null) : ((wallMs - sinceSeconds * 1000) as WallMs);
  // What has ended says nothing more, so following it ends at once: the runtime sees to that.
  const options = { follow, tailLines, sinceMs, timestamps, limitBytes };
  return { type: 'found', containerId, options: stream === undefined ? options : { ...options, stream } };
}

/** A pod that follows stages has statuses of containers, and no containers. */
export function stagedLogSourceOf({ pod }: KubeletLogsRequest): LogSource {
  return refused(400, `pod "${pod}" follows stages: its containers do not run and have no logs`);
}

function presentOf({ instance, lastExit }: ContainerRecord): string {
  if (instance !== null && instance.state !== 'created') return instance.id;
  return lastExit?.containerId ?? '';
}

/** While a container waits to be restarted, its present instance is the one that ended. */
function previousOf({ instance, lastExit, waiting }: ContainerRecord): string {
  if (instance?.state === 'exited' && waiting !== null) return instance.id;
  return lastExit?.containerId ?? '';
}

function refused(status: number, message: string): LogSource {
  return { type: 'refused', status, message };
}
