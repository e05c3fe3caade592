/** The autoscaler: what metrics propose, how changes are limited, and what is said about it. Rows A61 and A62. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { timestampSeconds } from '../../../src/base/time.ts';
import type { Plan } from '../../../src/controllers/plan.ts';
import { podAutoscalerController } from '../../../src/controllers/podautoscaler/keys.ts';
import { type ChangeRequest, limitChange } from '../../../src/controllers/podautoscaler/limit-change.ts';
import { AutoscalerMemory, type ScaleHistory } from '../../../src/controllers/podautoscaler/memory.ts';
import { reconcileAutoscaler } from '../../../src/controllers/podautoscaler/reconcile.ts';
import type { PodMetric } from '../../../src/controllers/podautoscaler/replicas.ts';
import * as replicas from '../../../src/controllers/podautoscaler/replicas.ts';
import type { HorizontalPodAutoscaler, MetricSpec } from '../../../src/kinds/horizontalpodautoscaler/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { ApiAnswer } from '../../../src/protocol/api-client.ts';
import { caches as cachesOf, context, nowMs, pod } from './builders.ts';

const timing = { syncMs: 15_000, downscaleWindowMs: 300_000, cpuInitializationMs: 300_000, readinessDelayMs: 30_000 };
const longAgo = '2025-01-01T00:00:00Z';
const requests = { spec: { containers: [{ name: 'web', resources: { requests: { cpu: '100m' } } }] } };
const running = (name: string, extra: object = {}): Pod =>
  pod(name, {
    ...requests,
    status: { phase: 'Running', startTime: longAgo, conditions: [readyCondition('True')], ...extra },
  });
const readyCondition = (status: 'True' | 'False', lastTransitionTime = longAgo) =>
  ({ type: 'Ready', status, lastTransitionTime }) as const;

function situation(pods: readonly Pod[], currentReplicas = pods.length): replicas.Situation {
  return {
    currentReplicas,
    pods,
    tolerances: { up: 0.1, down: 0.1 },
    nowMs,
    cpuInitializationMs: timing.cpuInitializationMs,
    readinessDelayMs: timing.readinessDelayMs,
  };
}

const metric = (value: number): PodMetric => ({ value, timestampMs: nowMs, windowMs: 1_000 });
const used = (values: Readonly<Record<string, number>>): Map<string, PodMetric> =>
  new Map(Object.entries(values).map(([name, value]) => [name, metric(value)]));

function proposedFor(
  pods: readonly Pod[],
  values: Readonly<Record<string, number>>,
  target: number,
  current = pods.length,
) {
  const needed = replicas.requestsOf(pods, 'cpu', '') as ReadonlyMap<string, number>;
  return replicas.replicasForUtilization(situation(pods, current), used(values), needed, target, true);
}

describe('what utilization proposes', () => {
  const starting = (name: string): Pod =>
    running(name, { startTime: timestampSeconds(nowMs), conditions: [readyCondition('False')] });
  const pending = (name: string): Pod => running(name, { phase: 'Pending' });
  test.each<[string, readonly Pod[], Record<string, number>, number, number]>([
    ['twice the target doubles', [running('a'), running('b')], { a: 100, b: 100 }, 50, 4],
    ['half of it halves', [running('a'), running('b')], { a: 25, b: 25 }, 50, 1],
    ['a tenth more is tolerated', [running('a'), running('b')], { a: 55, b: 55 }, 50, 2],
    ['a tenth less is tolerated', [running('a'), running('b')], { a: 45, b: 45 }, 50, 2],
    ['a missing pod counts as idle on the way up', [running('a'), running('b')], { a: 300 }, 100, 3],
    ['and as using what it asked for on the way down', [running('a'), running('b')], { a: 20 }, 50, 2],
    ['a pod that starts counts as idle on the way up', [running('a'), starting('b')], { a: 300, b: 900 }, 100, 3],
    ['a pending pod too', [running('a'), pending('b')], { a: 200 }, 100, 2],
    ['failed pods count for nothing', [running('a'), running('b', { phase: 'Failed' })], { a: 200, b: 900 }, 100, 2],
  ])('%s', (_name, pods, values, target, expected) => {
    expect(proposedFor(pods, values, target)).toMatchObject({ replicas: expected });
  });

  test('without a request, or without metrics of pods that can be judged, there is no proposal', () => {
    expect(replicas.requestsOf([pod('a', { spec: { containers: [{ name: 'web' }] } })], 'cpu', '')).toBe(
      'missing request for cpu in container web of Pod a',
    );
    expect(proposedFor([starting('a')], { a: 100 }, 50)).toMatch(/^did not receive metrics/);
  });

  test('unready and missing pods never turn the direction, and never make the change larger', () => {
    const state = fc.constantFrom('ready', 'missing', 'starting', 'pending');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(state, fc.integer({ min: 0, max: 400 })), { minLength: 1, maxLength: 12 }),
        (all) => {
          const pods = all.map(([kind], index) =>
            kind === 'starting'
              ? starting(`p${index}`)
              : kind === 'pending'
                ? pending(`p${index}`)
                : running(`p${index}`),
          );
          const known = all.flatMap(([kind, value], index) =>
            kind === 'missing' ? [] : [[`p${index}`, value] as const],
          );
          const proposal = proposedFor(pods, Object.fromEntries(known), 50);
          const ready = all.filter(([kind]) => kind === 'ready').map(([, value]) => value);
          if (ready.length === 0) return typeof proposal === 'string';
          if (typeof proposal === 'string') return false;
          const ratio = ready.reduce((sum, value) => sum + value, 0) / ready.length / 50;
          const naive = Math.ceil(ratio * pods.length);
          if (ratio > 1) return proposal.replicas >= pods.length && proposal.replicas <= Math.max(naive, pods.length);
          return proposal.replicas <= pods.length;
        },
      ),
    );
  });
});

describe('how a change is limited', () => {
  const empty = (): ScaleHistory => ({ recommendations: [], ups: [], downs: [], pending: null, selector: null });
  const request = (rest: Partial<ChangeRequest>): ChangeRequest => ({
    current: 10,
    desired: 10,
    min: 1,
    max: 100,
    behavior: undefined,
    downWindowMs: 0,
    nowMs: 1_000_000 as MonotonicMs,
    ...rest,
  });
  const up = (policies: readonly object[], selectPolicy = 'Max') =>
    ({ behavior: { scaleUp: { stabilizationWindowSeconds: 0, selectPolicy, policies } } }) as Partial<ChangeRequest>;
  const down = (policies: readonly object[], selectPolicy = 'Max') =>
    ({ behavior: { scaleDown: { stabilizationWindowSeconds: 0, selectPolicy, policies } } }) as Partial<ChangeRequest>;
  const pods = (value: number) => ({ type: 'Pods', value, periodSeconds: 60 });
  const percent = (value: number) => ({ type: 'Percent', value, periodSeconds: 60 });

  test.each<[string, Partial<ChangeRequest>, number, string]>([
    ['a plain one may double', { desired: 50 }, 20, 'ScaleUpLimit'],
    ['or grow to four', { current: 1, desired: 9 }, 4, 'ScaleUpLimit'],
    ['never beyond the most', { desired: 15, max: 12 }, 12, 'TooManyReplicas'],
    ['never below the least', { desired: 0, min: 3 }, 3, 'TooFewReplicas'],
    ['as it is', { desired: 7 }, 7, 'DesiredWithinRange'],
    ['by a number', { desired: 50, ...up([pods(3)]) }, 13, 'ScaleUpLimit'],
    ['by the larger of two', { desired: 50, ...up([pods(3), percent(50)]) }, 15, 'ScaleUpLimit'],
    ['by the smaller of two', { desired: 50, ...up([pods(3), percent(50)], 'Min') }, 13, 'ScaleUpLimit'],
    ['not at all', { desired: 50, ...up([pods(3)], 'Disabled') }, 10, 'ScaleUpLimit'],
    ['down by a number', { desired: 1, ...down([pods(2)]) }, 8, 'ScaleDownLimit'],
    ['down by the larger of two', { desired: 1, ...down([pods(2), percent(50)]) }, 5, 'ScaleDownLimit'],
    ['down by the smaller of two', { desired: 1, ...down([pods(2), percent(50)], 'Min') }, 8, 'ScaleDownLimit'],
    ['not down at all', { desired: 1, ...down([pods(2)], 'Disabled') }, 10, 'ScaleDownLimit'],
  ])('%s', (_name, rest, expected, reason) => {
    expect(limitChange(request(rest), empty())).toMatchObject({ replicas: expected, limited: { reason } });
  });

  test('what was added within the period counts against a policy', () => {
    const history = { ...empty(), ups: [{ replicas: 2, atMs: 970_000 as MonotonicMs }] };
    expect(limitChange(request({ desired: 50, ...up([pods(3)]) }), history).replicas).toBe(11);
    const old = { ...empty(), ups: [{ replicas: 2, atMs: 900_000 as MonotonicMs }] };
    expect(limitChange(request({ desired: 50, ...up([pods(3)]) }), old).replicas).toBe(13);
  });

  test('the highest recommendation of the window holds until it is over', () => {
    const history = empty();
    const at = (second: number, desired: number) =>
      limitChange(request({ desired, downWindowMs: 60_000, nowMs: (second * 1000) as MonotonicMs }), history);
    expect(at(0, 10).replicas).toBe(10);
    expect(at(30, 4)).toMatchObject({ replicas: 10, stabilized: { reason: 'ScaleDownStabilized' } });
    expect(at(61, 5)).toMatchObject({ replicas: 5, stabilized: { reason: 'ReadyForNewScale' } });
  });

  test('the bounds hold, whatever is asked for', () => {
    const small = fc.integer({ min: 0, max: 60 });
    const rules = fc.record({
      stabilizationWindowSeconds: fc.integer({ min: 0, max: 100 }),
      selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
      policies: fc.array(
        fc.oneof(fc.integer({ min: 1, max: 9 }).map(pods), fc.integer({ min: 1, max: 200 }).map(percent)),
        { minLength: 1 },
      ),
    });
    const behavior = fc.option(fc.record({ scaleUp: rules, scaleDown: rules }), { nil: undefined });
    fc.assert(
      fc.property(small, small, small, small, behavior, (one, other, current, desired, chosen) => {
        const min = Math.min(one, other);
        const max = Math.max(one, other, 1);
        const inside = Math.min(max, Math.max(min, current));
        const { replicas: next } = limitChange(
          request({ min, max, current: inside, desired, behavior: chosen }),
          empty(),
        );
        return next >= min && next <= max && (desired >= inside ? next >= inside : next <= inside);
      }),
    );
  });
});

describe('one look', () => {
  const cpu: MetricSpec = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
  };
  const autoscaler = (metrics: readonly MetricSpec[] = [cpu], rest: object = {}): HorizontalPodAutoscaler => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default', uid: 'hpa' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 10,
      metrics,
      ...rest,
    },
  });
  const controller = podAutoscalerController(timing);
  const done = (object: object): ApiAnswer => ({ type: 'done', object: object as KubeObject, revision: 0 });
  const refused = (message: string): ApiAnswer => ({ type: 'refused', status: { message, code: 404 } as never });
  const scaleOf = (replicas: number): ApiAnswer =>
    done({
      metadata: { name: 'web', namespace: 'default', resourceVersion: '7' },
      spec: { replicas },
      status: { replicas, selector: 'app=web' },
    });
  const usageOf = (values: Readonly<Record<string, string>>): ApiAnswer =>
    done({
      items: Object.entries(values).map(([name, amount]) => ({
        metadata: { name },
        timestamp: timestampSeconds(nowMs),
        window: '1s',
        containers: [{ name: 'web', usage: { cpu: amount } }],
      })),
    });

  function look(
    own: HorizontalPodAutoscaler,
    pods: readonly Pod[],
    answers: readonly ApiAnswer[],
    memory = new AutoscalerMemory(),
  ): Plan {
    const caches = cachesOf(controller, { autoscalers: [own], pods, definitions: [] });
    const observed = controller.observe('default/web', caches);
    if (observed === null) throw new Error('nothing observed');
    expect(controller.reads?.(observed, nowMs as WallMs)).toHaveLength(answers.length);
    return reconcileAutoscaler(observed, context({ memory: memory as never, answers }) as never, timing);
  }

  const conditionsOf = (made: Plan): Record<string, string> => {
    const write = made.groups.flat().find(({ subresource }) => subresource === 'status');
    const { conditions = [] } = (write?.body as HorizontalPodAutoscaler | undefined)?.status ?? {};
    return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
  };
  const reasonsOf = (made: Plan): readonly string[] => (made.events ?? []).map(({ reason }) => reason);

  test('scales up through the scale subresource, and says so', () => {
    const made = look(autoscaler(), [running('a')], [scaleOf(1), usageOf({ a: '200m' })]);
    expect(made.groups[0]).toMatchObject([
      {
        verb: 'patch',
        subresource: 'scale',
        name: 'web',
        body: { spec: { replicas: 4 }, metadata: { resourceVersion: '7' } },
      },
    ]);
    expect(made.events).toMatchObject([
      {
        reason: 'SuccessfulRescale',
        message: 'New size: 4; reason: cpu resource utilization (percentage of request) above target',
      },
    ]);
    expect(conditionsOf(made)).toEqual({
      AbleToScale: 'True SucceededRescale',
      ScalingActive: 'True ValidMetricFound',
      ScalingLimited: 'False DesiredWithinRange',
    });
    expect(made.requeueAfterMs).toBe(timing.syncMs);
  });

  test.each<[string, readonly ApiAnswer[], Record<string, string>, readonly string[]]>([
    ['no scale', [refused('gone'), usageOf({})], { AbleToScale: 'False FailedGetScale' }, ['FailedGetScale']],
    [
      'a target that is switched off',
      [scaleOf(0), usageOf({})],
      { AbleToScale: 'True SucceededGetScale', ScalingActive: 'False ScalingDisabled' },
      [],
    ],
    [
      'no metrics',
      [scaleOf(1), usageOf({})],
      { AbleToScale: 'True SucceededGetScale', ScalingActive: 'False FailedGetResourceMetric' },
      ['FailedGetResourceMetric', 'FailedComputeMetricsReplicas'],
    ],
    [
      'a target beyond its bounds',
      [scaleOf(20), usageOf({})],
      { AbleToScale: 'True SucceededRescale' },
      ['SuccessfulRescale'],
    ],
  ])('%s', (_name, answers, conditions, reasons) => {
    const made = look(autoscaler(), [running('a')], answers);
    expect(conditionsOf(made)).toEqual(conditions);
    expect(reasonsOf(made)).toEqual(reasons);
  });

  test('the texts of Kubernetes', () => {
    const made = look(autoscaler(), [running('a')], [scaleOf(1), refused('the server is away')]);
    expect(made.events?.map(({ message }) => message)).toEqual([
      'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is away',
      'invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: ' +
        'unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is away',
    ]);
  });

  test('pods, object and external metrics are asked of their APIs, and the largest proposal counts', () => {
    const metrics: MetricSpec[] = [
      { type: 'Pods', pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } } },
      {
        type: 'Object',
        object: {
          describedObject: { apiVersion: 'v1', kind: 'Service', name: 'web' },
          metric: { name: 'load' },
          target: { type: 'Value', value: '5' },
        },
      },
      {
        type: 'External',
        external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '30' } },
      },
    ];
    const value = (name: string, amount: string): ApiAnswer =>
      done({ items: [{ describedObject: { name }, metricName: name, value: amount }] });
    const made = look(
      autoscaler(metrics),
      [running('a'), running('b')],
      [
        scaleOf(2),
        done({ items: ['a', 'b'].map((name) => ({ describedObject: { name }, value: '15' })) }),
        value('web', '5'),
        value('queue', '120'),
      ],
    );
    expect(made.groups[0]).toMatchObject([{ body: { spec: { replicas: 4 } } }]);
    expect(made.groups[1]).toMatchObject([
      {
        body: {
          status: {
            currentMetrics: [
              { pods: { current: { averageValue: '15' } } },
              { object: { current: { value: '5' } } },
              { external: { current: { averageValue: '60' } } },
            ],
          },
        },
      },
    ]);
  });

  test('one metric that is missing may grow the target but not shrink it', () => {
    const hits: MetricSpec = {
      type: 'Pods',
      pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } },
    };
    const pods = [running('a'), running('b')];
    const grow = look(autoscaler([cpu, hits]), pods, [scaleOf(2), usageOf({ a: '100m', b: '100m' }), refused('none')]);
    expect(grow.groups[0]).toMatchObject([{ body: { spec: { replicas: 4 } } }]);
    const shrink = look(autoscaler([cpu, hits]), pods, [scaleOf(2), usageOf({ a: '5m', b: '5m' }), refused('none')]);
    expect(conditionsOf(shrink)['ScalingActive']).toBe('False FailedGetPodsMetric');
    expect(shrink.groups.flat().some(({ subresource }) => subresource === 'scale')).toBe(false);
  });

  test('a fresh memory keeps the present size for a window', () => {
    const memory = new AutoscalerMemory();
    const made = look(autoscaler(), [running('a'), running('b')], [scaleOf(2), usageOf({ a: '1m', b: '1m' })], memory);
    expect(made.groups.flat().some(({ subresource }) => subresource === 'scale')).toBe(false);
    expect(conditionsOf(made)['AbleToScale']).toBe('True ScaleDownStabilized');
  });
});
