/** What a kubelet says at its port: health, pods, statistics, metrics. */
import { expect, test } from 'vitest';
import type { Flow } from '../../../src/actor/flow.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { utf8Text } from '../../../src/base/bytes.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { kubeletLimits } from '../../../src/kubelet/limits.ts';
import { type PageSource, pageOf } from '../../../src/kubelet/pages.ts';
import type { UsageSummary } from '../../../src/protocol/kubelet.ts';

const pod = {
  metadata: { name: 'web', namespace: 'default', uid: 'u' },
  spec: { containers: [{ name: 'main' }] },
  status: {
    phase: 'Running',
    startTime: '1970-01-01T00:00:01Z',
    containerStatuses: [{ name: 'main', restartCount: 2, state: { running: { startedAt: '1970-01-01T00:00:02Z' } } }],
  },
} as unknown as Pod;

const usage: UsageSummary = {
  type: 'measured',
  measuredAtMs: 5_000 as WallMs,
  windowMs: 1_000,
  node: { cpuNanocores: 7, cpuNanoseconds: 3e9, workingSetBytes: 1_024 },
  pods: [
    {
      namespace: 'default',
      name: 'web',
      uid: 'u',
      containers: [{ name: 'main', cpuNanocores: 5, cpuNanoseconds: 1.5e9, workingSetBytes: 512 }],
    },
  ],
};

function* flowOf(told: UsageSummary): Flow<UsageSummary> {
  yield* [];
  return told;
}

function sourceOf(told: UsageSummary): PageSource {
  return {
    node: { name: 'node-0', address: '10.0.0.1', capacity: { memory: '2Ki', pods: '11' } },
    limits: kubeletLimits,
    startedAtMs: 0 as WallMs,
    pods: () => [pod],
    runtimeCalls: () => new Map([['runPodSandbox', 4]]),
    usage: () => flowOf(told),
  };
}

function page(path: string, verb = 'get', told = usage): { readonly status: number; readonly text: string } {
  const flow = pageOf({ verb, path, parameters: {} }, sourceOf(told)).next();
  if (flow.done !== true) throw new Error('it waits');
  return { status: flow.value.status, text: utf8Text(flow.value.bytes) };
}

test.each([
  ['/healthz', 'get', 200],
  ['/healthz/ping', 'get', 200],
  ['/pods/', 'get', 200],
  ['/pods', 'create', 405],
  ['/', 'get', 404],
  ['/logs/x', 'get', 404],
])('%s by %s gives %i', (path, verb, status) => {
  expect(page(path, verb).status).toBe(status);
});

test('the summary tells of the node, of pods and of their containers', () => {
  expect(JSON.parse(page('/stats/summary').text)).toEqual({
    node: {
      nodeName: 'node-0',
      startTime: '1970-01-01T00:00:00Z',
      cpu: { time: '1970-01-01T00:00:05Z', usageNanoCores: 7, usageCoreNanoSeconds: 3e9 },
      memory: { time: '1970-01-01T00:00:05Z', workingSetBytes: 1_024, availableBytes: 1_024 },
    },
    pods: [
      expect.objectContaining({
        podRef: { name: 'web', namespace: 'default', uid: 'u' },
        startTime: '1970-01-01T00:00:01Z',
        containers: [expect.objectContaining({ name: 'main', startTime: '1970-01-01T00:00:02Z' })],
        memory: { time: '1970-01-01T00:00:05Z', workingSetBytes: 512 },
      }),
    ],
  });
});

test('what nobody could measure is an error, and a metric says so', () => {
  const unknown: UsageSummary = { type: 'unknown', message: 'no runtime' };
  expect(page('/stats/summary', 'get', unknown)).toEqual({ status: 500, text: 'Internal Error: no runtime' });
  expect(page('/metrics/resource', 'get', unknown).text).toContain('\nresource_scrape_error 1\n');
});

test('metrics are lines that Prometheus reads', () => {
  const resource = page('/metrics/resource').text;
  expect(resource).toContain('# TYPE container_cpu_usage_seconds_total counter\n');
  expect(resource).toContain('container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"} 1.5\n');
  expect(resource).toContain('container_start_time_seconds{container="main",namespace="default",pod="web"} 2\n');
  expect(resource).toContain('node_memory_working_set_bytes 1024\n');
  const own = page('/metrics').text;
  expect(own).toContain('kubelet_running_pods 1\n');
  expect(own).toContain('kubelet_running_containers{container_state="running"} 1\n');
  expect(own).toContain('kubelet_container_restarts{container="main",namespace="default",pod="web"} 2\n');
  expect(own).toContain('kubelet_runtime_operations_total{operation_type="run_podsandbox"} 4\n');
  for (const line of (resource + own).split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z_]+(\{.+\})? [\d.e+]+|)$/);
});
