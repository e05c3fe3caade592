/** Pods that follow stages, through the real store, API server, scheduler and kubelet, while masters and kubelets die. */
import { describe, expect, test } from 'vitest';
import { ownBytes, utf8Text } from '../../../src/base/bytes.ts';
import { Random } from '../../../src/base/random.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { isReady, NodeWorld, podNamed } from './node-world.ts';

const pods = 'core/v1/default/pods';
const seeds = [1, 2, 3, 4];
const phaseOf = (pod: Pod | null): string => pod?.status?.phase ?? 'absent';
const stateOf = (pod: Pod | null) => pod?.status?.containerStatuses?.[0]?.state;

/** A Stage for pods; `spec` goes over what all of them have. */
function stage(name: string, expressions: readonly object[], spec: object): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind: 'Pod' }, selector: { matchExpressions: expressions }, ...spec },
  };
}

/** Takes away the indentation that all lines share, as `|` does in YAML. */
function block(text: string): string {
  const indent = /^\n( *)/.exec(text)?.[1] ?? '';
  return text.replaceAll(`\n${indent}`, '\n');
}

const alive = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const inPhase = (...values: string[]): object => ({ key: '.status.phase', operator: 'In', values });
const hasJob = { key: '.metadata.labels.work', operator: 'In', values: ['batch'] };

const start = stage('start', [alive, { key: '.status.podIP', operator: 'DoesNotExist' }], {
  delay: { durationMilliseconds: 1_000 },
  next: {
    event: { type: 'Normal', reason: 'Up', message: 'it begins' },
    statusTemplate: block(`
      {{ $at := Now }}
      phase: Running
      hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
      podIP: {{ PodIPWith .spec.nodeName (or .spec.hostNetwork false) .metadata.uid .metadata.name .metadata.namespace | Quote }}
      startTime: {{ $at | Quote }}
      conditions:
      {{ range list "Initialized" "Ready" "ContainersReady" }}
      - { type: {{ . }}, status: "True", lastTransitionTime: {{ $at | Quote }} }
      {{ end }}
      containerStatuses:
      {{ range .spec.containers }}
      - name: {{ .name | Quote }}
        image: {{ .image | Quote }}
        ready: true
        restartCount: 0
        state: { running: { startedAt: {{ $at | Quote }} } }
      {{ end }}
    `),
  },
});

const finish = stage('finish', [alive, inPhase('Running'), hasJob], {
  weight: 1,
  delay: {
    durationMilliseconds: 500,
    durationFrom: { expressionFrom: '.metadata.annotations["example.com/runs"]' },
    jitterDurationMilliseconds: 3_000,
  },
  next: {
    statusTemplate: block(`
      phase: Succeeded
      containerStatuses:
      {{ $root := . }}
      {{ range $index, $container := .spec.containers }}
      {{ $was := index $root.status.containerStatuses $index }}
      - name: {{ $container.name }}
        image: {{ $container.image }}
        ready: false
        restartCount: {{ $was.restartCount }}
        state:
          terminated: { exitCode: 0, reason: Completed, startedAt: {{ $was.state.running.startedAt | Quote }}, finishedAt: {{ Now | Quote }} }
      {{ end }}
    `),
  },
});

/** Competes with `finish`, a hundred times as likely unless the pod says otherwise. */
const fail = stage('fail', [alive, inPhase('Running'), hasJob], {
  weight: 100,
  weightFrom: { expressionFrom: '.metadata.annotations["example.com/chaos"]' },
  next: {
    event: { type: 'Warning', reason: 'Chaos', message: 'it fails' },
    statusTemplate: '{ phase: Failed, reason: Chaos }',
  },
});

const remove = stage('remove', [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }], {
  delay: { durationMilliseconds: 700 },
  next: { finalizers: { empty: true }, delete: true },
});

const all = [start, finish, fail, remove];
const batch = (annotations: object = {}): object => ({ labels: { work: 'batch' }, annotations });

function worldOf(seed: number, stages: readonly object[] = all, masters = 3): NodeWorld {
  return new NodeWorld({ seed, masters, nodes: 2, stages });
}

/** Kills a master and the kubelets of both nodes at moments of chance; the kubelets come back. */
function disturb(world: NodeWorld, random: Random): void {
  const master = random.pick(world.masters);
  for (const part of ['apiserver', 'store', 'scheduler']) world.kill(master, `${master}/${part}`);
  for (const node of world.nodes) {
    world.runFor(random.integer(0, 400));
    world.kill(node, `${node}/kubelet`);
    world.runFor(random.integer(0, 200));
    world.startKubelet(node);
  }
}

