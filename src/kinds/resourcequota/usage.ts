/**
 * What an object counts against quotas, and which quotas count it. The API server charges a new object by this, the controller counts all of
 * them by it. Models kubernetes pkg/quota/v1/evaluator/core.
 */
import { formatGroupResource, type GroupResource } from '../../api/group-version.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../../api/quantity.ts';
import type { WallMs } from '../../base/brand.ts';
import { parseTimestamp } from '../../base/time.ts';
import type { PersistentVolumeClaim } from '../persistentvolumeclaim/types.ts';
import { qosClassOf } from '../pod/quality.ts';
import type { Container, Pod, PodSpec, ResourceList } from '../pod/types.ts';
import type { Service } from '../service/types.ts';
import type { ResourceQuota, ScopeRequirement } from './types.ts';

export type Amounts = ReadonlyMap<string, Quantity>;

const one: Quantity = { nanos: 1_000_000_000n, format: 'decimal' };
/** Resources whose objects are counted by their bare name too. */
const countedByName: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
]);
/** Resources of pods that a bare name stands for the request of. */
const bareNames: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
const mandatory = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'] as const;

/** Everything that an object uses, whichever quota wants to know. */
export function usageOf(resource: GroupResource, object: AnyObject, nowMs: WallMs): Amounts {
  const usage = new Map<string, Quantity>([[`count/${formatGroupResource(resource)}`, one]]);
  if (resource.group !== '') return usage;
  if (resource.resource === 'pods') {
    const pod = object as unknown as Pod;
    if (isEnded(pod, nowMs)) return usage;
    for (const [name, amount] of podUsage(pod)) usage.set(name, amount);
  }
  if (countedByName.has(resource.resource)) usage.set(resource.resource, one);
  if (resource.resource === 'services') addService(usage, object as unknown as Service);
  if (resource.resource === 'persistentvolumeclaims') addClaim(usage, object as unknown as PersistentVolumeClaim);
  return usage;
}

/** Of that, what this quota limits; empty when it does not count the object. */
export function chargeOf(quota: ResourceQuota, resource: GroupResource, object: AnyObject, nowMs: WallMs): Amounts {
  if (!isInScope(quota, resource, object)) return new Map();
  const hard = quota.spec?.hard ?? {};
  return new Map([...usageOf(resource, object, nowMs)].filter(([name]) => Object.hasOwn(hard, name)));
}

export function addUsage(target: Map<string, Quantity>, usage: Amounts): void {
  for (const [name, amount] of usage) {
    const present = target.get(name);
    target.set(name, present === undefined ? amount : addQuantities(present, amount));
  }
}

/** Returns the resources that a quota limits and a container of the pod does not name, as Kubernetes tells it; empty when there are none. */
export function unnamedBy(quota: ResourceQuota, pod: Pod): string {
  if (!isInScope(quota, { group: '', resource: 'pods' }, pod as unknown as AnyObject)) return '';
  const hard = quota.spec?.hard ?? {};
  const required = mandatory.filter((name) => Object.hasOwn(hard, name)).sort();
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const texts = required.flatMap((name) => {
    const without = containers.filter((container) => !containerUsage(container).has(name)).map((each) => each.name);
    return without.length === 0 ? [] : `${name} for: ${without.sort().join(',')}`;
  });
  return texts.join('; ');
}

export function amountsOf(list: ResourceList = {}): Map<string, Quantity> {
  const amounts = new Map<string, Quantity>();
  for (const [name, text] of Object.entries(list)) {
    const quantity = parseQuantity(text);
    if (quantity !== undefined) amounts.set(name, quantity);
  }
  return amounts;
}

export function listOf(amounts: Amounts): ResourceList {
  return Object.fromEntries([...amounts].map(([name, amount]) => [name, formatQuantity(amount)]));
}

function isEnded({ status, metadata }: Pod, nowMs: WallMs): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return true;
  // Its node had its time and did not answer: nobody waits for such a pod.
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return false;
  return (parseTimestamp(deletionTimestamp) ?? nowMs) < nowMs;
}

/** What a pod asks for and may take: `requests.cpu`, `limits.memory`, and bare names for requests. */
export function podUsage({ spec }: Pod): Amounts {
  const total = atOnce(spec, containerUsage);
  const overhead = usageOfLists(spec.overhead, spec.overhead);
  // What has no limit does not get one by what its sandbox takes.
  addUsage(total, new Map([...overhead].filter(([name]) => !name.startsWith('limits.') || total.has(name))));
  return total;
}

