/**
 * pods/exec, pods/attach and pods/portforward: what is checked before a connection is upgraded; the session itself is with the kubelet.
 * Models kubernetes pkg/registry/core/pod/rest/subresources.go and strategy.go streamLocation.
 */
import type { Flow } from '../actor/flow.ts';
import { badRequest } from '../api/status-errors.ts';
import { flagOf, type Query, valueOf } from '../http/query.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { ContainerStreams, SessionTarget } from '../protocol/session.ts';
import type { Answer } from './answer.ts';
import { authorizeRequest } from './authorization.ts';
import type { Call } from './call.ts';
import type { Environment } from './environment.ts';
import { readEntry } from './get.ts';
import { containerOf } from './pod-container.ts';

export function* handlePodExec(environment: Environment, call: Call): Flow<Answer> {
  return yield* open(environment, call, (pod) => {
    const command = call.query.get('command') ?? [];
    return { type: 'exec', command, ...streamsOf(pod, call.query) };
  });
}

export function* handlePodAttach(environment: Environment, call: Call): Flow<Answer> {
  return yield* open(environment, call, (pod) => ({ type: 'attach', ...streamsOf(pod, call.query) }));
}

export function* handlePodPortForward(environment: Environment, call: Call): Flow<Answer> {
  return yield* open(environment, call, () => ({ type: 'reach' }));
}

function* open(environment: Environment, call: Call, targetOf: (pod: Pod) => SessionTarget): Flow<Answer> {
  // A WebSocket begins with a GET; who may only read must not run commands by it.
  if (call.request.verb === 'get') yield* authorizeRequest(environment, call.user, { ...call.request, verb: 'create' });
  const entry = yield* readEntry(environment, call);
  const pod = entry.object as unknown as Pod;
  const target = targetOf(pod);
  const nodeName = pod.spec.nodeName ?? '';
  if (nodeName === '') throw badRequest(`pod ${entry.name} does not have a host assigned`);
  const { namespace, name } = entry;
  const session = { namespace, pod: name, uid: pod.metadata.uid ?? '', target };
  return { type: 'session', to: `${nodeName}/kubelet`, session };
}

/** Throws StatusError BadRequest. In a terminal there is one stream of output. */
function streamsOf(pod: Pod, query: Query): ContainerStreams {
  const container = containerOf(pod, valueOf(query, 'container'));
  const tty = flagOf(query, 'tty');
  const [stdin, stdout] = [flagOf(query, 'stdin'), flagOf(query, 'stdout')];
  const stderr = flagOf(query, 'stderr') && !tty;
  if (!stdin && !stdout && !stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  return { container, stdin, stdout, stderr, tty };
}
