/**
 * What a pod's RuntimeClass adds to it: what its sandbox takes beside its containers, and on which nodes it can run. A pod of a class that does
 * not exist is refused, and so is one that contradicts its class. Models kubernetes plugin/pkg/admission/runtimeclass.
 */
import type { Flow } from '../../actor/flow.ts';
import type { Mutable } from '../../api/json.ts';
import { nameOf, type StringMap } from '../../api/object-meta.ts';
import { compareQuantities, parseQuantity } from '../../api/quantity.ts';
import type { StatusError } from '../../api/status.ts';
import { forbidden } from '../../api/status-errors.ts';
import { mergeTolerations } from '../../kinds/pod/merge-tolerations.ts';
import type { Pod, PodSpec, ResourceList } from '../../kinds/pod/types.ts';
import type { RuntimeClass } from '../../kinds/runtimeclass/types.ts';
import type { Environment } from '../environment.ts';
import { readThrough } from './read-through.ts';

const podResource = { group: '', resource: 'pods' };
const classResource = { group: 'node.k8s.io', version: 'v1', resource: 'runtimeclasses' };

/** Completes a pod that the caller owns. Throws StatusError Forbidden. */
export function* admitRuntimeClass(environment: Environment, pod: Pod): Flow<void> {
  const { runtimeClassName: name = '' } = pod.spec;
  const found = name === '' ? undefined : yield* readThrough(environment, classResource, '', name);
  if (name !== '' && found === undefined) {
    throw refusal(pod, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  }
  applyRuntimeClass(pod, found as RuntimeClass | undefined);
}

/** Adds to the pod what its class says; without a class it may not claim any overhead. Throws StatusError Forbidden. */
export function applyRuntimeClass(pod: Pod, runtimeClass: RuntimeClass | undefined): void {
  const spec = pod.spec as Mutable<PodSpec>;
  const { overhead, scheduling } = runtimeClass ?? {};
  const own = spec.overhead ?? {};
  const hasOwn = Object.keys(own).length > 0;
  if (overhead === undefined) {
    if (!hasOwn) return addScheduling(pod, scheduling);
    throw refusal(pod, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  }
  const { podFixed = {} } = overhead;
  if (hasOwn && !areEqual(own, podFixed)) {
    throw refusal(pod, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  }
  if (Object.keys(podFixed).length > 0) spec.overhead = { ...podFixed };
  return addScheduling(pod, scheduling);
}

function addScheduling(pod: Pod, scheduling: RuntimeClass['scheduling']): void {
  if (scheduling === undefined) return;
  const spec = pod.spec as Mutable<PodSpec>;
  const { nodeSelector = {}, tolerations = [] } = scheduling;
  const selector: StringMap = spec.nodeSelector ?? {};
  for (const [key, value] of Object.entries(nodeSelector)) {
    if (!Object.hasOwn(selector, key) || selector[key] === value) continue;
    const own = `pod.spec.nodeSelector[${key}] = ${selector[key]}`;
    const places = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}; ${own}`;
    throw refusal(pod, `conflict: ${places}`);
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = { ...selector, ...nodeSelector };
  if (tolerations.length > 0) spec.tolerations = mergeTolerations(spec.tolerations ?? [], tolerations);
}

function areEqual(left: ResourceList, right: ResourceList): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => Object.hasOwn(right, name) && isSameAmount(left[name], right[name]));
}

function isSameAmount(left = '', right = ''): boolean {
  const [one, other] = [parseQuantity(left), parseQuantity(right)];
  return one !== undefined && other !== undefined && compareQuantities(one, other) === 0;
}

function refusal(pod: Pod, cause: string): StatusError {
  return forbidden(podResource, nameOf(pod), cause);
}