/** Returns the most that containers use at once: those that stay together, or one of those before them with the sidecars that run by then. */
export function atOnce(
  { containers, initContainers = [] }: PodSpec,
  usageOf: (container: Container) => Amounts,
): Map<string, Quantity> {
  const total = new Map<string, Quantity>();
  for (const container of containers) addUsage(total, usageOf(container));
  const started = new Map<string, Quantity>();
  const before: Map<string, Quantity>[] = [];
  for (const container of initContainers) {
    const usage = new Map(usageOf(container));
    if (container.restartPolicy === 'Always') {
      addUsage(total, usage);
      addUsage(started, usage);
    } else {
      addUsage(usage, started);
      before.push(usage);
    }
  }
  for (const usage of before) raise(total, usage);
  return total;
}

function containerUsage({ resources }: Container): Amounts {
  return usageOfLists(resources?.requests, resources?.limits);
}

function usageOfLists(requests: ResourceList | undefined, limits: ResourceList | undefined): Amounts {
  const usage = new Map<string, Quantity>();
  for (const [name, amount] of amountsOf(requests)) {
    usage.set(`requests.${name}`, amount);
    if (bareNames.has(name) || name.startsWith('hugepages-')) usage.set(name, amount);
  }
  for (const [name, amount] of amountsOf(limits)) usage.set(`limits.${name}`, amount);
  return usage;
}

function raise(target: Map<string, Quantity>, floor: Amounts): void {
  for (const [name, amount] of floor) {
    const present = target.get(name);
    if (present === undefined || compareQuantities(amount, present) > 0) target.set(name, amount);
  }
}

function addService(usage: Map<string, Quantity>, { spec }: Service): void {
  const ports = (spec?.ports ?? []).length;
  const portsAmount: Quantity = { nanos: BigInt(ports) * one.nanos, format: 'decimal' };
  if (spec?.type === 'NodePort') usage.set('services.nodeports', portsAmount);
  if (spec?.type !== 'LoadBalancer') return;
  usage.set('services.loadbalancers', one);
  const { allocateLoadBalancerNodePorts = true } = spec as { readonly allocateLoadBalancerNodePorts?: boolean };
  if (allocateLoadBalancerNodePorts) usage.set('services.nodeports', portsAmount);
}

function addClaim(usage: Map<string, Quantity>, { spec }: PersistentVolumeClaim): void {
  const storage = parseQuantity(spec?.resources?.requests?.['storage'] ?? '');
  const ofClass =
    (spec?.storageClassName ?? '') === '' ? null : `${spec.storageClassName}.storageclass.storage.k8s.io/`;
  if (ofClass !== null) usage.set(`${ofClass}persistentvolumeclaims`, one);
  if (storage === undefined) return;
  usage.set('requests.storage', storage);
  if (ofClass !== null) usage.set(`${ofClass}requests.storage`, storage);
}

/** Scopes choose among pods; a quota that has any counts nothing else. */
function isInScope({ spec = {} }: ResourceQuota, { group, resource }: GroupResource, object: AnyObject): boolean {
  const requirements: readonly ScopeRequirement[] = [
    ...(spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec.scopeSelector?.matchExpressions ?? []),
  ];
  if (requirements.length === 0) return true;
  if (group !== '' || resource !== 'pods') return false;
  return requirements.every((requirement) => meets(object as unknown as Pod, requirement));
}

function meets(pod: Pod, { scopeName, operator, values = [] }: ScopeRequirement): boolean {
  const { spec } = pod;
  switch (scopeName) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return qosClassOf(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(pod) !== 'BestEffort';
    case 'PriorityClass':
      return meetsClass((spec as { readonly priorityClassName?: string }).priorityClassName ?? '', operator, values);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod);
    default:
      return false;
  }
}

function meetsClass(name: string, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return values.includes(name);
    case 'NotIn':
      return name !== '' && !values.includes(name);
    case 'DoesNotExist':
      return name === '';
    default:
      return name !== '';
  }
}

function crossesNamespaces({ spec }: Pod): boolean {
  const { podAffinity = {}, podAntiAffinity = {} } = spec.affinity ?? {};
  const terms = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some(
    ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
  );
}
