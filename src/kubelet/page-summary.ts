/** The summary of statistics as JSON, as far as there is something to tell. Models kubernetes k8s.io/kubelet/pkg/apis/stats/v1alpha1 Summary. */
import { uidOf } from '../api/object-meta.ts';
import { parseQuantity, valueOf } from '../api/quantity.ts';
import { timestampSeconds } from '../base/time.ts';
import type { ContainerStatus, Pod } from '../kinds/pod/types.ts';
import type { PodUsage, Usage, UsageSummary } from '../protocol/kubelet.ts';
import type { PageSource } from './pages.ts';

type Measured = Extract<UsageSummary, { type: 'measured' }>;

export function summaryOf(usage: Measured, { node, startedAtMs, pods }: PageSource): object {
  const time = timestampSeconds(usage.measuredAtMs);
  const memoryBytes = valueOf(parseQuantity(node.capacity['memory'] ?? '0') ?? { nanos: 0n, format: 'binary' });
  const byUid = new Map(pods().map((pod) => [uidOf(pod), pod]));
  const { cpu, memory } = statisticsOf(time, usage.node);
  return {
    node: {
      nodeName: node.name,
      startTime: timestampSeconds(startedAtMs),
      cpu,
      memory: { ...memory, availableBytes: Math.max(0, memoryBytes - usage.node.workingSetBytes) },
    },
    pods: usage.pods.map((each) => podOf(time, each, byUid.get(each.uid))),
  };
}

function podOf(time: string, { name, namespace, uid, containers }: PodUsage, pod: Pod | undefined): object {
  return {
    podRef: { name, namespace, uid },
    startTime: pod?.status?.startTime,
    containers: containers.map((usage) => ({
      name: usage.name,
      startTime: startedAt(pod, usage.name),
      ...statisticsOf(time, usage),
    })),
    ...statisticsOf(time, sumOf(containers)),
  };
}

/** Returns what several use together. */
export function sumOf(usages: readonly Usage[]): Usage {
  const sum = (amount: (usage: Usage) => number): number => usages.reduce((total, usage) => total + amount(usage), 0);
  return {
    cpuNanocores: sum(({ cpuNanocores }) => cpuNanocores),
    cpuNanoseconds: sum(({ cpuNanoseconds }) => cpuNanoseconds),
    workingSetBytes: sum(({ workingSetBytes }) => workingSetBytes),
  };
}

/** Returns when the container of that name began to run, as its status says; undefined while it does not. */
export function startedAt(pod: Pod | undefined, container: string): string | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod?.status ?? {};
  const all: readonly ContainerStatus[] = [...containerStatuses, ...initContainerStatuses];
  return all.find(({ name }) => name === container)?.state?.running?.startedAt;
}

function statisticsOf(time: string, { cpuNanocores, cpuNanoseconds, workingSetBytes }: Usage): Statistics {
  return {
    cpu: { time, usageNanoCores: Math.round(cpuNanocores), usageCoreNanoSeconds: Math.round(cpuNanoseconds) },
    memory: { time, workingSetBytes: Math.round(workingSetBytes) },
  };
}

interface Statistics {
  readonly cpu: object;
  readonly memory: object;
}
