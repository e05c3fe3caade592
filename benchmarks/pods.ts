/**
 * A cluster of one master with many simulated nodes, as its user sees it: what idle nodes cost, how fast the pods of ten Deployments come up, how long
 * a new version takes to roll out, and how long until all pods run again after a tenth of the nodes died. Times are those at which a watch
 * tells of a change.
 */
import { performance } from 'node:perf_hooks';
import { Cluster } from '../actors/cluster/index.ts';
import type { AnyObject } from '../src/api/object-meta.ts';
import type { Pod } from '../src/kinds/pod/types.ts';
import { type Figure, quantile } from './statistics.ts';

const deployments = 10;
const idleMs = 10_000;
const lookEveryMs = 20;
/** Of nodes, in the profile `kubernetes`. */
const graceSeconds = 50;

export async function benchPods(nodes: number, pods: number): Promise<Figure[]> {
  const startMs = performance.now();
  await using cluster = await Cluster.start({ masters: 1, nodes, profile: 'kubernetes' });
  const title = `${pods} pods on ${nodes} nodes`;
  const figures = [{ name: `${nodes} nodes, start to ready`, value: performance.now() - startMs, unit: 'ms' }];
  figures.push(...(await idle(cluster, nodes)));
  const seen = new PodWatch(cluster);
  figures.push(...(await comeUp(cluster, seen, pods, title)));
  figures.push(await rollOut(cluster, seen, pods / deployments, title));
  figures.push(await loseNodes(cluster, seen, nodes / 10, pods, title));
  seen.close();
  return figures;
}

async function idle(cluster: Cluster, nodes: number): Promise<Figure[]> {
  let heartbeats = 0;
  const leases = cluster.api.watch('leases', { namespace: 'kube-node-lease' }).subscribe(({ type }) => {
    if (type === 'MODIFIED') heartbeats += 1;
  });
  const before = process.cpuUsage();
  await cluster.sleep(idleMs);
  const { user, system } = process.cpuUsage(before);
  leases.unsubscribe();
  const seconds = idleMs / 1_000;
  return [
    { name: `${nodes} idle nodes, processor`, value: (100 * (user + system)) / 1e6 / seconds, unit: '% of a core' },
    { name: `${nodes} idle nodes, memory`, value: process.memoryUsage().rss / 1024 / 1024, unit: 'MB' },
    { name: `${nodes} idle nodes, heartbeats`, value: heartbeats / seconds, unit: '/s' },
  ];
}

async function comeUp(cluster: Cluster, seen: PodWatch, pods: number, title: string): Promise<Figure[]> {
  const startMs = performance.now();
  for (let index = 0; index < deployments; index += 1) {
    await cluster.api.create(deployment(index, pods / deployments) as AnyObject);
  }
  await seen.until(() => seen.running === pods);
  const seconds = (performance.now() - startMs) / 1_000;
  const { startUpMs } = seen;
  return [
    { name: `${title}, created to all running`, value: pods / seconds, unit: 'pods/s' },
    { name: `${title}, a pod created to running, p50`, value: quantile(startUpMs, 0.5), unit: 'ms' },
    { name: `${title}, a pod created to running, p99`, value: quantile(startUpMs, 0.99), unit: 'ms' },
    { name: `${title}, of that created to bound, p50`, value: quantile(seen.bindingMs, 0.5), unit: 'ms' },
  ];
}

async function rollOut(cluster: Cluster, seen: PodWatch, replicas: number, title: string): Promise<Figure> {
  const startMs = performance.now();
  const patch = { spec: { template: { spec: { containers: [{ name: 'main', image: 'web:2' }] } } } };
  await cluster.api.patch('deployment/web-0', patch, { type: 'strategic' });
  await seen.until(() => seen.runningOf('web:2') === replicas && seen.total === seen.running);
  return { name: `${title}, a Deployment of ${replicas} rolled over`, value: performance.now() - startMs, unit: 'ms' };
}

/** What is lost is counted as lost from the moment that the API shows it. */
async function loseNodes(
  cluster: Cluster,
  seen: PodWatch,
  count: number,
  pods: number,
  title: string,
): Promise<Figure> {
  const victims = cluster.nodes().slice(0, count);
  const lost = new Set(victims);
  const startMs = performance.now();
  await Promise.all(victims.map((node) => cluster.kill(node)));
  await seen.until(() => seen.runningOutside(lost) === pods);
  const name = `${title}, ${count} nodes killed until all pods run elsewhere, grace of ${graceSeconds} s included`;
  return { name, value: performance.now() - startMs, unit: 'ms' };
}

/** The pods as a watch tells of them. */
class PodWatch {
  readonly startUpMs: number[] = [];
  readonly bindingMs: number[] = [];
  readonly #createdMs = new Map<string, number>();
  readonly #pods = new Map<string, Pod>();
  readonly #subscription: { unsubscribe(): void };
  running = 0;

  constructor(cluster: Cluster) {
    this.#subscription = cluster.api.watch('pods').subscribe(({ type, object }) => {
      if (type !== 'BOOKMARK') this.#take(type, object as unknown as Pod);
    });
  }

  get total(): number {
    return this.#pods.size;
  }

  runningOf(image: string): number {
    return this.#count((pod) => pod.spec.containers[0]?.image === image);
  }

  runningOutside(nodes: ReadonlySet<string>): number {
    return this.#count((pod) => !nodes.has(pod.spec.nodeName ?? '') && pod.metadata.deletionTimestamp === undefined);
  }

  /** Resolves when `condition` holds, looked at every so often: looking at ten thousand pods at each change would be what is measured. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        if (!condition()) return;
        clearInterval(timer);
        resolve();
      }, lookEveryMs);
    });
  }

  close(): void {
    this.#subscription.unsubscribe();
  }

  #count(isMeant: (pod: Pod) => boolean): number {
    let count = 0;
    for (const pod of this.#pods.values()) if (pod.status?.phase === 'Running' && isMeant(pod)) count += 1;
    return count;
  }

  #take(type: string, pod: Pod): void {
    const { uid = '' } = pod.metadata;
    const former = this.#pods.get(uid);
    const nowMs = performance.now();
    if (former?.status?.phase === 'Running') this.running -= 1;
    if (type === 'DELETED') {
      this.#pods.delete(uid);
      return;
    }
    if (!this.#createdMs.has(uid)) this.#createdMs.set(uid, nowMs);
    const sinceMs = nowMs - (this.#createdMs.get(uid) ?? nowMs);
    if ((pod.spec.nodeName ?? '') !== '' && (former?.spec.nodeName ?? '') === '') this.bindingMs.push(sinceMs);
    if (pod.status?.phase === 'Running') {
      this.running += 1;
      if (former?.status?.phase !== 'Running') this.startUpMs.push(sinceMs);
    }
    this.#pods.set(uid, pod);
  }
}

/** So that a dead node's pods wait for the grace of nodes alone. */
const tolerations = ['not-ready', 'unreachable'].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 1,
}));

function deployment(index: number, replicas: number): object {
  const labels = { app: `web-${index}` };
  const container = { name: 'main', image: 'web:1', resources: { requests: { cpu: '10m', memory: '10Mi' } } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `web-${index}`, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 1, tolerations, containers: [container] },
      },
    },
  };
}
