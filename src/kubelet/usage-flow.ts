/** What a node and its pods use: asked of the runtime, which knows containers, and told by pods, which the kubelet knows. */
import { ask, type Flow } from '../actor/flow.ts';
import { nameOf, namespaceOf } from '../api/object-meta.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { PodUsage, UsageSummary } from '../protocol/kubelet.ts';
import type { ContainerUsage, RuntimeProtocol, RuntimeUsage } from '../protocol/runtime.ts';
import { runtimeCallTimeoutMs } from '../protocol/runtime.ts';

/** `podOf` finds a pod of the node by its uid. */
export function* summarize(runtime: string, podOf: (uid: string) => Pod | undefined): Flow<UsageSummary> {
  const outcome = yield* ask<RuntimeProtocol['asks'], 'stats'>(runtime, 'stats', null, runtimeCallTimeoutMs);
  if (outcome.type === 'failed') return { type: 'unknown', message: 'the container runtime does not answer' };
  const { reply } = outcome;
  if (reply.type === 'failed') return { type: 'unknown', message: reply.message };
  const { measuredAtMs, windowMs, node, containers } = reply;
  return { type: 'measured', measuredAtMs, windowMs, node, pods: usageByPod(containers, podOf) };
}

function usageByPod(
  containers: RuntimeUsage['containers'],
  podOf: (uid: string) => Pod | undefined,
): readonly PodUsage[] {
  const byPod = new Map<string, ContainerUsage[]>();
  for (const usage of containers) byPod.set(usage.podUid, [...(byPod.get(usage.podUid) ?? []), usage]);
  return [...byPod].flatMap(([uid, usages]) => {
    const pod = podOf(uid);
    if (pod === undefined) return [];
    const measured = usages.map(({ name, cpuNanocores, cpuNanoseconds, workingSetBytes }) => ({
      name,
      cpuNanocores,
      cpuNanoseconds,
      workingSetBytes,
    }));
    return [{ namespace: namespaceOf(pod), name: nameOf(pod), uid, containers: measured }];
  });
}

/** The bytes that each pod uses, by uid. */
export function memoryByPod({ pods }: Extract<UsageSummary, { type: 'measured' }>): ReadonlyMap<string, number> {
  return new Map(
    pods.map(({ uid, containers }) => [uid, containers.reduce((sum, usage) => sum + usage.workingSetBytes, 0)]),
  );
}
