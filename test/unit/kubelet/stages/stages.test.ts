/** Stages as they are read, chosen and timed: tables over the pure cores. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../../src/api/object-meta.ts';
import type { MonotonicMs, WallMs } from '../../../../src/base/brand.ts';
import { Random } from '../../../../src/base/random.ts';
import type { Pod } from '../../../../src/kinds/pod/types.ts';
import { AddressPool } from '../../../../src/kubelet/address-pool.ts';
import { parseGoDuration } from '../../../../src/kubelet/go-duration.ts';
import { chooseStage, delayOf } from '../../../../src/kubelet/stages/choose-stage.ts';
import { stageDelayMsMax } from '../../../../src/kubelet/stages/limits.ts';
import { readStage } from '../../../../src/kubelet/stages/read-stage.ts';
import { readStages } from '../../../../src/kubelet/stages/read-stages.ts';
import { renderPatch } from '../../../../src/kubelet/stages/render-stage.ts';
import type { Stage } from '../../../../src/kubelet/stages/stage.ts';
import { StagedPods, type StagePlay } from '../../../../src/kubelet/stages/staged-pods.ts';

const nowMs = 1_700_000_000_000 as WallMs;

function manifest(name: string, spec: object): object {
  const reference = { apiGroup: 'v1', kind: 'Pod' };
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: reference, selector: {}, ...spec },
  };
}

function stageOf(name: string, spec: object): Stage {
  const read = readStage(manifest(name, spec));
  if (read.type === 'malformed') throw new Error(read.message);
  return read.stage;
}

function podOf(metadata: object = {}, status: object = {}, resourceVersion = '1'): Pod {
  const own = { name: 'web', namespace: 'default', uid: 'u1', resourceVersion };
  return { kind: 'Pod', metadata: { ...own, ...metadata }, spec: { containers: [] }, status } as unknown as Pod;
}

describe('reading', () => {
  const key = '.status.phase';
  test.each<[string, unknown, string]>([
    ['no object', 7, 'it must be an object'],
    ['another kind', { apiVersion: 'v1', kind: 'Pod' }, 'it must be a Stage of kwok.x-k8s.io/v1alpha1'],
    ['no kind', manifest('a', { resourceRef: {} }), 'spec.resourceRef.kind must be a text'],
    ['an unknown field', manifest('a', { nxt: {} }), 'spec has no field nxt; there are resourceRef'],
    ['both shapes', manifest('a', { next: {}, steps: [] }), 'spec has next and steps'],
    [
      'an operator',
      withRequirement({ key, operator: 'Is' }),
      'spec.selector.matchExpressions[0].operator must be one of In,',
    ],
    [
      'no values',
      withRequirement({ key, operator: 'In' }),
      'spec.selector.matchExpressions[0].values must not be empty',
    ],
    ['values', withRequirement({ key, operator: 'Exists', values: ['a'] }), '.values must be empty with Exists'],
    [
      'a path',
      withRequirement({ key: '.a + 1', operator: 'Exists' }),
      'matchExpressions[0].key is an expression that cannot read "+ 1"',
    ],
    ['CEL', withRequirement({ cel: { expression: 'true' } }), 'matchExpressions[0].cel is CEL'],
    [
      'a template',
      manifest('a', { next: { statusTemplate: 'x\n{{ nope }}' } }),
      'spec.next.statusTemplate line 2: function "nope" not defined',
    ],
    [
      'a delay',
      manifest('a', { delay: { durationMilliseconds: -1 } }),
      'spec.delay.durationMilliseconds must be a whole number',
    ],
    ['a weight', manifest('a', { weight: 'x' }), 'spec.weight must be a whole number'],
    [
      'an event',
      manifest('a', { next: { event: { type: 'Bad' } } }),
      'spec.next.event.type must be one of Normal, Warning',
    ],
    [
      'a patch',
      manifest('a', { steps: [{ patch: { type: 'apply' } }] }),
      'spec.steps[0].patch.type must be one of strategic',
    ],
    ['a step', manifest('a', { steps: [{ apply: {} }] }), 'spec.steps[0] has no field apply'],
    [
      'finalizers',
      manifest('a', { next: { finalizers: { add: ['x'] } } }),
      'spec.next.finalizers.add[0] must be an object',
    ],
  ])('refuses %s with its place', (_name, given, message) => {
    expect(readStage(given)).toEqual({ type: 'malformed', message: expect.stringContaining(message) });
  });

  function withRequirement(requirement: object): object {
    return manifest('a', { selector: { matchExpressions: [requirement] } });
  }

  test('both shapes mean the same', () => {
    const event = { reason: 'Up', message: 'up' };
    const old = stageOf('a', { next: { event, finalizers: { empty: true }, statusTemplate: 'phase: Running' } });
    const patch = { subresource: 'status', root: 'status', template: 'phase: Running' };
    const present = stageOf('a', { steps: [{ event }, { finalizers: { empty: true } }, { patch }] });
    expect(JSON.stringify(old)).toBe(JSON.stringify(present));
    expect(stageOf('a', { next: { delete: true, statusTemplate: 'x' } }).steps).toEqual([{ type: 'delete' }]);
  });

  test('a set of stages says what of it is not carried out', () => {
    const node = manifest('beat', { resourceRef: { kind: 'Node' } });
    expect(readStages([manifest('a', { next: { delete: true } }), node])).toMatchObject({
      type: 'read',
      warnings: ['stages of nodes and other kinds are not carried out, only those of pods: beat'],
    });
    expect(readStages([manifest('a', {})])).toMatchObject({
      warnings: [expect.stringContaining('no stage deletes pods')],
    });
    const twice = readStages([manifest('a', {}), manifest('a', {})]);
    expect(twice).toEqual({ type: 'malformed', message: 'there are two stages a' });
    const wrong = readStages([manifest('a', {}), manifest('b', { weight: -1 })]);
    expect(wrong).toMatchObject({ message: 'stages[1] (b): spec.weight must be a whole number, at least 0' });
  });
});

describe('choosing', () => {
  const choices = (stages: readonly Stage[], object: KubeObject): string[] => {
    const random = new Random(7);
    const found = Array.from({ length: 200 }, () => chooseStage(stages, object, random)?.name ?? 'none');
    return [...new Set(found)].sort();
  };
  const selecting = (expression: object): object => ({ selector: { matchExpressions: [expression] } });

  test.each<[string, object, object, boolean]>([
    ['labels', { matchLabels: { a: 'b' } }, { labels: { a: 'b', c: 'd' } }, true],
    ['other labels', { matchLabels: { a: 'b' } }, { labels: { a: 'c' } }, false],
    ['annotations', { matchAnnotations: { a: 'b' } }, {}, false],
    [
      'In',
      { matchExpressions: [{ key: '.metadata.generation', operator: 'In', values: ['2'] }] },
      { generation: 2 },
      true,
    ],
    [
      'In of a flag',
      { matchExpressions: [{ key: '.metadata.x', operator: 'In', values: ['true'] }] },
      { x: true },
      true,
    ],
    [
      'In without a list',
      { matchExpressions: [{ key: '.metadata.finalizers.[]', operator: 'In', values: ['a'] }] },
      {},
      false,
    ],
    [
      'NotIn without a list',
      { matchExpressions: [{ key: '.metadata.finalizers.[]', operator: 'NotIn', values: ['a'] }] },
      {},
      true,
    ],
    [
      'Exists',
      { matchExpressions: [{ key: '.metadata.finalizers.[]', operator: 'Exists' }] },
      { finalizers: ['a'] },
      true,
    ],
    [
      'DoesNotExist',
      { matchExpressions: [{ jq: { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' } }] },
      {},
      true,
    ],
  ])('%s', (_name, selector, metadata, want) => {
    expect(choices([stageOf('a', { selector })], podOf(metadata))).toEqual([want ? 'a' : 'none']);
  });

  test('by weight', () => {
    const stage = (name: string, weight: number): Stage => stageOf(name, { weight });
    expect(choices([stage('a', 0), stage('b', 0)], podOf())).toEqual(['a', 'b']);
    expect(choices([stage('a', 0), stage('b', 3)], podOf())).toEqual(['b']);
    const random = new Random(1);
    const found = Array.from(
      { length: 1_000 },
      () => chooseStage([stage('a', 1), stage('b', 9)], podOf(), random)?.name,
    );
    expect(found.filter((name) => name === 'b').length).toBeGreaterThan(850);
  });

  test('a pod may say the weight; what is no number gives way', () => {
    const weightFrom = { expressionFrom: '.metadata.annotations.weight' };
    const stages = [stageOf('a', { weight: 5, weightFrom }), stageOf('b', { weight: 1 })];
    expect(choices(stages, podOf())).toEqual(['a', 'b']);
    expect(choices(stages, podOf({ annotations: { weight: '0' } }))).toEqual(['b']);
    expect(choices(stages, podOf({ annotations: { weight: 'much' } }))).toEqual(['b']);
  });

  test.each(['Infinity', '1e300', '-Infinity', '9007199254740991', '0x7', '0.5'])(
    'a weight of %s takes nothing down',
    (w) => {
      const weightFrom = { jq: { expression: '.metadata.annotations["w"] | tonumber' } };
      const stages = [stageOf('a', { weightFrom }), stageOf('b', { weight: 0 })];
      const isHeavy = Number(w) >= 1;
      expect(choices(stages, podOf({ annotations: { w } }))).toEqual(isHeavy ? ['a'] : ['a', 'b']);
    },
  );

  test('the greatest weights of all are alike', () => {
    const weight = Number.MAX_SAFE_INTEGER;
    const text = { weightFrom: { expressionFrom: '.metadata.annotations.weight' } };
    const stages = [stageOf('a', { weight }), stageOf('b', { weight }), stageOf('c', text)];
    expect(choices(stages, podOf({ annotations: { weight: '9'.repeat(15) } }))).toEqual(['a', 'b', 'c']);
  });

  test('a stage without a selector is for nobody', () => {
    expect(choices([stageOf('a', { selector: null })], podOf())).toEqual(['none']);
    expect(choices([stageOf('a', selecting({ key: '.x', operator: 'Exists' }))], podOf())).toEqual(['none']);
  });
});

describe('delays', () => {
  const from = { expressionFrom: '.metadata.annotations.wait' };
  test.each<[string, object, string | undefined, number, number]>([
    ['none', {}, undefined, 0, 0],
    ['fixed', { durationMilliseconds: 500 }, undefined, 500, 500],
    ['up to the jitter', { durationMilliseconds: 500, jitterDurationMilliseconds: 700 }, undefined, 500, 700],
    [
      'a shorter jitter takes its place',
      { durationMilliseconds: 500, jitterDurationMilliseconds: 100 },
      undefined,
      100,
      100,
    ],
    ['of the pod', { durationMilliseconds: 500, durationFrom: from }, '1m2.5s', 62_500, 62_500],
    ['a moment', { durationFrom: from }, '2023-11-14T22:13:25Z', 5_000, 5_000],
    ['a moment that is over', { durationFrom: from }, '2023-11-14T22:13:00Z', 0, 0],
    ['what cannot be read', { durationMilliseconds: 500, durationFrom: from }, 'soon', 500, 500],
    ['what is not there', { durationMilliseconds: 500, durationFrom: from }, undefined, 500, 500],
    ['more than anybody waits', { durationFrom: from }, `${'9'.repeat(400)}h`, stageDelayMsMax, stageDelayMsMax],
    ['jitter of the pod', { durationMilliseconds: 500, jitterDurationFrom: from }, '200ms', 200, 200],
  ])('%s', (_name, delay, wait, min, max) => {
    const pod = podOf(wait === undefined ? {} : { annotations: { wait } });
    const stage = stageOf('a', Object.keys(delay).length === 0 ? {} : { delay });
    const random = new Random(3);
    for (let n = 0; n < 50; n += 1) {
      const delayMs = delayOf(stage, pod, nowMs, random);
      expect(delayMs).toBeGreaterThanOrEqual(min);
      expect(delayMs).toBeLessThanOrEqual(max);
    }
  });

  test.each([
    ['1h2m3.5s', 3_723_500],
    ['-300ms', -300],
    ['0', 0],
    ['.5s', 500],
    ['1us', 0.001],
    ['5', undefined],
    ['1'.repeat(100_000), undefined],
    ['s', undefined],
    ['', undefined],
  ])('Go reads %s', (text, want) => expect(parseGoDuration(text)).toBe(want));
});

describe('rendering', () => {
  const scene = { nodeName: 'node-0', nodeIp: '10.0.0.1', podIp: () => '10.1.0.2', startedMs: nowMs, nowMs };
  const rendered = (patch: object) => {
    const [step] = stageOf('a', { next: { patches: [patch] } }).steps;
    return step?.type === 'patch' ? renderPatch(step.patch, podOf(), scene) : null;
  };
  const metadata = { uid: 'u1' };

  test.each<[string, object, unknown]>([
    [
      'addresses',
      { root: 'status', template: 'a: {{ PodIP }}\nb: {{ NodeIP }}\nc: {{ NodeName }}' },
      { status: { a: '10.1.0.2', b: '10.0.0.1', c: 'node-0' }, metadata },
    ],
    ['the host network', { template: 'a: {{ PodIPWith "n" true }}' }, { a: '10.0.0.1', metadata }],
    [
      'times',
      { template: 'a: {{ Now | Quote }}\nb: {{ StartTime | Quote }}' },
      { a: '2023-11-14T22:13:20Z', b: '2023-11-14T22:13:20Z', metadata },
    ],
    [
      'quotes',
      { template: 'a: {{ Quote 1 }}\nb: {{ Quote true }}\nc: {{ Quote .none }}' },
      { a: '1', b: 'true', c: 'null', metadata },
    ],
    [
      'YAML',
      { template: 'a:\n{{ YAML (dict "y" (list 1 "2") "x" nil) 1 }}' },
      { a: { x: null, y: [1, '2'] }, metadata },
    ],
    [
      'metadata of its own',
      { template: 'metadata: { labels: { a: b } }' },
      { metadata: { labels: { a: 'b' }, uid: 'u1' } },
    ],
    [
      'JSON patches',
      { type: 'json', root: 'status', template: '[{ op: add, path: /a, value: 1 }]' },
      [
        { op: 'test', path: '/metadata/uid', value: 'u1' },
        { op: 'add', path: '/status/a', value: 1 },
      ],
    ],
  ])('%s', (_name, patch, value) => expect(rendered(patch)).toEqual({ type: 'rendered', value }));

  test.each<[string, object, string]>([
    ['no YAML', { root: 'status', template: 'a: [' }, 'error converting YAML to JSON'],
    ['a list', { root: 'status', template: '- a' }, 'what it writes must be an object'],
    ['no list', { type: 'json', template: 'a: 1' }, 'a JSON patch must be a list'],
    ['a fault', { template: '\n{{ fail "x" }}' }, 'line 1: fail x'],
  ])('refuses %s', (_name, patch, message) => {
    expect(rendered(patch)).toEqual({ type: 'faulty', message: expect.stringContaining(message) });
  });
});

describe('pods', () => {
  const waiting = stageOf('wait', {
    selector: { matchExpressions: [{ key: '.status.phase', operator: 'In', values: ['Pending'] }] },
    delay: { durationMilliseconds: 1_000 },
  });
  const atOnce = stageOf('now', {
    selector: { matchExpressions: [{ key: '.status.phase', operator: 'In', values: ['Running'] }] },
    immediateNextStage: true,
  });
  const moment = (monotonicMs: number) => ({
    monotonicMs: monotonicMs as MonotonicMs,
    wallMs: (nowMs + monotonicMs) as WallMs,
  });
  const pending = (revision: number): Pod => podOf({}, { phase: 'Pending' }, String(revision));
  const running = (revision: number): Pod => podOf({}, { phase: 'Running' }, String(revision));

  function bench(pool: AddressPool | null = new AddressPool('10.1.0.0/24')) {
    const state = { pool };
    const place = { nodeName: 'n', nodeIp: '10.0.0.1', startedMs: nowMs, addresses: () => state.pool };
    const pods = new StagedPods({ stages: [waiting, atOnce], isDefault: true, ...place }, new Random(1));
    return { pods, state, names: () => pods.takePlays().map(({ stage }) => stage.name) };
  }

  test('a stage is played when its delay is over, once', () => {
    const { pods, names } = bench();
    pods.podSet(pending(1), moment(0));
    expect(names()).toEqual([]);
    expect(pods.nextAtMs()).toBe(1_000);
    pods.wake(moment(999));
    expect(names()).toEqual([]);
    pods.wake(moment(1_000));
    expect(names()).toEqual(['wait']);
    pods.wake(moment(9_000));
    expect(names()).toEqual([]);
  });

  test('a change of the pod begins anew, and one that nothing matches ends the wait', () => {
    const { pods, names } = bench();
    pods.podSet(pending(1), moment(0));
    pods.podSet(pending(2), moment(600));
    expect(pods.nextAtMs()).toBe(1_600);
    pods.podSet(podOf({}, { phase: 'Failed' }, '3'), moment(700));
    expect(pods.nextAtMs()).toBeUndefined();
    pods.wake(moment(5_000));
    expect(names()).toEqual([]);
  });

  test('what comes during a play is looked at afterwards, unless it is older than what was written', () => {
    const { pods } = bench();
    pods.podSet(running(5), moment(0));
    const [play] = pods.takePlays() as [StagePlay];
    pods.podSet(pending(6), moment(1));
    pods.podSet(running(7), moment(2));
    expect(pods.takePlays()).toEqual([]);
    pods.played(play, { pod: podOf({}, {}, '9') }, moment(3));
    expect(pods.takePlays()).toEqual([]);
    pods.podSet(running(8), moment(4));
    expect(pods.takePlays()).toEqual([]);
    pods.podSet(running(10), moment(5));
    expect(pods.takePlays()).toHaveLength(1);
  });

  test('immediately: the result of the last write is looked at without waiting for its watch', () => {
    const { pods, names } = bench();
    pods.podSet(running(5), moment(0));
    const [play] = pods.takePlays() as [StagePlay];
    pods.played(play, { pod: running(6) }, moment(1));
    expect(names()).toEqual(['now']);
    pods.podSet(running(6), moment(2));
    expect(names()).toEqual([]);
  });

  test('nothing is played before the node has addresses, and an address lasts as long as its pod', () => {
    const { pods, state } = bench(null);
    pods.podSet(running(1), moment(0));
    pods.addressesChanged();
    expect(pods.takePlays()).toEqual([]);
    state.pool = new AddressPool('10.1.0.0/30');
    pods.addressesChanged();
    const [play] = pods.takePlays() as [StagePlay];
    const address = pods.sceneOf(play, nowMs).podIp();
    expect(pods.sceneOf(play, nowMs).podIp()).toBe(address);
    expect(state.pool.allocate()).toBeNull();
    pods.podDeleted(play.pod);
    expect(state.pool.allocate()).toBe(address);
  });

  test('a pod belongs to stages by its RuntimeClass', () => {
    const { pods } = bench();
    const ofClass = (runtimeClassName: string) =>
      ({ ...podOf(), spec: { containers: [], runtimeClassName } }) as unknown as Pod;
    expect([podOf(), ofClass('simulated'), ofClass('worker'), ofClass('mine')].map((pod) => pods.owns(pod))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(pods.owns(podOf({ annotations: { 'kubernetes.io/config.mirror': 'x' } }))).toBe(false);
  });
});
