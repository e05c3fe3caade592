/** pods/log: passed on from the kubelet of the pod's node, which alone has it. Models kubernetes pkg/registry/core/pod LogLocation. */
import type { Flow } from '../actor/flow.ts';
import { badRequest } from '../api/status-errors.ts';
import { valueOf } from '../http/query.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { KubeletLogsRequest } from '../protocol/kubelet.ts';
import type { Answer } from './answer.ts';
import type { Call } from './call.ts';
import type { Environment } from './environment.ts';
import { readEntry } from './get.ts';
import { containerOf } from './pod-container.ts';
import { podLogOptions } from './pod-log-options.ts';

export function* handlePodLog(environment: Environment, call: Call): Flow<Answer> {
  const { query } = call;
  const options = podLogOptions(query, call.request.name);
  const entry = yield* readEntry(environment, call);
  const pod = entry.object as unknown as Pod;
  const container = containerOf(pod, valueOf(query, 'container'));
  const nodeName = pod.spec.nodeName ?? '';
  if (nodeName === '') throw badRequest(`pod ${entry.name} does not have a host assigned`);
  const request: KubeletLogsRequest = {
    namespace: entry.namespace,
    pod: entry.name,
    uid: pod.metadata.uid ?? '',
    container,
    ...options,
  };
  return { type: 'relay', to: `${nodeName}/kubelet`, body: { type: 'logs', request }, contentType: 'text/plain' };
}
