/**
 * Pods that are resized while they run, with real API servers, schedulers and kubelets in simulation: what is granted at once, what waits for room,
 * what can never be, what takes a restart, and what a kubelet that starts anew makes of all that.
 */
import { expect, test } from 'vitest';
import { isReady, NodeWorld, podNamed, type Tree } from './node-world.ts';

const seeds = [1, 2, 3];
const pods = 'core/v1/default/pods';
const mebibyte = 1024 * 1024;

interface Sized {
  readonly cpu?: string;
  readonly memory?: string;
  readonly limit?: string;
  readonly policy?: readonly object[];
  readonly annotations?: object;
  readonly restartPolicy?: string;
}

function resourcesOf({ cpu = '500m', memory = '64Mi', limit = '256Mi' }: Sized): Tree {
  return { requests: { cpu, memory }, limits: { memory: limit } };
}

function sized(name: string, options: Sized = {}): Tree {
  const made: Tree = podNamed(name);
  const { policy, annotations, restartPolicy = 'Always' } = options;
  made.metadata.annotations = annotations;
  made.spec.restartPolicy = restartPolicy;
  made.spec.containers = [
    { ...made.spec.containers[0], resources: resourcesOf(options), ...(policy && { resizePolicy: policy }) },
  ];
  return made;
}

function worldOf(seed: number): NodeWorld {
  return new NodeWorld({ seed, node: () => ({ capacity: { cpu: '2', memory: '4Gi', pods: '10' } }) });
}

function start(world: NodeWorld, made: Tree): void {
  world.create(pods, made);
  world.until(() => isReady(world.pod(made.metadata.name)));
}

function resize(world: NodeWorld, name: string, options: Sized): Tree {
  const containers = [{ name: 'main', resources: resourcesOf(options) }];
  return world.patch(`${pods}/${name}/resize`, 'strategic', { spec: { containers } }).body;
}

function conditionOf(world: NodeWorld, name: string, type: string): Tree {
  return (world.pod(name) as Tree)?.status.conditions.find((each: Tree) => each.type === type);
}

function containerOf(world: NodeWorld, name: string): Tree {
  return (world.pod(name) as Tree)?.status.containerStatuses[0];
}

function isDone(world: NodeWorld, name: string): boolean {
  const { spec, status, metadata } = world.pod(name) as Tree;
  const told = status.containerStatuses[0];
  const isGiven = JSON.stringify(told.resources) === JSON.stringify(spec.containers[0].resources);
  const isTold = ['PodResizePending', 'PodResizeInProgress'].every(
    (type) => conditionOf(world, name, type) === undefined,
  );
  return isGiven && isTold && status.observedGeneration === metadata.generation && told.state.running !== undefined;
}

test.each(seeds)('seed %i: a container gets what it asks for without being started again', (seed) => {
  const world = worldOf(seed);
  start(world, sized('web'));
  expect(resize(world, 'web', { cpu: '1', memory: '128Mi', limit: '512Mi' }).metadata.generation).toBe(2);
  world.until(() => isDone(world, 'web'));
  expect(containerOf(world, 'web')).toMatchObject({
    restartCount: 0,
    allocatedResources: { cpu: '1', memory: '128Mi' },
    resources: resourcesOf({ cpu: '1', memory: '128Mi', limit: '512Mi' }),
  });
  const reasons = world.events('web').map((event) => event.split(' ')[0]);
  expect(reasons).toEqual(expect.arrayContaining(['ResizeStarted', 'ResizeCompleted']));
});

test('a memory limit counts from the moment at which it changes', () => {
  const world = worldOf(1);
  const annotations = { 'threemaster.dev/memory-bytes': String(100 * mebibyte) };
  start(world, sized('web', { annotations }));
  resize(world, 'web', { limit: '80Mi' });
  world.until(() => containerOf(world, 'web').lastState.terminated?.reason === 'OOMKilled');
});

