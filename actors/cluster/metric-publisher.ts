/** Publishes metrics that autoscalers read: a key of the store per value, served by all API servers (src/apiserver/metrics). */
import { formatGroupResource } from '../../src/api/group-version.ts';
import { canonicalQuantity } from '../../src/api/quantity.ts';
import {
  customPrefix,
  externalPrefix,
  labelsKey,
  type PublishedMetric,
} from '../../src/apiserver/metrics/metric-keys.ts';
import { timestampSeconds } from '../../src/base/time.ts';
import type { ApiClient } from './api-client.ts';
import type { Fabric } from './fabric.ts';
import type { StoreClient } from './store-client.ts';

/** Which value is meant. */
export interface MetricReference {
  readonly name: string;
  /** What it is measured of, such as `pod/web-1` or `service/web`; absent: something outside the cluster (an external metric). */
  readonly of?: string;
  /** Default: `default`. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface MetricValue extends MetricReference {
  /** A quantity: `15`, `1500m`, `2Gi`. */
  readonly value: string;
}

const nameForm = /^[A-Za-z0-9_.-]{1,128}$/;

export class MetricPublisher {
  readonly #store: StoreClient;
  readonly #api: ApiClient;
  readonly #fabric: Fabric;

  constructor(store: StoreClient, api: ApiClient, fabric: Fabric) {
    this.#store = store;
    this.#api = api;
    this.#fabric = fabric;
  }

  /** Sets a value until it is set anew or withdrawn. Rejects with TypeError for a name or a value that is none. */
  async publish(metric: MetricValue): Promise<void> {
    const value = canonicalQuantity(metric.value);
    if (value === undefined)
      throw new TypeError(`a metric's value must be a quantity such as 15 or 1500m, not ${metric.value}`);
    const { key, kind, apiVersion } = await this.#place(metric);
    const timestamp = timestampSeconds(this.#fabric.wallMs());
    const published: PublishedMetric = { value, timestamp, labels: metric.labels ?? {}, kind, apiVersion };
    await this.#store.put(key, JSON.stringify(published));
  }

  /** Takes a value back; resolves with whether it was there. */
  async withdraw(metric: MetricReference): Promise<boolean> {
    return this.#store.delete((await this.#place(metric)).key);
  }

  async #place(
    metric: MetricReference,
  ): Promise<{ readonly key: string; readonly kind: string; readonly apiVersion: string }> {
    const { name, of, namespace = 'default', labels = {} } = metric;
    if (!nameForm.test(name))
      throw new TypeError(`the name of a metric has letters, digits, dots, dashes and underscores, not ${name}`);
    if (of === undefined) return { key: externalPrefix(namespace, name) + labelsKey(labels), kind: '', apiVersion: '' };
    const { info, name: object, apiVersion } = await this.#api.referenceOf(of);
    const prefix = customPrefix(info.isNamespaced ? namespace : '', formatGroupResource(info), name);
    return { key: prefix + object, kind: info.kind, apiVersion };
  }
}
