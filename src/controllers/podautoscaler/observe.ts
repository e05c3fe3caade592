/** What an autoscaler knows from the caches, and what it asks for beyond them. */
import { apiVersionOf, type GroupVersionResource, parseApiVersion } from '../../api/group-version.ts';
import { compileLabelSelector, formatLabelSelector } from '../../api/label-selector.ts';
import { namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { CustomResourceDefinition } from '../../kinds/customresourcedefinition/types.ts';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  MetricIdentifier,
  MetricSpec,
} from '../../kinds/horizontalpodautoscaler/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { KindRegistry } from '../../kinds/registry.ts';
import type { RequestSubject } from '../../protocol/api-client.ts';
import type { Cache, Caches } from '../controller.ts';
import type { AutoscalerKinds } from './keys.ts';

/** What is asked for; `metric` is its index in the autoscaler's own list. */
export type Purpose =
  | { readonly type: 'scale' }
  | { readonly type: 'podMetrics' }
  | { readonly type: 'metric'; readonly index: number };

export interface Question {
  readonly purpose: Purpose;
  readonly subject: RequestSubject;
}

export interface AutoscalerObserved {
  readonly autoscaler: HorizontalPodAutoscaler;
  /** All of its namespace. */
  readonly pods: readonly Pod[];
  /** Null when nothing of that kind is served; a text when the reference itself is none. */
  readonly target: GroupVersionResource | string;
  readonly questions: readonly Question[];
  /** The other autoscalers of the namespace, by uid. */
  readonly others: readonly string[];
  readonly autoscalers: Cache<HorizontalPodAutoscaler>;
}

type FindResource = (reference: CrossVersionObjectReference) => GroupVersionResource | string;

const metricsResource: GroupVersionResource = { group: 'metrics.k8s.io', version: 'v1beta1', resource: 'pods' };
const customGroup = { group: 'custom.metrics.k8s.io', version: 'v1beta2' };
const externalGroup = { group: 'external.metrics.k8s.io', version: 'v1beta1' };

export function observeAutoscaler(
  key: string,
  caches: Caches<AutoscalerKinds>,
  registry: KindRegistry,
): AutoscalerObserved | null {
  const resourceOfKind: FindResource = (reference) => resourceOf(reference, caches.definitions, registry);
  const autoscaler = caches.autoscalers.get(key);
  if (autoscaler === undefined) return null;
  const namespace = namespaceOf(autoscaler);
  const target = resourceOfKind(autoscaler.spec.scaleTargetRef);
  const others = caches.autoscalers
    .by('namespace', namespace)
    .map(uidOf)
    .filter((uid) => uid !== uidOf(autoscaler));
  return {
    autoscaler,
    pods: caches.pods.by('namespace', namespace),
    target,
    questions: typeof target === 'string' ? [] : questionsOf(autoscaler, target, resourceOfKind),
    others,
    autoscalers: caches.autoscalers,
  };
}

export function autoscalerReads({ questions }: AutoscalerObserved): readonly RequestSubject[] {
  return questions.map(({ subject }) => subject);
}

/** Returns the resource of a kind, built in or custom; a text when there is none. */
export function resourceOf(
  { apiVersion = '', kind }: CrossVersionObjectReference,
  definitions: Cache<CustomResourceDefinition>,
  registry: KindRegistry,
): GroupVersionResource | string {
  const groupVersion = parseApiVersion(apiVersion);
  if (groupVersion === undefined) return `invalid API version in scale target reference: ${apiVersion}`;
  const known = registry.kind({ ...groupVersion, kind });
  if (known !== undefined) return { ...groupVersion, resource: known.resource };
  for (const { spec } of definitions.values()) {
    const isServed = spec.versions.some(({ name, served }) => served && name === groupVersion.version);
    if (spec.group === groupVersion.group && spec.names.kind === kind && isServed) {
      return { ...groupVersion, resource: spec.names.plural };
    }
  }
  const place = `${kind}" in version "${apiVersionOf(groupVersion)}`;
  return `unable to determine resource for scale target reference: no matches for kind "${place}"`;
}

function questionsOf(
  autoscaler: HorizontalPodAutoscaler,
  target: GroupVersionResource,
  resourceOfKind: FindResource,
): readonly Question[] {
  const namespace = namespaceOf(autoscaler);
  const { scaleTargetRef, metrics = [] } = autoscaler.spec;
  const place = { namespace, name: scaleTargetRef.name };
  const questions: Question[] = [
    { purpose: { type: 'scale' }, subject: { verb: 'get', resource: target, subresource: 'scale', ...place } },
  ];
  if (metrics.some(({ type }) => type === 'Resource' || type === 'ContainerResource')) {
    const subject: RequestSubject = { verb: 'list', resource: metricsResource, namespace };
    questions.push({ purpose: { type: 'podMetrics' }, subject });
  }
  for (const [index, metric] of metrics.entries()) {
    const subject = metricSubject(metric, namespace, resourceOfKind);
    if (subject !== null) questions.push({ purpose: { type: 'metric', index }, subject });
  }
  return questions;
}

function metricSubject(metric: MetricSpec, namespace: string, resourceOfKind: FindResource): RequestSubject | null {
  if (metric.pods !== undefined) return customSubject('pods', '*', metric.pods.metric, namespace);
  if (metric.object !== undefined) {
    const { describedObject, metric: identifier } = metric.object;
    const described = resourceOfKind(describedObject);
    if (typeof described === 'string') return null;
    const { group, resource } = described;
    return customSubject(group === '' ? resource : `${resource}.${group}`, describedObject.name, identifier, namespace);
  }
  if (metric.external === undefined) return null;
  const { name, selector } = metric.external.metric;
  const parameters: Record<string, string> =
    selector === undefined ? {} : { labelSelector: formatLabelSelector(compileLabelSelector(selector)) };
  return { verb: 'list', resource: { ...externalGroup, resource: name }, namespace, parameters };
}

function customSubject(
  resource: string,
  name: string,
  { name: subresource, selector }: MetricIdentifier,
  namespace: string,
): RequestSubject {
  const parameters: Record<string, string> =
    selector === undefined ? {} : { metricLabelSelector: formatLabelSelector(compileLabelSelector(selector)) };
  return { verb: 'get', resource: { ...customGroup, resource }, subresource, name, namespace, parameters };
}