test.each(seeds)('seed %i: what there is no room for waits until there is, and counts for the scheduler', (seed) => {
  const world = worldOf(seed);
  start(world, sized('web'));
  start(world, sized('other', { cpu: '1' }));
  resize(world, 'web', { cpu: '1200m' });
  world.until(() => conditionOf(world, 'web', 'PodResizePending') !== undefined);
  expect(conditionOf(world, 'web', 'PodResizePending')).toMatchObject({
    status: 'True',
    reason: 'Deferred',
    message: "Node didn't have enough resource: cpu, requested: 1200, used: 1000, capacity: 2000",
    observedGeneration: 2,
  });
  expect(containerOf(world, 'web')).toMatchObject({
    allocatedResources: { cpu: '500m' },
    resources: { requests: { cpu: '500m' } },
  });
  world.create(pods, sized('late', { cpu: '400m' }));
  world.runFor(1_000);
  expect((world.pod('late') as Tree).spec.nodeName).toBeUndefined();
  world.delete(`${pods}/other`, { gracePeriodSeconds: 0 });
  world.until(() => isDone(world, 'web'));
  world.until(() => isReady(world.pod('late')));
});

test.each(seeds)('seed %i: what shrinks makes room for what waits', (seed) => {
  const world = worldOf(seed);
  start(world, sized('web'));
  start(world, sized('other', { cpu: '1' }));
  resize(world, 'web', { cpu: '1200m' });
  world.until(() => conditionOf(world, 'web', 'PodResizePending')?.reason === 'Deferred');
  resize(world, 'other', { cpu: '700m' });
  world.until(() => isDone(world, 'web') && isDone(world, 'other'));
});

test.each(seeds)('seed %i: what can never be is told, does not count, and can be taken back', (seed) => {
  const world = worldOf(seed);
  start(world, sized('web'));
  resize(world, 'web', { cpu: '100' });
  world.until(() => conditionOf(world, 'web', 'PodResizePending')?.reason === 'Infeasible');
  expect(conditionOf(world, 'web', 'PodResizePending').message).toBe(
    "Node didn't have enough capacity: cpu, requested: 100000, capacity: 2000",
  );
  start(world, sized('other', { cpu: '1' }));
  resize(world, 'web', {});
  world.until(() => isDone(world, 'web'));
  expect(containerOf(world, 'web').restartCount).toBe(0);
});

test.each(seeds)('seed %i: a container whose policy says so is started again, once', (seed) => {
  const world = worldOf(seed);
  const policy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
  start(world, sized('web', { policy, restartPolicy: 'OnFailure' }));
  resize(world, 'web', { cpu: '700m' });
  world.until(() => isDone(world, 'web'));
  expect(containerOf(world, 'web').restartCount).toBe(0);
  resize(world, 'web', { cpu: '700m', limit: '300Mi' });
  world.until(() => isDone(world, 'web'));
  expect(containerOf(world, 'web')).toMatchObject({ restartCount: 1, resources: { limits: { memory: '300Mi' } } });
  expect((world.pod('web') as Tree).status.phase).toBe('Running');
});

test.each(seeds)('seed %i: a kubelet that starts anew goes on where the last one was', (seed) => {
  const world = worldOf(seed);
  start(world, sized('web'));
  start(world, sized('other', { cpu: '1' }));
  resize(world, 'web', { cpu: '1200m' });
  world.until(() => conditionOf(world, 'web', 'PodResizePending')?.reason === 'Deferred');
  world.kill('node-0', 'node-0/kubelet');
  world.runFor(100);
  resize(world, 'other', { cpu: '900m', limit: '300Mi' });
  world.startKubelet('node-0');
  world.until(() => isDone(world, 'other'));
  expect(containerOf(world, 'web').allocatedResources.cpu).toBe('500m');
  expect(conditionOf(world, 'web', 'PodResizePending')?.reason).toBe('Deferred');
  resize(world, 'web', { cpu: '1100m' });
  world.until(() => isDone(world, 'web'));
  expect(containerOf(world, 'web').restartCount).toBe(0);
});
