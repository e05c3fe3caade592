/** What pods are made of, through the real API server and kubelet, while kubelets die at any moment and start again. */
import { describe, expect, test } from 'vitest';
import { utf8Text } from '../../../src/base/bytes.ts';
import { Random } from '../../../src/base/random.ts';
import type { Condition } from '../../../src/kinds/condition.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { SimulatedRuntime } from '../../../src/kubelet/simulated-runtime.ts';
import { isReady, NodeWorld, podNamed } from './node-world.ts';

const pods = 'core/v1/default/pods';
const configMaps = 'core/v1/default/configmaps';
const seeds = [1, 2, 3, 4, 5, 6];
const mount = { name: 'data', mountPath: '/data' };

function runtimeOf(world: NodeWorld, node = 'node-0'): SimulatedRuntime {
  const state = world.universe.thread(node)?.host.cellAt(`${node}/runtime`)?.state as { runtime: SimulatedRuntime };
  return state.runtime;
}

function fileOf(world: NodeWorld, pod: string, volume: string, path: string): string | undefined {
  const uid = world.pod(pod)?.metadata.uid ?? '';
  const content = runtimeOf(world).volume(uid, volume);
  const file = content?.type === 'files' ? content.files.find((each) => each.path === path) : undefined;
  return file === undefined ? undefined : utf8Text(file.bytes);
}

/** Kills the kubelet a few times at moments of chance, and starts it again each time. */
function disturb(world: NodeWorld, random: Random, times = 3): void {
  for (let n = 0; n < times; n += 1) {
    world.runFor(random.integer(0, 700));
    world.kill('node-0', 'node-0/kubelet');
    world.runFor(random.integer(0, 400));
    world.startKubelet('node-0');
  }
}

const settings = (value: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { key: value },
});

