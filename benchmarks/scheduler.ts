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
  return Object.entries(workloads).map(([name, spec]) => {
    const seconds = Array.from({ length: rounds }, () => secondsToPlace(spec)).sort((left, right) => left - right);
    const median = must(seconds[Math.floor(rounds / 2)], 'a round was run');
    return { name: `pods placed on ${nodeCount} nodes, ${name}`, value: podCount / median, unit: '/s' };
  });
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
