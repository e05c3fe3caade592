/**
 * metrics.k8s.io/v1beta1: what nodes and pods use now. Selected as the nodes and pods themselves are, whose names and labels the measurements
 * carry. Models metrics-server pkg/api.
 */
import type { Flow } from '../../actor/flow.ts';
import { apiVersionOf } from '../../api/group-version.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import { formatQuantity } from '../../api/quantity.ts';
import { notFound } from '../../api/status-errors.ts';
import { utf8 } from '../../base/bytes.ts';
import { timestampSeconds } from '../../base/time.ts';
import { getOptions, listOptions } from '../../http/options.ts';
import type { Usage } from '../../protocol/kubelet.ts';
import { type Answer, complete } from '../answer.ts';
import type { CacheEntry } from '../cache-entry.ts';
import { type Call, callForm, callSelection } from '../call.ts';
import type { Environment } from '../environment.ts';
import { rendered, renderedList } from '../form.ts';
import { freshen } from '../get.ts';
import type { Measured, UsageRound } from './usage.ts';

export function* handleMetricsGet(environment: Environment, call: Call): Flow<Answer> {
  const { includeObject } = getOptions(call.query);
  yield* freshen(environment, '0');
  const round = yield* environment.usage.latest(environment);
  const { namespace, name } = call.request;
  const { stored, info } = measuredBy(environment, call);
  const entry = environment.cache.get(stored, info.isNamespaced ? namespace : '', name);
  const metrics = entry === undefined ? null : metricsOf(environment, call, entry, round);
  if (metrics === null) throw notFound(call.served.info, name);
  return complete(200, rendered(environment, callForm(call, includeObject), encode(metrics)));
}

export function* handleMetricsList(environment: Environment, call: Call): Flow<Answer> {
  const options = listOptions(call.query);
  const selection = callSelection(call, options);
  yield* freshen(environment, '0');
  const round = yield* environment.usage.latest(environment);
  const items: Uint8Array[] = [];
  environment.cache.scan(measuredBy(environment, call).stored, selection, null, (entry) => {
    const metrics = metricsOf(environment, call, entry, round);
    if (metrics !== null) items.push(encode(metrics));
    return true;
  });
  return complete(200, renderedList(environment, callForm(call, options.includeObject), items, {}));
}

/** The resource whose objects are measured: that of the same name in the core group. */
function measuredBy({ catalog }: Environment, { served }: Call): ReturnType<Environment['catalog']['mustServe']> {
  return catalog.mustServe({ group: '', version: 'v1', resource: served.info.resource });
}

/** Returns null for what nobody measured. */
function metricsOf(environment: Environment, call: Call, entry: CacheEntry, round: UsageRound): object | null {
  const { labels, uid } = entry.facts;
  const { info } = call.served;
  const metadata = {
    name: entry.name,
    ...(info.isNamespaced ? { namespace: entry.namespace } : {}),
    creationTimestamp: timestampSeconds(environment.stamp.wallMs),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
  const head = { kind: info.kind, apiVersion: apiVersionOf(info), metadata };
  if (!info.isNamespaced) {
    const summary = round.nodes.get(entry.name);
    if (summary === undefined) return null;
    return { ...head, ...timesOf(summary), usage: amountsOf(summary.node) };
  }
  const sample = round.pods.get(uid);
  if (sample === undefined) return null;
  const containers = sample.usage.containers.map((usage) => ({ name: usage.name, usage: amountsOf(usage) }));
  return { ...head, ...timesOf(sample.summary), containers };
}

function timesOf({ measuredAtMs, windowMs }: Measured): object {
  return { timestamp: timestampSeconds(measuredAtMs), window: windowText(windowMs) };
}

/** As Go writes a duration. */
function windowText(windowMs: number): string {
  const minutes = Math.floor(windowMs / 60_000);
  const seconds = `${(windowMs % 60_000) / 1000}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}

function amountsOf({ cpuNanocores, workingSetBytes }: Usage): object {
  return {
    cpu: formatQuantity({ nanos: BigInt(Math.round(cpuNanocores)), format: 'decimal' }),
    memory: formatQuantity({ nanos: BigInt(Math.round(workingSetBytes)) * 1_000_000_000n, format: 'binary' }),
  };
}

function encode(metrics: object): Uint8Array {
  return utf8(JSON.stringify(metrics as AnyObject));
}
