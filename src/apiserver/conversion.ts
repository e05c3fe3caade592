/**
 * Between versions of one object, for the few built-in resources that are served in more versions than they are stored in. What one
 * version cannot say is kept out of sight of it, never dropped on the way back where Kubernetes keeps it.
 * Models kubernetes pkg/apis/events/v1/conversion.go and pkg/apis/autoscaling/v1/conversion.go.
 */

import { apiVersionOf } from '../api/group-version.ts';
import { fieldOf, isJsonObject, type Json, type JsonObject, type Mutable } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import type { ServedResource } from './catalog.ts';

interface Conversion {
  /** Both take over the tree that they are given. */
  readonly toServed: (tree: JsonObject) => void;
  readonly toStored: (tree: JsonObject) => void;
}

/** Event fields by their names in core/v1 and in events.k8s.io/v1. */
const eventNames: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

const conversions: ReadonlyMap<string, Conversion> = new Map([
  [
    'events.k8s.io/v1/events',
    {
      toServed: (tree) => rename(tree, eventNames, 0),
      toStored: (tree) => rename(tree, eventNames, 1),
    },
  ],
  ['autoscaling/v1/horizontalpodautoscalers', { toServed: autoscalerToV1, toStored: autoscalerToV2 }],
]);

/** Turns a stored object, which the caller owns, into the version that is served. */
export function toServed(served: ServedResource, object: AnyObject): AnyObject {
  return convert(served, object, 'toServed', served.info);
}

/** Turns an object in the version that is served, which the caller owns, into the stored one. */
export function toStored(served: ServedResource, object: AnyObject): AnyObject {
  return convert(served, object, 'toStored', served.stored.info);
}

function convert(
  served: ServedResource,
  object: AnyObject,
  direction: keyof Conversion,
  target: { readonly group: string; readonly version: string; readonly kind: string },
): AnyObject {
  if (!served.isConverted) return object;
  if (served.stored.custom !== null) {
    served.stored.custom.convert(object, direction === 'toServed' ? served.info : served.stored.info);
    return object;
  }
  const { group, version, resource } = served.info;
  const tree = object as unknown as JsonObject;
  conversions.get(`${group}/${version}/${resource}`)?.[direction](tree);
  const own = object as Mutable<AnyObject>;
  own.kind = target.kind;
  own.apiVersion = apiVersionOf(target);
  return own;
}

function rename(tree: JsonObject, names: readonly (readonly [string, string])[], from: 0 | 1): void {
  for (const pair of names) {
    const value = fieldOf(tree, pair[from]);
    if (value === undefined) continue;
    delete tree[pair[from]];
    tree[pair[1 - from] as string] = value;
  }
}

/** Version 1 knows one metric, the processor; the others travel in an annotation. */
const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';
const statusAnnotations = {
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
};

function autoscalerToV1(tree: JsonObject): void {
  autoscalerStatusToV1(tree);
  const spec = fieldOf(tree, 'spec');
  if (!isJsonObject(spec)) return;
  const metrics = fieldOf(spec, 'metrics');
  delete spec['metrics'];
  if (!Array.isArray(metrics)) return;
  const target = metrics.map(cpuUtilization).find((each) => each !== undefined);
  const others = metrics.filter((metric) => cpuUtilization(metric) === undefined);
  if (target !== undefined) spec['targetCPUUtilizationPercentage'] = target;
  if (others.length > 0) annotationsOf(tree)[metricsAnnotation] = JSON.stringify(others);
}

/** What version 1 has no place for goes into annotations, to be read only. */
function autoscalerStatusToV1(tree: JsonObject): void {
  const status = fieldOf(tree, 'status');
  if (!isJsonObject(status)) return;
  for (const [field, annotation] of Object.entries(statusAnnotations)) {
    const value = fieldOf(status, field);
    delete status[field];
    if (!Array.isArray(value) || value.length === 0) continue;
    annotationsOf(tree)[annotation] = JSON.stringify(value);
    const used = field === 'currentMetrics' ? value.map(currentCpu).find((each) => each !== undefined) : undefined;
    if (used !== undefined) status['currentCPUUtilizationPercentage'] = used;
  }
}

function autoscalerToV2(tree: JsonObject): void {
  const spec = fieldOf(tree, 'spec');
  if (!isJsonObject(spec)) return;
  const annotations = annotationsOf(tree);
  const kept = fieldOf(annotations, metricsAnnotation);
  const metrics: Json[] = typeof kept === 'string' ? parsedList(kept) : [];
  for (const annotation of [metricsAnnotation, ...Object.values(statusAnnotations)]) delete annotations[annotation];
  const target = fieldOf(spec, 'targetCPUUtilizationPercentage');
  delete spec['targetCPUUtilizationPercentage'];
  if (typeof target === 'number') {
    const utilization = { type: 'Utilization', averageUtilization: target };
    metrics.push({ type: 'Resource', resource: { name: 'cpu', target: utilization } });
  }
  if (metrics.length > 0) spec['metrics'] = metrics;
}

function cpuUtilization(metric: Json): number | undefined {
  return cpuShare(metric, 'target');
}

function currentCpu(metric: Json): number | undefined {
  return cpuShare(metric, 'current');
}

function cpuShare(metric: Json, part: 'target' | 'current'): number | undefined {
  if (!isJsonObject(metric) || metric['type'] !== 'Resource') return undefined;
  const resource = metric['resource'];
  if (!isJsonObject(resource) || resource['name'] !== 'cpu') return undefined;
  const measure = resource[part];
  const utilization = isJsonObject(measure) ? measure['averageUtilization'] : undefined;
  return typeof utilization === 'number' ? utilization : undefined;
}

function annotationsOf(tree: JsonObject): JsonObject {
  const metadata = tree['metadata'] as JsonObject;
  const annotations = metadata['annotations'];
  if (isJsonObject(annotations)) return annotations;
  const fresh: JsonObject = {};
  metadata['annotations'] = fresh;
  return fresh;
}

function parsedList(text: string): Json[] {
  try {
    const value = JSON.parse(text) as Json;
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
