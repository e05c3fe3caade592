/** How many pods a second the pure scheduler places on a thousand nodes, without the API server: each binding is confirmed at once, as its informer would. */
import { performance } from 'node:perf_hooks';
import { must } from '../src/base/assert.ts';
import type { MonotonicMs } from '../src/base/brand.ts';
import { Random } from '../src/base/random.ts';
import type { Node } from '../src/kinds/node/types.ts';
import type { Pod, PodSpec } from '../src/kinds/pod/types.ts';
import { defaultProfile } from '../src/scheduler/default-profile.ts';
import { Scheduler } from '../src/scheduler/scheduler.ts';
import type { Figure } from './statistics.ts';

const nodeCount = 1_000;
const podCount = 10_000;
const preemptorCount = 200;
const rounds = 3;
const zoneLabel = 'topology.kubernetes.io/zone';
const hostLabel = 'kubernetes.io/hostname';
const nowMs = 0 as MonotonicMs;

const web = { labelSelector: { matchLabels: { app: 'web' } } };
const workloads: Readonly<Record<string, Partial<PodSpec>>> = {
  plain: {},
  'spread over zones': {
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zoneLabel, whenUnsatisfiable: 'DoNotSchedule', ...web }],
  },
  'preferring company': {
    affinity: {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: zoneLabel, ...web } },
        ],
      },
    },
  },
  'ten to a host by anti-affinity to others': {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: hostLabel, labelSelector: { matchLabels: { app: 'other' } } },
        ],
      },
    },
  },
};

export function benchScheduler(): Figure[] {
  const figures = Object.entries(workloads).map(([name, spec]) => ({
    name: `pods placed on ${nodeCount} nodes, ${name}`,
    value: podCount / median(() => secondsToPlace(spec)),
    unit: '/s',
  }));
  const value = preemptorCount / median(secondsToPreempt);
  return [...figures, { name: `preemptions on ${nodeCount} full nodes`, value, unit: '/s' }];
}

function median(run: () => number): number {
  const values = Array.from({ length: rounds }, run).sort((left, right) => left - right);
  return must(values[Math.floor(rounds / 2)], 'a round was run');
}

/** Each node is full of four unimportant pods; each preemptor displaces two of them, which are gone at once, and takes their place. */
function secondsToPreempt(): number {
  const scheduler = new Scheduler({ profiles: [defaultProfile], random: new Random(1) });
  for (let index = 0; index < nodeCount; index += 1) {
    scheduler.nodeSet(nodeOf(index), nowMs);
    for (let place = 0; place < 4; place += 1)
      scheduler.podSet(sized(4 * index + place, '4', 0, `node-${index}`), nowMs);
  }
  const startedMs = performance.now();
  for (let index = 0; index < preemptorCount; index += 1) {
    const pod = sized(4 * nodeCount + index, '8', 100);
    scheduler.podSet(pod, nowMs);
    const decision = must(scheduler.next(nowMs), 'a pod waits');
    if (decision.type !== 'rejected' || decision.nomination.type !== 'set') throw new Error('nobody is displaced');
    for (const victim of decision.nomination.victims) scheduler.podDeleted(victim.pod, nowMs);
    const { nodeName } = decision.nomination;
    scheduler.podSet({ ...pod, spec: { ...pod.spec, nodeName } }, nowMs);
  }
  return (performance.now() - startedMs) / 1_000;
}

function sized(index: number, cpu: string, priority: number, nodeName = ''): Pod {
  const containers = [{ name: 'main', image: 'nginx', resources: { requests: { cpu } } }];
  return podOf(index, { containers, priority, ...(nodeName === '' ? {} : { nodeName }) });
}

function secondsToPlace(spec: Partial<PodSpec>): number {
  const scheduler = new Scheduler({ profiles: [defaultProfile], random: new Random(1) });
  for (let index = 0; index < nodeCount; index += 1) scheduler.nodeSet(nodeOf(index), nowMs);
  const pods = Array.from({ length: podCount }, (_, index) => podOf(index, spec));
  const startedMs = performance.now();
  for (const pod of pods) {
    scheduler.podSet(pod, nowMs);
    const decision = must(scheduler.next(nowMs), 'a pod waits');
    if (decision.type !== 'bind') throw new Error(decision.message);
    scheduler.bound(decision.pod.uid);
    scheduler.podSet({ ...pod, spec: { ...pod.spec, nodeName: decision.nodeName } }, nowMs);
  }
  return (performance.now() - startedMs) / 1_000;
}

function nodeOf(index: number): Node {
  const name = `node-${index}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { [hostLabel]: name, [zoneLabel]: `zone-${index % 3}` } },
    spec: {},
    status: { allocatable: { cpu: '16', memory: '64Gi', pods: '110' } },
  };
}

function podOf(index: number, spec: Partial<PodSpec>): Pod {
  const name = `pod-${index}`;
  const resources = { requests: { cpu: '100m', memory: '100Mi' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, generation: 1, labels: { app: 'web' } },
    spec: {
      schedulerName: 'default-scheduler',
      containers: [{ name: 'main', image: 'nginx', resources }],
      ...spec,
    },
  };
}
