/** Which container or sandbox a session is with, or why there can be none. Models kubernetes pkg/kubelet/kubelet_pods.go GetExec, GetAttach, GetPortForward. */
import type { Body } from '../actor/protocol.ts';
import type { SessionRequest } from '../protocol/session.ts';
import type { PodMachine } from './pod-machine.ts';

export type SessionSource =
  /** `body` opens the session at the runtime. */
  | { readonly type: 'found'; readonly body: Body }
  | { readonly type: 'reached' }
  | { readonly type: 'refused'; readonly status: number; readonly message: string };

/** `machine` is the pod that the request names, if the node has it. */
export function sessionSourceOf(request: SessionRequest, machine: PodMachine | undefined): SessionSource {
  const { target, sessionId } = request;
  if (machine === undefined || machine.hasEnded)
    return refused(404, 'unable to upgrade connection: pod does not exist');
  if (target.type === 'reach') return { type: 'reached' };
  if (target.type === 'connect') {
    const sandboxId = machine.sandboxIds.at(-1);
    if (sandboxId === undefined) return refused(500, `cannot connect to pod ${request.pod}: it has no sandbox yet`);
    return { type: 'found', body: { type: 'connect', request: { sessionId, sandboxId, port: target.port } } };
  }
  const instance = machine.container(target.container)?.instance;
  if (instance?.state !== 'running') {
    return refused(500, `unable to upgrade connection: container not found ("${target.container}")`);
  }
  const { stdin, stdout, stderr, tty } = target;
  const opening = { sessionId, containerId: instance.id, stdin, stdout, stderr, tty };
  if (target.type === 'attach') return { type: 'found', body: { type: 'attach', request: opening } };
  return { type: 'found', body: { type: 'exec', request: { ...opening, command: target.command } } };
}

/** A pod that follows stages has no containers to talk with. */
export function stagedSessionSourceOf({ pod }: SessionRequest): SessionSource {
  return refused(400, `pod "${pod}" follows stages: its containers do not run`);
}

function refused(status: number, message: string): SessionSource {
  return { type: 'refused', status, message };
}
