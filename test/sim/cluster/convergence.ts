/** What must be true of a cluster that was left in peace for long enough: everything is as the specs ask. */
import { controllerOf, isBeingDeleted, nameOf, uidOf } from '../../../src/api/object-meta.ts';
import { isConditionTrue } from '../../../src/kinds/condition.ts';
import type { Deployment } from '../../../src/kinds/deployment/types.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { ReplicaSet } from '../../../src/kinds/replicaset/types.ts';
import type { Chronicle } from './chronicle.ts';

/** Returns the first thing that is not as it should be, or null. `dead`: nodes that stay down. */
export function unconverged(chronicle: Chronicle, dead: ReadonlySet<string>): string | null {
  const deployments = chronicle.now<Deployment>('deployments');
  const sets = chronicle.now<ReplicaSet>('replicasets');
  const pods = chronicle.now<Pod>('pods');
  return (
    first(chronicle.now<Node>('nodes'), (node) => nodeFault(node, dead)) ??
    first(deployments, (deployment) => deploymentFault(deployment, sets, pods, dead)) ??
    first(sets, (set) => {
      const owner = controllerOf(set)?.uid;
      return deployments.some((one) => uidOf(one) === owner) ? null : `${nameOf(set)} has no Deployment any more`;
    }) ??
    first(pods, (pod) => strayFault(pod, sets, dead))
  );
}

export function nodeFault(node: Node, dead: ReadonlySet<string>): string | null {
  if (dead.has(nameOf(node))) return null;
  const taints = node.spec?.taints ?? [];
  if (taints.length > 0) return `${nameOf(node)} is tainted: ${taints.map(({ key }) => key).join()}`;
  return isConditionTrue(node.status?.conditions, 'Ready') ? null : `${nameOf(node)} is not Ready`;
}

export function deploymentFault(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  pods: readonly Pod[],
  dead: ReadonlySet<string>,
): string | null {
  const name = nameOf(deployment);
  if (isBeingDeleted(deployment)) return `${name} is being deleted`;
  const { status = {}, metadata, spec } = deployment;
  const wanted = spec.replicas ?? 1;
  if (status.observedGeneration !== metadata.generation) return `${name} was not observed since it changed`;
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const counts = { replicas, updatedReplicas, readyReplicas, availableReplicas };
  if (Object.values(counts).some((count) => count !== wanted)) {
    return `${name} wants ${wanted} and has ${JSON.stringify(counts)}`;
  }
  const own = new Set(sets.filter((set) => controllerOf(set)?.uid === uidOf(deployment)).map(uidOf));
  const running = pods.filter((pod) => own.has(controllerOf(pod)?.uid ?? '') && !isBeingDeleted(pod));
  const image = spec.template.spec?.containers[0]?.image;
  const fit = running.filter(
    (pod) =>
      pod.status?.phase === 'Running' &&
      isConditionTrue(pod.status.conditions, 'Ready') &&
      !dead.has(pod.spec.nodeName ?? '') &&
      pod.spec.containers[0]?.image === image,
  );
  if (running.length === wanted && fit.length === wanted) return null;
  return `${name} wants ${wanted} pods; ${running.length} stand, ${fit.length} are as asked`;
}

/** Pods that are going must be gone, unless their node is dead, and no pod is without an owner. */
function strayFault(pod: Pod, sets: readonly ReplicaSet[], dead: ReadonlySet<string>): string | null {
  if (dead.has(pod.spec.nodeName ?? '')) return isBeingDeleted(pod) ? null : `${nameOf(pod)} stands on a dead node`;
  if (isBeingDeleted(pod)) return `${nameOf(pod)} is still terminating`;
  const owner = controllerOf(pod)?.uid;
  return sets.some((set) => uidOf(set) === owner) ? null : `${nameOf(pod)} has no ReplicaSet any more`;
}

/** Returns the first fault of any item, or null. */
export function first<T>(items: readonly T[], fault: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = fault(item);
    if (found !== null) return found;
  }
  return null;
}
