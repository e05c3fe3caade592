/** What a kubelet counts and measures, in the text format of Prometheus, with the names that Kubernetes gives it. */
import { nameOf, namespaceOf, uidOf } from '../api/object-meta.ts';
import { parseTimestamp } from '../base/time.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { UsageSummary } from '../protocol/kubelet.ts';
import { startedAt, sumOf } from './page-summary.ts';
import type { PageSource } from './pages.ts';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `/metrics/resource`: what node, pods and containers use. */
export function resourceMetrics(usage: UsageSummary, pods: readonly Pod[]): string {
  const error = family('resource_scrape_error', 'gauge', '1 if there was an error while getting container metrics', [
    { labels: {}, value: usage.type === 'unknown' ? 1 : 0 },
  ]);
  if (usage.type === 'unknown') return error;
  const byUid = new Map(pods.map((pod) => [uidOf(pod), pod]));
  const podSamples = usage.pods.map(({ name: pod, namespace, containers }) => ({
    labels: { namespace, pod },
    usage: sumOf(containers),
  }));
  const samples = usage.pods.flatMap(({ name: pod, namespace, uid, containers }) =>
    containers.map((each) => ({
      labels: { container: each.name, namespace, pod },
      usage: each,
      startedAtMs: parseTimestamp(startedAt(byUid.get(uid), each.name) ?? ''),
    })),
  );
  const measured = [
    ['container', samples],
    ['node', [{ labels: {}, usage: usage.node }]],
    ['pod', podSamples],
  ] as const;
  const used = measured.flatMap(([of, all]) => [
    family(
      `${of}_cpu_usage_seconds_total`,
      'counter',
      `Cumulative cpu time consumed by the ${of} in core-seconds`,
      all.map(({ labels, usage: { cpuNanoseconds } }) => ({ labels, value: cpuNanoseconds / 1e9 })),
    ),
    family(
      `${of}_memory_working_set_bytes`,
      'gauge',
      `Current working set of the ${of} in bytes`,
      all.map(({ labels, usage: { workingSetBytes } }) => ({ labels, value: workingSetBytes })),
    ),
  ]);
  const starts = samples.flatMap(({ labels, startedAtMs }) =>
    startedAtMs === undefined ? [] : [{ labels, value: startedAtMs / 1000 }],
  );
  const began = family(
    'container_start_time_seconds',
    'gauge',
    'Start time of the container since unix epoch in seconds',
    starts,
  );
  return [...used, began, error].join('');
}

/** `/metrics`: what this kubelet has and has done since it started. */
export function kubeletMetrics({ node, pods, runtimeCalls }: PageSource): string {
  const own = pods();
  const statuses = own.flatMap(({ status }) => status?.containerStatuses ?? []);
  const restarts = own.flatMap((pod) =>
    (pod.status?.containerStatuses ?? []).map(({ name: container, restartCount }) => ({
      labels: { container, namespace: namespaceOf(pod), pod: nameOf(pod) },
      value: restartCount,
    })),
  );
  const states = ['waiting', 'running', 'terminated'] as const;
  const containers = states.map((state) => ({
    labels: { container_state: state },
    value: statuses.filter((status) => status.state?.[state] !== undefined).length,
  }));
  const running = own.filter(({ status }) => status?.phase === 'Running').length;
  const calls = [...runtimeCalls()].map(([type, value]) => ({ labels: { operation_type: snakeCase(type) }, value }));
  return [
    family('kubelet_node_name', 'gauge', "The node's name. The count is always 1.", [
      { labels: { node: node.name }, value: 1 },
    ]),
    family('kubelet_running_pods', 'gauge', 'Number of pods that have a running pod sandbox', [
      { labels: {}, value: running },
    ]),
    family('kubelet_running_containers', 'gauge', 'Number of containers by their state', containers),
    family('kubelet_container_restarts', 'gauge', 'How often the containers of a pod were started again', restarts),
    family('kubelet_runtime_operations_total', 'counter', 'Questions to the runtime by their type', calls),
  ].join('');
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join()}}`;
}

/** `runPodSandbox` as `run_podsandbox`. */
function snakeCase(text: string): string {
  return text.replace('PodSandbox', 'Podsandbox').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
