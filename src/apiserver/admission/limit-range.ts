/**
 * Gives containers what their namespace's limit ranges say they get by default, and refuses what lies outside.
 * Models kubernetes plugin/pkg/admission/limitranger.
 */
import type { Mutable } from '../../api/json.ts';
import { nameOf, namespaceOf, type ObjectMeta } from '../../api/object-meta.ts';
import { compareQuantities, formatQuantity, type Quantity } from '../../api/quantity.ts';
import { forbidden } from '../../api/status-errors.ts';
import type { LimitRange, LimitRangeItem } from '../../kinds/limitrange/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Container, Pod, ResourceList, ResourceRequirements } from '../../kinds/pod/types.ts';
import { type Amounts, amountsOf, atOnce } from '../../kinds/resourcequota/usage.ts';
import type { Environment } from '../environment.ts';

const limitRangeResource = { group: '', version: 'v1', resource: 'limitranges' };
/** What a pod can ask for as a whole, as far as limit ranges see it. */
const ofWholePods: ReadonlySet<string> = new Set(['cpu', 'memory']);
const annotation = 'kubernetes.io/limit-ranger';

/** Completes a pod that the caller owns. Throws StatusError Forbidden. */
export function admitPodLimits(environment: Environment, pod: Pod): void {
  const ranges = rangesOf(environment, namespaceOf(pod));
  for (const items of ranges) setDefaults(items, pod);
  for (const items of ranges) check(items, pod);
}

/** Judges a pod that is there already; one that goes is let go. Throws StatusError Forbidden. */
export function checkPodLimits(environment: Environment, pod: Pod): void {
  if (pod.metadata.deletionTimestamp !== undefined) return;
  for (const items of rangesOf(environment, namespaceOf(pod))) check(items, pod);
}

function check(items: readonly LimitRangeItem[], pod: Pod): void {
  const { containers, initContainers = [] } = pod.spec;
  const errors = items.flatMap((item) => {
    if (item.type === 'Container')
      return [...containers, ...initContainers].flatMap(({ resources }) => violations(item, ...listsOf(resources)));
    return item.type === 'Pod' ? violations(item, totalOf(pod, 'requests'), totalOf(pod, 'limits')) : [];
  });
  refuse(errors, 'pods', nameOf(pod));
}

/** Judges a claim that is new, or that asks for another amount than `old`. Throws StatusError Forbidden. */
export function admitClaimLimits(
  environment: Environment,
  claim: PersistentVolumeClaim,
  old?: PersistentVolumeClaim,
): void {
  if (old?.metadata.deletionTimestamp !== undefined) return;
  const former = amountsOf(old?.spec?.resources?.requests);
  const requests = amountsOf(claim.spec?.resources?.requests);
  const isJudged = (name: string): boolean => {
    const [was, is] = [former.get(name), requests.get(name)];
    return was === undefined || is === undefined || compareQuantities(was, is) !== 0;
  };
  for (const items of rangesOf(environment, namespaceOf(claim))) {
    const errors = items.flatMap((item) =>
      item.type === 'PersistentVolumeClaim' ? outside(item, requests, isJudged) : [],
    );
    refuse(errors, 'persistentvolumeclaims', nameOf(claim));
  }
}

/** A claim has requests alone: they are what `max` bounds, too. */
function outside(
  { min, max, type }: LimitRangeItem,
  requests: Amounts,
  isJudged: (name: string) => boolean,
): readonly string[] {
  const judged = (list: ResourceList = {}): Amounts => new Map([...amountsOf(list)].filter(([name]) => isJudged(name)));
  return [
    ...tooSmall(type, judged(min), requests, new Map()),
    ...[...judged(max)].flatMap(([name, most]) => {
      const asked = requests.get(name);
      if (asked === undefined) return [`${atMost(name, type, most)}.  No request is specified`];
      return compareQuantities(asked, most) > 0 ? [over(name, type, most, 'request', asked)] : [];
    }),
  ];
}

function refuse(errors: readonly string[], resource: string, name: string): void {
  if (errors.length === 0) return;
  const cause = errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]`;
  throw forbidden({ group: '', resource }, name, cause);
}

/** The items of each limit range of the namespace. The ranges are asked in turn: what the first gives, the next finds given. */
function rangesOf({ cache, catalog }: Environment, namespace: string): readonly (readonly LimitRangeItem[])[] {
  const { stored } = catalog.mustServe(limitRangeResource);
  return cache.entriesOf(stored, namespace).map((entry) => (entry.object as unknown as LimitRange).spec?.limits ?? []);
}

/** Notes on the pod what it was given. */
function setDefaults(items: readonly LimitRangeItem[], pod: Pod): void {
  const ofContainers = items.filter(({ type }) => type === 'Container');
  const limits: ResourceList = Object.assign({}, ...ofContainers.map((item) => item.default ?? {}));
  const requests: ResourceList = Object.assign({}, ...ofContainers.map((item) => item.defaultRequest ?? {}));
  const notes = [
    ...pod.spec.containers.flatMap((container) => complete(container, requests, limits, 'container')),
    ...(pod.spec.initContainers ?? []).flatMap((container) => complete(container, requests, limits, 'init container')),
  ];
  if (notes.length === 0) return;
  const metadata = pod.metadata as Mutable<ObjectMeta>;
  metadata.annotations = { ...metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join('; ')}` };
}