describe.each(seeds)('seed %i', (seed) => {
  test('volumes of config maps, tokens and fields are mounted, and follow their sources', () => {
    const world = new NodeWorld({ seed });
    const random = new Random(seed);
    const volumes = [{ name: 'data', configMap: { name: 'settings' } }];
    const containers = [{ name: 'main', image: 'app', volumeMounts: [mount] }];
    world.create(pods, podNamed('web', { containers, volumes }));
    disturb(world, random);
    const waiting = world.pod('web')?.status?.containerStatuses?.[0]?.state?.waiting;
    expect(waiting).toEqual({ reason: 'ContainerCreating' });
    expect(world.events('web').some((event) => event.startsWith('FailedMount'))).toBe(true);
    world.create(configMaps, settings('old'));
    disturb(world, random, 2);
    world.until(() => isReady(world.pod('web')), 8_000);
    expect(fileOf(world, 'web', 'data', 'key')).toBe('old');
    world.patch(`${configMaps}/settings`, 'merge', { data: { key: 'new' } });
    disturb(world, random, 1);
    world.until(() => fileOf(world, 'web', 'data', 'key') === 'new', 5_000);
    const token = world.pod('web')?.spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name ?? '';
    expect(fileOf(world, 'web', token, 'namespace')).toBe('default');
    expect(fileOf(world, 'web', token, 'token')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(world.pod('web')?.status?.containerStatuses?.[0]?.restartCount).toBe(0);
    const uid = world.pod('web')?.metadata.uid ?? '';
    world.delete(`${pods}/web`);
    disturb(world, random, 1);
    world.until(() => world.pod('web') === null && runtimeOf(world).volume(uid, 'data') === undefined, 10_000);
  });

  test('a container whose settings are missing is told, and runs when they come', () => {
    const world = new NodeWorld({ seed });
    const env = [{ name: 'KEY', valueFrom: { configMapKeyRef: { name: 'settings', key: 'key' } } }];
    world.create(pods, podNamed('web', { containers: [{ name: 'main', image: 'app', env }] }));
    disturb(world, new Random(seed));
    world.until(() => {
      const waiting = world.pod('web')?.status?.containerStatuses?.[0]?.state?.waiting;
      return waiting?.reason === 'CreateContainerConfigError' && waiting.message === 'configmap "settings" not found';
    }, 5_000);
    world.create(configMaps, settings('x'));
    world.until(() => isReady(world.pod('web')), 5_000);
  });
});

const manifest = (image: string): Pod =>
  ({
    metadata: { name: 'agent', labels: { app: 'agent' } },
    spec: { containers: [{ name: 'main', image }] },
  }) as unknown as Pod;

describe.each(seeds)('the node itself, seed %i', (seed) => {
  test('a static pod runs whatever happens to its mirror', () => {
    const world = new NodeWorld({ seed, node: () => ({ staticPods: [manifest('agent:1')] }) });
    world.until(() => isReady(world.pod('agent-node-0')), 8_000);
    const first = world.pod('agent-node-0');
    expect(first?.metadata.annotations?.['kubernetes.io/config.mirror']).toBe(
      first?.metadata.annotations?.['kubernetes.io/config.hash'],
    );
    expect(first?.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'node-0', controller: true }]);
    world.delete(`${pods}/agent-node-0`);
    disturb(world, new Random(seed), 2);
    world.until(() => {
      const next = world.pod('agent-node-0');
      return next !== null && next.metadata.uid !== first?.metadata.uid && isReady(next);
    }, 8_000);
    const [before] = first?.status?.containerStatuses ?? [];
    expect(world.pod('agent-node-0')?.status?.containerStatuses).toMatchObject([
      { containerID: before?.containerID, restartCount: 0 },
    ]);
  });

  test('a node that is shut down stops ordinary pods first, then the critical ones', () => {
    const world = new NodeWorld({ seed });
    const annotations = { 'threemaster.dev/stop-latency-ms': '1000' };
    world.create(pods, podNamed('web', {}, { annotations }));
    world.create(pods, podNamed('vital', { priorityClassName: 'system-node-critical' }, { annotations }));
    world.until(() => isReady(world.pod('web')) && isReady(world.pod('vital')), 8_000);
    world.shutDown('node-0', 10_000, 4_000);
    world.until(() => world.pod('web')?.status?.containerStatuses?.[0]?.state?.terminated !== undefined, 4_000);
    expect(isReady(world.pod('vital'))).toBe(true);
    world.until(() => world.pod('vital')?.status?.phase === 'Failed', 4_000);
    for (const name of ['web', 'vital']) {
      expect(world.pod(name)?.status).toMatchObject({
        phase: 'Failed',
        reason: 'Terminated',
        message: 'Pod was terminated in response to imminent node shutdown.',
      });
      expect(world.pod(name)?.status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
      );
    }
    world.create(pods, podNamed('late', { nodeName: 'node-0' }));
    world.until(() => world.pod('late')?.status?.reason === 'NodeShutdown', 4_000);
    const node = world.get('core/v1/-/nodes/node-0').body;
    expect(node.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'False', message: 'node is shutting down' }),
    );
  });

  test('a node that runs out of memory evicts the pod that exceeds its request most, and tells of the pressure', () => {
    const world = new NodeWorld({ seed, node: () => ({ capacity: { cpu: '4', memory: '1Gi', pods: '110' } }) });
    const using = (curve: string) => ({ annotations: { 'threemaster.dev/memory-bytes': curve } });
    world.create(pods, podNamed('slim', {}, using('200000000')));
    world.create(pods, podNamed('fat', {}, using('0:300000000,4:800000000')));
    world.until(() => isReady(world.pod('slim')) && isReady(world.pod('fat')), 8_000);
    world.runFor(2_000);
    expect(world.pod('fat')?.status?.phase).toBe('Running');
    world.until(() => world.pod('fat')?.status?.reason === 'Evicted', 15_000);
    const pressure = (): string =>
      world
        .get('core/v1/-/nodes/node-0')
        .body.status.conditions.find((each: Condition) => each.type === 'MemoryPressure').status;
    world.until(() => pressure() === 'True', 3_000);
    expect(isReady(world.pod('slim'))).toBe(true);
    world.until(() => pressure() === 'False', 20_000);
    expect(isReady(world.pod('slim'))).toBe(true);
  });
});
