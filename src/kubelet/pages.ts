/**
 * What the port of a kubelet would serve, for who asks by nodes/proxy: health, pods, statistics, metrics, configuration. Asking changes nothing; running
 * commands and reading logs goes by the pods.
 * Models kubernetes pkg/kubelet/server/server.go, server/stats/summary.go and metrics/collectors/resource_metrics.go.
 */
import type { Flow } from '../actor/flow.ts';
import type { WallMs } from '../base/brand.ts';
import { utf8 } from '../base/bytes.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { KubeletPage, KubeletPageRequest, UsageSummary } from '../protocol/kubelet.ts';
import type { KubeletLimits } from './limits.ts';
import type { NodeDescription } from './node-object.ts';
import { kubeletMetrics, resourceMetrics } from './page-metrics.ts';
import { summaryOf } from './page-summary.ts';

/** What the pages tell of. */
export interface PageSource {
  readonly node: NodeDescription;
  readonly limits: KubeletLimits;
  readonly startedAtMs: WallMs;
  /** As the API shows them, with what this kubelet knows of their status. */
  pods(): readonly Pod[];
  /** How often the runtime was asked, by the type of the question. */
  runtimeCalls(): ReadonlyMap<string, number>;
  usage(): Flow<UsageSummary>;
}

const text = 'text/plain; charset=utf-8';
const healthy = new Set(['/healthz', '/healthz/ping', '/healthz/log', '/healthz/syncloop']);
const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

export function* pageOf({ verb, path }: KubeletPageRequest, source: PageSource): Flow<KubeletPage> {
  const page = path.length > 1 ? path.replace(/\/+$/, '') : path;
  const answer = healthy.has(page) ? plain(200, 'ok') : yield* find(page, source);
  if (answer === null) return plain(404, '404 page not found\n');
  return verb === 'get' ? answer : plain(405, '405: Method Not Allowed');
}

function* find(page: string, source: PageSource): Flow<KubeletPage | null> {
  switch (page) {
    case '/pods':
      return json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: source.pods() });
    case '/configz':
      return json({ kubeletconfig: configurationOf(source) });
    case '/stats/summary': {
      const usage = yield* source.usage();
      if (usage.type === 'unknown') return plain(500, `Internal Error: ${usage.message}`);
      return json(summaryOf(usage, source));
    }
    case '/metrics/resource':
      return page200(metricsType, resourceMetrics(yield* source.usage(), source.pods()));
    case '/metrics':
      return page200(metricsType, kubeletMetrics(source));
    default:
      return null;
  }
}

/** The part of a KubeletConfiguration that is one here. */
function configurationOf({ node, limits }: PageSource): object {
  const { allocatable = node.capacity } = node;
  return {
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    address: node.address,
    maxPods: Number(allocatable['pods'] ?? 0),
    nodeStatusReportFrequency: duration(limits.nodeStatusMs),
    nodeLeaseDurationSeconds: limits.leaseDurationSeconds,
    evictionHard: { 'memory.available': `${limits.evictionMemoryBytes}` },
    evictionPressureTransitionPeriod: duration(limits.pressureTransitionMs),
    crashLoopBackOff: { maxContainerRestartPeriod: duration(limits.crashBackoffMaxMs) },
  };
}

function duration(ms: number): string {
  return `${ms / 1000}s`;
}

function json(value: unknown): KubeletPage {
  return page200('application/json', JSON.stringify(value, null, 1));
}

function plain(status: number, body: string): KubeletPage {
  return { status, contentType: text, bytes: utf8(body) };
}

function page200(contentType: string, body: string): KubeletPage {
  return { status: 200, contentType, bytes: utf8(body) };
}