function complete(
  container: Container,
  requests: ResourceList,
  limits: ResourceList,
  title: string,
): readonly string[] {
  const given: ResourceRequirements = container.resources ?? {};
  const lacks = (list: ResourceList, own: ResourceList = {}): string[] =>
    Object.keys(list)
      .filter((name) => !Object.hasOwn(own, name))
      .sort();
  const notes: string[] = [];
  const [missing, unlimited] = [lacks(requests, given.requests), lacks(limits, given.limits)];
  if (missing.length > 0) notes.push(`${missing.join(', ')} request for ${title} ${container.name}`);
  if (unlimited.length > 0) notes.push(`${unlimited.join(', ')} limit for ${title} ${container.name}`);
  if (notes.length === 0) return notes;
  (container as Mutable<Container>).resources = {
    ...given,
    requests: { ...requests, ...given.requests },
    limits: { ...limits, ...given.limits },
  };
  return notes;
}

function listsOf(resources: ResourceRequirements = {}): readonly [Amounts, Amounts] {
  return [amountsOf(resources.requests), amountsOf(resources.limits)];
}

/** What the containers use at once; what the pod says of itself as a whole goes before that. What its sandbox takes is not limited. */
function totalOf({ spec }: Pod, field: 'requests' | 'limits'): Amounts {
  const total = atOnce(spec, ({ resources }) => amountsOf(resources?.[field]));
  for (const [name, amount] of amountsOf(spec.resources?.[field])) if (ofWholePods.has(name)) total.set(name, amount);
  return total;
}

function violations(item: LimitRangeItem, requests: Amounts, limits: Amounts): readonly string[] {
  const { type, min, max, maxLimitRequestRatio } = item;
  return [
    ...tooSmall(type, amountsOf(min), requests, limits),
    ...[...amountsOf(max)].flatMap(([name, most]) => tooLarge(name, type, most, requests.get(name), limits.get(name))),
    ...[...amountsOf(maxLimitRequestRatio)].flatMap(([name, ratio]) =>
      tooStretched(name, type, ratio, requests.get(name), limits.get(name)),
    ),
  ];
}

function tooSmall(type: string, min: Amounts, requests: Amounts, limits: Amounts): readonly string[] {
  return [...min].flatMap(([name, least]) => {
    const [request, limit] = [requests.get(name), limits.get(name)];
    const head = `minimum ${name} usage per ${type} is ${formatQuantity(least)}`;
    if (request === undefined) return [`${head}.  No request is specified`];
    if (compareQuantities(request, least) < 0) return [`${head}, but request is ${formatQuantity(request)}`];
    const isLow = limit !== undefined && compareQuantities(limit, least) < 0;
    return isLow ? [`${head}, but limit is ${formatQuantity(limit)}`] : [];
  });
}

function tooLarge(
  name: string,
  type: string,
  most: Quantity,
  request: Quantity | undefined,
  limit: Quantity | undefined,
): readonly string[] {
  if (limit === undefined) return [`${atMost(name, type, most)}.  No limit is specified`];
  if (compareQuantities(limit, most) > 0) return [over(name, type, most, 'limit', limit)];
  return request !== undefined && compareQuantities(request, most) > 0
    ? [over(name, type, most, 'request', request)]
    : [];
}

function over(name: string, type: string, most: Quantity, what: string, amount: Quantity): string {
  return `${atMost(name, type, most)}, but ${what} is ${formatQuantity(amount)}`;
}

function atMost(name: string, type: string, most: Quantity): string {
  return `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
}

function tooStretched(
  name: string,
  type: string,
  ratio: Quantity,
  request: Quantity | undefined,
  limit: Quantity | undefined,
): readonly string[] {
  const head = `${name} max limit to request ratio per ${type} is ${formatQuantity(ratio)}`;
  if (request === undefined || request.nanos === 0n) return [`${head}, but no request is specified or request is 0`];
  if (limit === undefined || limit.nanos === 0n) return [`${head}, but no limit is specified or limit is 0`];
  if (limit.nanos * 1_000_000_000n <= ratio.nanos * request.nanos) return [];
  return [`${head}, but provided ratio is ${(Number(limit.nanos) / Number(request.nanos)).toFixed(6)}`];
}
