/**
 * What must be true of all kinds of workloads once a cluster was left in peace for long enough.
 *
 * A node that stays dead keeps its pods: nobody can say that they have ended. A StatefulSet whose pod is there waits for ever, as it must; all
 * others go on without.
 */
import { controllerOf, isBeingDeleted, nameOf, uidOf } from '../../../src/api/object-meta.ts';
import { isConditionTrue } from '../../../src/kinds/condition.ts';
import type { DaemonSet } from '../../../src/kinds/daemonset/types.ts';
import type { Deployment } from '../../../src/kinds/deployment/types.ts';
import type { Job } from '../../../src/kinds/job/types.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { PersistentVolume } from '../../../src/kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../../src/kinds/persistentvolumeclaim/types.ts';
import type { Pod, PodTemplateSpec } from '../../../src/kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../../../src/kinds/poddisruptionbudget/types.ts';
import type { ReplicaSet } from '../../../src/kinds/replicaset/types.ts';
import type { StatefulSet } from '../../../src/kinds/statefulset/types.ts';
import type { Chronicle } from './chronicle.ts';
import { deploymentFault, first, nodeFault } from './convergence.ts';

type Dead = ReadonlySet<string>;

/** Returns the first thing that is not as it should be, or null. `dead`: nodes that stay down. */
export function unconvergedWorkloads(chronicle: Chronicle, dead: Dead): string | null {
  const nodes = chronicle.now<Node>('nodes');
  const deployments = chronicle.now<Deployment>('deployments');
  const sets = chronicle.now<ReplicaSet>('replicasets');
  const pods = chronicle.now<Pod>('pods');
  const claims = chronicle.now<PersistentVolumeClaim>('persistentvolumeclaims');
  const alive = nodes.map(nameOf).filter((name) => !dead.has(name));
  const owners = new Set(
    ['replicasets', 'statefulsets', 'daemonsets', 'jobs'].flatMap((resource) => chronicle.now(resource).map(uidOf)),
  );
  return (
    first(nodes, (node) => nodeFault(node, dead)) ??
    first(deployments, (deployment) => deploymentFault(deployment, sets, pods, dead)) ??
    first(chronicle.now<StatefulSet>('statefulsets'), (set) => statefulSetFault(set, podsOf(set, pods), dead)) ??
    first(chronicle.now<StatefulSet>('statefulsets'), (set) => claimFault(set, claims, podsOf(set, pods), dead)) ??
    first(chronicle.now<PersistentVolume>('persistentvolumes'), (volume) => volumeFault(volume, claims, dead)) ??
    first(chronicle.now<DaemonSet>('daemonsets'), (set) => daemonSetFault(set, podsOf(set, pods), alive)) ??
    first(chronicle.now<Job>('jobs'), (job) => jobFault(job, podsOf(job, pods), dead)) ??
    first(chronicle.now<PodDisruptionBudget>('poddisruptionbudgets'), (budget) => budgetFault(budget, pods, dead)) ??
    first(pods, (pod) => strayFault(pod, owners, dead))
  );
}

function podsOf(owner: StatefulSet | DaemonSet | Job, pods: readonly Pod[]): Pod[] {
  return pods.filter((pod) => controllerOf(pod)?.uid === uidOf(owner));
}