describe.each(seeds)('seed %i', (seed) => {
  test('a pod goes from Pending to Running to Succeeded, each when its delay is over, though a master dies', () => {
    const world = worldOf(seed, [start, finish, remove]);
    world.create(pods, podNamed('one', {}, batch({ 'example.com/runs': '2s' })));
    const createdMs = world.universe.nowMs;
    world.until(() => phaseOf(world.pod('one')) === 'Running', 10_000);
    expect(world.universe.nowMs - createdMs).toBeGreaterThanOrEqual(1_000);
    const { status, spec } = world.pod('one') ?? {};
    expect(isReady(world.pod('one'))).toBe(true);
    expect(status).toMatchObject({
      podIP: expect.stringMatching(/^10\.244\.[01]\.\d+$/),
      hostIP: `192.168.0.${10 + world.nodes.indexOf(spec?.nodeName ?? '')}`,
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'PodScheduled', status: 'True' })]),
    });
    disturb(world, new Random(seed));
    world.until(() => phaseOf(world.pod('one')) === 'Succeeded', 15_000);
    expect(stateOf(world.pod('one'))?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    world.until(() => world.events('one').some((event) => event.startsWith('Up')), 5_000);
    world.runFor(3_000);
    expect(world.pod('one')?.status?.phase).toBe('Succeeded');
  });

  test('stages compete by weight, and a pod may say its own', () => {
    const world = worldOf(seed, all, 1);
    const names = Array.from({ length: 12 }, (_, index) => `pod-${index}`);
    for (const name of names) world.create(pods, podNamed(name, {}, batch()));
    world.create(pods, podNamed('safe', {}, batch({ 'example.com/chaos': '0' })));
    const ends = new Set(['Succeeded', 'Failed']);
    world.runFor(6_000);
    world.until(() => [...names, 'safe'].every((name) => ends.has(phaseOf(world.pod(name)))), 20_000);
    expect(names.filter((name) => phaseOf(world.pod(name)) === 'Failed').length).toBeGreaterThan(8);
    expect(phaseOf(world.pod('safe'))).toBe('Succeeded');
    const addresses = names.map((name) => world.pod(name)?.status?.podIP);
    expect(new Set(addresses).size).toBe(names.length);
  });

  test('a pod that is deleted goes when a stage says so, with its finalizers', () => {
    const world = worldOf(seed);
    const finalizers = ['example.com/hold'];
    world.create(pods, podNamed('gone', {}, { finalizers }));
    world.until(() => phaseOf(world.pod('gone')) === 'Running', 10_000);
    const address = world.pod('gone')?.status?.podIP;
    world.delete(`${pods}/gone`);
    world.runFor(400);
    expect(world.pod('gone')?.metadata).toMatchObject({ deletionTimestamp: expect.any(String), finalizers });
    disturb(world, new Random(seed));
    world.until(() => world.pod('gone') === null, 15_000);
    expect(address).toBeDefined();
  });
});

test('without stages for them, pods with a class of their own run simulated containers', () => {
  const world = worldOf(1, all, 1);
  world.create('node.k8s.io/v1/-/runtimeclasses', {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'profiles' },
    handler: 'simulated',
  });
  world.create(pods, podNamed('real', { runtimeClassName: 'profiles' }));
  world.until(() => isReady(world.pod('real')), 10_000);
  expect(world.events('real').some((event) => event.startsWith('Started'))).toBe(true);
});

test('what a stage cannot do is told of the pod, and nothing else is harmed', () => {
  const broken = stage('broken', [{ key: '.metadata.name', operator: 'In', values: ['bad'] }], {
    weight: 1,
    next: { statusTemplate: 'phase: {{ index .spec.containers 7 }}' },
  });
  const refused = stage('refused', [{ key: '.metadata.name', operator: 'In', values: ['wrong'] }], {
    weight: 1,
    next: { statusTemplate: 'containerStatuses: 7' },
  });
  const world = worldOf(1, [broken, refused, ...all], 1);
  for (const name of ['bad', 'wrong', 'good']) world.create(pods, podNamed(name));
  world.until(() => phaseOf(world.pod('good')) === 'Running', 10_000);
  const failure = /^StageFailed x1: stage broken: template, line 1: index index out of range: 7$/;
  world.until(() => world.events('bad').some((event) => failure.test(event)), 5_000);
  world.until(() => world.events('wrong').some((event) => event.startsWith('StageFailed x1: stage refused: ')), 5_000);
  expect(phaseOf(world.pod('bad'))).toBe('Pending');
});

test('logs and sessions of pods that follow stages are refused in words', () => {
  const world = worldOf(1, all, 1);
  world.create(pods, podNamed('one'));
  world.until(() => phaseOf(world.pod('one')) === 'Running', 10_000);
  expect(world.logs('one', { container: 'main' }).text).toContain('follows stages');
  const { items, end } = world.session('one/exec', ['true']);
  const [item] = items;
  expect(item?.type === 'refused' ? utf8Text(ownBytes(item.response.bytes)) : item).toContain('follows stages');
  expect(end).not.toBe(null);
});

test('equal seeds give equal runs', () => {
  const traceOf = (): number | string => {
    const world = worldOf(9, all, 1);
    for (const name of ['a', 'b', 'c']) world.create(pods, podNamed(name, {}, batch()));
    world.runFor(8_000);
    return JSON.stringify(['a', 'b', 'c'].map((name) => world.pod(name)));
  };
  expect(traceOf()).toBe(traceOf());
});
