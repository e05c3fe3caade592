/**
 * What each metric of an autoscaler proposes, and what is measured of it. Models kubernetes pkg/controller/podautoscaler/horizontal.go
 * computeReplicasForMetric and metrics/client.go.
 */
import { compileLabelSelector, formatLabelSelector } from '../../api/label-selector.ts';
import { formatQuantity, milliValueOf, parseQuantity } from '../../api/quantity.ts';
import { parseTimestamp } from '../../base/time.ts';
import type {
  MetricCurrent,
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from '../../kinds/horizontalpodautoscaler/types.ts';
import type { ApiAnswer } from '../../protocol/api-client.ts';
import {
  type PodMetric,
  type PodMetrics,
  type Proposal,
  replicasForMean,
  replicasForShare,
  replicasForUtilization,
  replicasForValue,
  requestsOf,
  type Situation,
} from './replicas.ts';

export type MetricVerdict =
  | { readonly type: 'proposal'; readonly replicas: number; readonly name: string; readonly status: MetricStatus }
  /** `reason` is that of the condition, `message` its cause, `outer` what the sum of all failures is told with. */
  | { readonly type: 'failed'; readonly reason: string; readonly message: string; readonly outer: string };

/** What was read for the metrics; null for what was not asked. */
export interface MetricAnswers {
  readonly podMetrics: ApiAnswer | null;
  /** By the index of the metric. */
  readonly values: ReadonlyMap<number, ApiAnswer>;
}

export interface MetricSituation extends Situation {
  readonly statusReplicas: number;
  /** Tells whether a pod of that name is the target's. */
  readonly names: ReadonlySet<string>;
}

export function judgeMetric(
  metric: MetricSpec,
  index: number,
  answers: MetricAnswers,
  situation: MetricSituation,
): MetricVerdict {
  const { resource, containerResource, pods, object, external } = metric;
  if (resource !== undefined) return judgeResource(resource, '', answers, situation);
  if (containerResource !== undefined)
    return judgeResource(containerResource, containerResource.container, answers, situation);
  const answer = answers.values.get(index) ?? null;
  if (pods !== undefined) return judgePods(pods, answer, situation);
  if (object !== undefined) return judgeObject(object, answer, situation);
  if (external !== undefined) return judgeExternal(external, answer, situation);
  const message = `unknown metric source type ${JSON.stringify(metric.type)}`;
  return { type: 'failed', reason: 'InvalidMetricSourceType', message, outer: message };
}

function judgeResource(
  { name, target }: NonNullable<MetricSpec['resource']>,
  container: string,
  { podMetrics }: MetricAnswers,
  situation: MetricSituation,
): MetricVerdict {
  const isWhole = container === '';
  const fail = (what: string, cause: string): MetricVerdict => {
    const message = `failed to get ${name} ${what}: ${cause}`;
    const kind = isWhole ? 'resource' : 'container resource';
    const reason = isWhole ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric';
    return { type: 'failed', reason, message, outer: `failed to get ${name} ${kind} metric value: ${message}` };
  };
  const status = (current: MetricCurrent): MetricStatus =>
    isWhole
      ? { type: 'Resource', resource: { name, current } }
      : { type: 'ContainerResource', containerResource: { name, container, current } };
  const what = target.averageValue === undefined ? 'utilization' : 'usage';
  const metrics = podMetricsOf(podMetrics, name, container, situation.names);
  if (typeof metrics === 'string') return fail(what, `unable to get metrics for resource ${name}: ${metrics}`);
  const isCpu = name === 'cpu';
  if (target.averageValue !== undefined) {
    const proposal = replicasForMean(situation, metrics, millisOf(target.averageValue), isCpu);
    if (typeof proposal === 'string') return fail(what, proposal);
    const title = isWhole ? `${name} resource` : `${name} container resource`;
    return proposed(proposal, title, status({ averageValue: milliText(proposal.value) }));
  }
  const { averageUtilization } = target;
  if (averageUtilization === undefined) {
    return fail(
      what,
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    );
  }
  if (situation.pods.length === 0) return fail(what, 'no pods returned by selector while calculating replica count');
  const requests = requestsOf(situation.pods, name, container);
  if (typeof requests === 'string') return fail(what, requests);
  const proposal = replicasForUtilization(situation, metrics, requests, averageUtilization, isCpu);
  if (typeof proposal === 'string') return fail(what, proposal);
  const title = `${name} ${isWhole ? 'resource' : 'container resource'} utilization (percentage of request)`;
  const current = { averageUtilization: proposal.utilization ?? 0, averageValue: milliText(proposal.value) };
  return proposed(proposal, title, status(current));
}

function judgePods(
  { metric, target }: NonNullable<MetricSpec['pods']>,
  answer: ApiAnswer | null,
  situation: MetricSituation,
): MetricVerdict {
  const values = customValues(answer);
  const fail = (cause: string): MetricVerdict => {
    const message = `unable to get metric ${metric.name}: ${cause}`;
    return {
      type: 'failed',
      reason: 'FailedGetPodsMetric',
      message,
      outer: `failed to get pods metric value: ${message}`,
    };
  };
  if (typeof values === 'string') return fail(`unable to fetch metrics from custom metrics API: ${values}`);
  const metrics = new Map(values.filter(([name]) => situation.names.has(name)));
  if (metrics.size === 0) return fail('no metrics returned from custom metrics API');
  const proposal = replicasForMean(situation, metrics, millisOf(target.averageValue), false);
  if (typeof proposal === 'string') return fail(proposal);
  const current = { averageValue: milliText(proposal.value) };
  return proposed(proposal, `pods metric ${metric.name}`, { type: 'Pods', pods: { metric, current } });
}

function judgeObject(
  { metric, describedObject, target }: NonNullable<MetricSpec['object']>,
  answer: ApiAnswer | null,
  situation: MetricSituation,
): MetricVerdict {
  const values = customValues(answer);
  const fail = (cause: string): MetricVerdict => {
    const message = `unable to get metric ${metric.name}: ${describedObject.kind} on ${describedObject.name}: ${cause}`;
    return {
      type: 'failed',
      reason: 'FailedGetObjectMetric',
      message,
      outer: `failed to get object metric value: ${message}`,
    };
  };
  if (typeof values === 'string') return fail(`unable to fetch metrics from custom metrics API: ${values}`);
  const value = values[0]?.[1].value;
  if (value === undefined) return fail('no metrics returned from custom metrics API');
  const [proposal, current] = proposeForTotal(value, target, situation);
  const title = `${describedObject.kind} metric ${metric.name}`;
  return proposed(proposal, title, { type: 'Object', object: { metric, describedObject, current } });
}

function judgeExternal(
  { metric, target }: NonNullable<MetricSpec['external']>,
  answer: ApiAnswer | null,
  situation: MetricSituation,
): MetricVerdict {
  const selector = formatLabelSelector(compileLabelSelector(metric.selector ?? {}));
  const fail = (cause: string): MetricVerdict => {
    const place = `${situation.pods[0]?.metadata.namespace ?? ''}/${metric.name}/${selector}`;
    const message = `unable to get external metric ${place}: ${cause}`;
    const outer = `failed to get ${metric.name} external metric value: ${message}`;
    return { type: 'failed', reason: 'FailedGetExternalMetric', message, outer };
  };
  const items = itemsOf(answer);
  if (typeof items === 'string') return fail(`unable to fetch metrics from external metrics API: ${items}`);
  if (items.length === 0) return fail('no metrics returned from external metrics API');
  const sum = items.reduce((total, { value }) => total + millisOf(value), 0);
  const [proposal, current] = proposeForTotal(sum, target, situation);
  const title = `external metric ${metric.name}(${selector})`;
  return proposed(proposal, title, { type: 'External', external: { metric, current } });
}

/** One value for all pods together: it, or each pod's share of it, is what has a target. */
function proposeForTotal(
  value: number,
  target: MetricTarget,
  situation: MetricSituation,
): readonly [Proposal, MetricCurrent] {
  if (target.averageValue === undefined) {
    return [replicasForValue(situation, value, millisOf(target.value)), { value: milliText(value) }];
  }
  const proposal = replicasForShare(situation, value, millisOf(target.averageValue), situation.statusReplicas);
  return [proposal, { averageValue: milliText(proposal.value) }];
}

function proposed({ replicas }: Proposal, name: string, status: MetricStatus): MetricVerdict {
  return { type: 'proposal', replicas, name, status };
}

interface Item {
  readonly metadata?: { readonly name?: string };
  readonly describedObject?: { readonly name?: string };
  readonly timestamp?: string;
  readonly window?: string;
  readonly windowSeconds?: number;
  readonly value?: string;
  readonly containers?: readonly { readonly name?: string; readonly usage?: Readonly<Record<string, string>> }[];
}

/** Returns a text when there is no answer, or it is a refusal. */
function itemsOf(answer: ApiAnswer | null): readonly Item[] | string {
  if (answer === null) return 'no such metrics can be asked for';
  if (answer.type === 'unanswered') return 'the API server did not answer';
  if (answer.type === 'refused') return answer.status.message ?? 'refused';
  return (answer.object as { readonly items?: readonly Item[] }).items ?? [];
}

/** Returns measurements of the named pods; one that lacks a container, or the resource, is missing. */
function podMetricsOf(
  answer: ApiAnswer | null,
  resource: string,
  container: string,
  names: ReadonlySet<string>,
): PodMetrics | string {
  const items = itemsOf(answer);
  if (typeof items === 'string') return `unable to fetch metrics from resource metrics API: ${items}`;
  const metrics = new Map<string, PodMetric>();
  for (const { metadata, timestamp, window, containers = [] } of items) {
    const name = metadata?.name ?? '';
    if (!names.has(name)) continue;
    const used = containers.filter((each) => container === '' || each.name === container);
    const amounts = used.map(({ usage }) => parseQuantity(usage?.[resource] ?? ''));
    if (amounts.length === 0 || amounts.includes(undefined)) continue;
    const value = amounts.reduce((total, amount) => total + (amount === undefined ? 0 : milliValueOf(amount)), 0);
    metrics.set(name, { value, timestampMs: parseTimestamp(timestamp ?? '') ?? 0, windowMs: windowMsOf(window ?? '') });
  }
  return metrics.size === 0 ? 'no metrics returned from resource metrics API' : metrics;
}

function customValues(answer: ApiAnswer | null): readonly (readonly [string, PodMetric])[] | string {
  const items = itemsOf(answer);
  if (typeof items === 'string') return items;
  return items.map(({ describedObject, timestamp, windowSeconds = 60, value }) => [
    describedObject?.name ?? '',
    { value: millisOf(value), timestampMs: parseTimestamp(timestamp ?? '') ?? 0, windowMs: windowSeconds * 1000 },
  ]);
}

/** Reads what Go writes for durations of less than an hour. */
function windowMsOf(text: string): number {
  const match = /^(?:(\d+)m)?([\d.]+)s$/.exec(text);
  return match === null ? 0 : Number(match[1] ?? 0) * 60_000 + Number(match[2]) * 1000;
}

function millisOf(text: string | undefined): number {
  const quantity = parseQuantity(text ?? '');
  return quantity === undefined ? 0 : milliValueOf(quantity);
}

function milliText(millis: number): string {
  return formatQuantity({ nanos: BigInt(Math.trunc(millis)) * 1_000_000n, format: 'decimal' });
}