function statefulSetFault(set: StatefulSet, pods: readonly Pod[], dead: Dead): string | null {
  const name = nameOf(set);
  const wanted = set.spec.replicas ?? 1;
  if (pods.some((pod) => dead.has(pod.spec.nodeName ?? ''))) return null;
  const { observedGeneration, replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = set.status ?? {};
  if (observedGeneration !== set.metadata.generation) return `${name} was not observed since it changed`;
  if ([replicas, readyReplicas, updatedReplicas].some((count) => count !== wanted)) {
    return `${name} wants ${wanted} and has ${JSON.stringify({ replicas, readyReplicas, updatedReplicas })}`;
  }
  const names = Array.from({ length: wanted }, (_, ordinal) => `${name}-${ordinal}`);
  const fit = pods.filter((pod) => isAsAsked(pod, set.spec.template)).map(nameOf);
  if (pods.length === wanted && names.every((each) => fit.includes(each))) return null;
  return `${name} wants ${names.join()}; ${pods.map(nameOf).join()} stand, ${fit.join()} are as asked`;
}

/**
 * Each pod that a set asks for has its claim. Those beyond are not looked at: they are given back with the pods that go because the set is scaled, and
 * nobody can tell from here whether a pod was away for another reason just then.
 */
function claimFault(
  set: StatefulSet,
  claims: readonly PersistentVolumeClaim[],
  pods: readonly Pod[],
  dead: Dead,
): string | null {
  const { replicas = 1, volumeClaimTemplates = [] } = set.spec;
  if (volumeClaimTemplates.length === 0 || pods.some((pod) => dead.has(pod.spec.nodeName ?? ''))) return null;
  const prefix = `disk-${nameOf(set)}-`;
  const own = claims.filter((claim) => nameOf(claim).startsWith(prefix));
  for (let ordinal = 0; ordinal < replicas; ordinal += 1) {
    const claim = own.find((each) => nameOf(each) === `${prefix}${ordinal}`);
    if (claim?.status?.phase !== 'Bound') return `${prefix}${ordinal} is ${claim?.status?.phase ?? 'missing'}`;
  }
  return null;
}

/** A disk whose claim is gone goes too; that of a dead node has nobody who lets go of it. */
function volumeFault(
  { metadata, spec }: PersistentVolume,
  claims: readonly PersistentVolumeClaim[],
  dead: Dead,
): string | null {
  const uid = spec?.claimRef?.uid ?? '';
  if (dead.size > 0 || claims.some((claim) => uidOf(claim) === uid)) return null;
  return `${metadata.name} is there, and its claim is gone`;
}

function daemonSetFault(set: DaemonSet, pods: readonly Pod[], alive: readonly string[]): string | null {
  const name = nameOf(set);
  if (set.status?.observedGeneration !== set.metadata.generation) return `${name} was not observed since it changed`;
  for (const node of alive) {
    const own = pods.filter(({ spec }) => spec.nodeName === node);
    if (own.length !== 1) return `${name} has ${own.length} pods on ${node}`;
    const wrong = own.find((pod) => !isAsAsked(pod, set.spec.template));
    if (wrong !== undefined) return `${name} is not as asked on ${node}: ${JSON.stringify(wrong)}`;
  }
  const { numberReady = 0, numberMisscheduled = 0 } = set.status ?? {};
  // A dead node is tainted, so the pod that it keeps should not be there.
  const onOthers = pods.filter(({ spec }) => !alive.includes(spec.nodeName ?? '')).length;
  if (numberReady === alive.length && numberMisscheduled === onOthers) return null;
  return `${name} says ${numberReady} ready of ${alive.length}, ${numberMisscheduled} misscheduled of ${onOthers}`;
}

function jobFault(job: Job, pods: readonly Pod[], dead: Dead): string | null {
  const name = nameOf(job);
  const { conditions, succeeded = 0, active = 0, uncountedTerminatedPods: uncounted } = job.status ?? {};
  const mustFail = job.spec.backoffLimit === 1;
  // Its end is told when its last pod has ended, and of that one nobody knows.
  if (pods.some(({ spec }) => dead.has(spec.nodeName ?? ''))) return null;
  if (!isConditionTrue(conditions, mustFail ? 'Failed' : 'Complete')) {
    return `${name} has not ${mustFail ? 'failed' : 'completed'}: ${JSON.stringify(job.status ?? {})}`;
  }
  if (!mustFail && succeeded !== job.spec.completions) {
    return `${name} is complete with ${succeeded} of ${job.spec.completions}`;
  }
  const running = pods.filter(
    ({ status, spec }) =>
      (status?.phase === 'Running' || status?.phase === 'Pending') && !dead.has(spec.nodeName ?? ''),
  );
  if (running.length > 0) return `${name} is over and ${running.map(nameOf).join()} run`;
  const isCounted = (uncounted?.succeeded ?? []).length + (uncounted?.failed ?? []).length === 0;
  return active === 0 && isCounted ? null : `${name} is over and says ${active} active`;
}

function budgetFault(budget: PodDisruptionBudget, pods: readonly Pod[], dead: Dead): string | null {
  const name = nameOf(budget);
  const own = pods.filter((pod) => pod.metadata.labels?.['app'] === name);
  // Whose owner is gone while a dead node keeps the pod: then nothing can be said of how many there ought to be.
  if (own.some(({ spec }) => dead.has(spec.nodeName ?? ''))) return null;
  const { observedGeneration, currentHealthy, disruptedPods = {} } = budget.status ?? {};
  // An eviction that was granted, and whose deletion then failed, counts as done for two minutes.
  const healthy = own.filter(
    (pod) =>
      isConditionTrue(pod.status?.conditions, 'Ready') &&
      !isBeingDeleted(pod) &&
      !Object.hasOwn(disruptedPods, nameOf(pod)),
  );
  if (observedGeneration === budget.metadata.generation && currentHealthy === healthy.length) return null;
  return `budget ${name} says ${currentHealthy} healthy of ${healthy.length}`;
}

function isAsAsked(pod: Pod, template: PodTemplateSpec): boolean {
  return (
    !isBeingDeleted(pod) &&
    pod.status?.phase === 'Running' &&
    isConditionTrue(pod.status.conditions, 'Ready') &&
    pod.spec.containers[0]?.image === template.spec?.containers[0]?.image
  );
}

/** Pods that are going must be gone, unless their node is dead, and no pod is without an owner. */
function strayFault(pod: Pod, owners: ReadonlySet<string>, dead: Dead): string | null {
  const owner = controllerOf(pod);
  if (dead.has(pod.spec.nodeName ?? '')) return null;
  if (isBeingDeleted(pod)) return `${nameOf(pod)} is still terminating`;
  return owners.has(owner?.uid ?? '') ? null : `${nameOf(pod)} has no ${owner?.kind} any more`;
}
