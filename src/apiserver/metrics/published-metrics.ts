/**
 * custom.metrics.k8s.io/v1beta2 and external.metrics.k8s.io/v1beta1: values that somebody publishes, read from the store when they are asked for.
 * Deviates: the names of metrics are not in discovery, since they come and go with their values; see docs/deviations.md.
 * Models custom-metrics-apiserver pkg/registry.
 */
import type { Flow } from '../../actor/flow.ts';
import { type LabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { parseLabelSelector } from '../../api/label-selector-parser.ts';
import { notFound, notServed } from '../../api/status-errors.ts';
import { utf8Text } from '../../base/bytes.ts';
import { prefixRange } from '../../mvcc/key-range.ts';
import { rangeQuery } from '../../mvcc/transaction.ts';
import type { ResourceRequest } from '../../protocol/apiserver.ts';
import { type Answer, completeJson } from '../answer.ts';
import type { Environment } from '../environment.ts';
import { readRange } from '../store-client.ts';
import { customPrefix, externalPrefix, type PublishedMetric } from './metric-keys.ts';

const customGroup = 'custom.metrics.k8s.io';
const externalGroup = 'external.metrics.k8s.io';
const versions: Readonly<Record<string, string>> = { [customGroup]: 'v1beta2', [externalGroup]: 'v1beta1' };
/** A name that stands for all objects. */
const everyName = '*';

export function isPublished({ group }: ResourceRequest): boolean {
  return Object.hasOwn(versions, group);
}

/** Answers a request for published metrics. Throws StatusError NotFound when nobody publishes what is asked for. */
export function* handlePublished(environment: Environment, request: ResourceRequest): Flow<Answer> {
  const isRead = request.verb === 'get' || request.verb === 'list';
  if (!isRead || request.version !== versions[request.group]) throw notServed();
  return request.group === customGroup ? yield* custom(environment, request) : yield* external(environment, request);
}

interface Subject {
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly metric: string;
}

/** `namespaces/NAME/metrics/METRIC` is about the namespace itself. */
function subjectOf({ namespace, resource, name, subresource }: ResourceRequest): Subject {
  if (resource === 'metrics') return { namespace: '', resource: 'namespaces', name: namespace, metric: name };
  if (name === '' || subresource === '') throw notServed();
  return { namespace, resource, name, metric: subresource };
}

function* custom(environment: Environment, request: ResourceRequest): Flow<Answer> {
  const { namespace, resource, name, metric } = subjectOf(request);
  const { labelSelector = '', metricLabelSelector = '' } = request.parameters;
  const [ofObjects, ofMetric] = [parseLabelSelector(labelSelector), parseLabelSelector(metricLabelSelector)];
  const published = yield* readPublished(environment, customPrefix(namespace, resource, metric));
  const items = published
    .filter(([object]) => name === everyName || object === name)
    .filter(([, { labels }]) => matchesLabels(ofMetric, labels))
    .filter(([object]) => isSelected(environment, ofObjects, { namespace, resource, name: object, metric }))
    .map(([object, { kind, apiVersion, timestamp, value }]) => ({
      describedObject: { kind, ...(namespace === '' ? {} : { namespace }), name: object, apiVersion },
      metric: { name: metric, selector: null },
      timestamp,
      value,
    }));
  if (items.length === 0 && name !== everyName) {
    throw notFound({ group: customGroup, resource }, `${name} ${metric}`);
  }
  return completeJson(200, { kind: 'MetricValueList', apiVersion: `${customGroup}/v1beta2`, metadata: {}, items });
}

function* external(environment: Environment, request: ResourceRequest): Flow<Answer> {
  const { namespace, resource: metricName, parameters } = request;
  const selector = parseLabelSelector(parameters['labelSelector'] ?? '');
  const published = yield* readPublished(environment, externalPrefix(namespace, metricName));
  const items = published
    .filter(([, { labels }]) => matchesLabels(selector, labels))
    .map(([, { labels: metricLabels, timestamp, value }]) => ({ metricName, metricLabels, timestamp, value }));
  return completeJson(200, {
    kind: 'ExternalMetricValueList',
    apiVersion: `${externalGroup}/v1beta1`,
    metadata: {},
    items,
  });
}

/** Returns what follows the prefix in each key, with its value. */
function* readPublished(
  environment: Environment,
  prefix: string,
): Flow<readonly (readonly [string, PublishedMetric])[]> {
  const { keyValues } = yield* readRange(environment, rangeQuery(prefixRange(prefix)));
  return keyValues.map(({ key, value }) => [key.slice(prefix.length), JSON.parse(utf8Text(value)) as PublishedMetric]);
}

/** Objects are selected by their own labels. */
function isSelected(
  environment: Environment,
  selector: LabelSelector,
  { namespace, resource, name }: Subject,
): boolean {
  if (selector.requirements.length === 0) return true;
  const [plural = '', ...group] = resource.split('.');
  const info = environment.catalog.registry.preferredResource({ group: group.join('.'), resource: plural });
  const served = info === undefined ? undefined : environment.catalog.served(info);
  const entry = served === undefined ? undefined : environment.cache.get(served.stored, namespace, name);
  return entry !== undefined && matchesLabels(selector, entry.facts.labels);
}
