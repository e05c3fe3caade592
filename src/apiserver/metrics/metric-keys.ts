/**
 * Where in the store metrics are that somebody publishes (`Cluster.publishMetric`): a key per value, so that all API servers serve the same, and a
 * dead one takes none along. `/threemaster/metrics/custom/NAMESPACE/RESOURCE.GROUP/METRIC/NAME` is about an object,
 * `/threemaster/metrics/external/NAMESPACE/METRIC/LABELS` about something outside; `-` stands for no namespace.
 */
import type { StringMap } from '../../api/object-meta.ts';

const root = '/threemaster/metrics';

/** What a key holds, as JSON. */
export interface PublishedMetric {
  /** A quantity. */
  readonly value: string;
  /** RFC 3339. */
  readonly timestamp: string;
  /** What the value is about beyond its name; selected by `metricLabelSelector`, or by `labelSelector` of an external one. */
  readonly labels: StringMap;
  /** Of the object that it describes; empty for external ones. */
  readonly kind: string;
  readonly apiVersion: string;
}

/** `resource`: `pods`, `deployments.apps`. Ends with a slash; what follows is the name of the object. */
export function customPrefix(namespace: string, resource: string, metric: string): string {
  return `${root}/custom/${namespace === '' ? '-' : namespace}/${resource}/${metric}/`;
}

/** Ends with a slash; what follows tells the values of one metric apart. */
export function externalPrefix(namespace: string, metric: string): string {
  return `${root}/external/${namespace}/${metric}/`;
}

/** Tells values of one external metric apart by their labels. */
export function labelsKey(labels: StringMap): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(',');
}
