/** Invariants of StatefulSets, DaemonSets, Jobs and disruption budgets, read from the chronicle. */
import { controllerOf, isBeingDeleted, nameOf, uidOf } from '../../../src/api/object-meta.ts';
import { findCondition, isConditionTrue } from '../../../src/kinds/condition.ts';
import type { Job } from '../../../src/kinds/job/types.ts';
import type { PersistentVolume } from '../../../src/kinds/persistentvolume/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../../../src/kinds/poddisruptionbudget/types.ts';
import type { VolumeAttachment } from '../../../src/kinds/volumeattachment/types.ts';
import type { Chronicle } from './chronicle.ts';

/**
 * A pod that was bound leaves the API only when its node has said that its containers have ended, or that they never began. So a name
 * is free only when nothing runs under it any more: at most one pod per ordinal of a StatefulSet, also under partitions.
 */
export function checkAtMostOne(chronicle: Chronicle): string[] {
  return chronicle.of('pods').flatMap(({ object, previous, revision }) => {
    if (object !== null || previous === null) return [];
    const pod = previous as Pod;
    if ((pod.spec.nodeName ?? '') === '') return [];
    const running = (pod.status?.containerStatuses ?? []).filter(({ state }) => state?.running !== undefined);
    return running.length === 0 ? [] : [`${nameOf(pod)} was removed at ${revision} while its containers ran`];
  });
}

/** Never two pods of a DaemonSet on one node, but for one that is going. */
export function checkDaemons(chronicle: Chronicle): string[] {
  const places = new Map<string, Set<string>>();
  return chronicle.of('pods').flatMap(({ object, previous, revision }) => {
    const pod = (object ?? previous) as Pod;
    const owner = controllerOf(pod);
    if (owner?.kind !== 'DaemonSet') return [];
    const place = `${owner.name} on ${targetOf(pod)}`;
    const present = places.get(place) ?? new Set<string>();
    places.set(place, present);
    const { phase } = pod.status ?? {};
    const counts = object !== null && !isBeingDeleted(pod) && phase !== 'Failed' && phase !== 'Succeeded';
    if (!counts) present.delete(uidOf(pod));
    else if (!present.has(uidOf(pod))) {
      present.add(uidOf(pod));
      if (present.size > 1) return [`${nameOf(pod)} at ${revision} is pod ${present.size} of ${place}`];
    }
    return [];
  });
}

/** The node that a daemon was made for: the scheduler only confirms it. */
function targetOf({ spec }: Pod): string {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms?.[0]?.matchFields?.[0]?.values?.[0] ?? spec.nodeName ?? '';
}

/** A Job's counts only grow, count no pod that did not succeed, and never exceed what was asked for. */
export function checkJobs(chronicle: Chronicle): string[] {
  const succeeded = new Map<string, Set<string>>();
  for (const { object } of chronicle.of('pods')) {
    if (object === null || (object as Pod).status?.phase !== 'Succeeded') continue;
    const owner = controllerOf(object)?.uid ?? '';
    succeeded.set(owner, (succeeded.get(owner) ?? new Set<string>()).add(uidOf(object)));
  }
  return chronicle.of('jobs').flatMap(({ object, previous, revision }) => {
    if (object === null) return [];
    const { spec, status } = object as Job;
    const count = status?.succeeded ?? 0;
    const before = uidOf(previous ?? object) === uidOf(object) ? ((previous as Job | null)?.status?.succeeded ?? 0) : 0;
    const where = `${nameOf(object)} at ${revision}`;
    if (count < before) return [`${where} counts ${count} after ${before}`];
    if (count > (spec.completions ?? 1)) return [`${where} counts ${count} of ${spec.completions}`];
    const real = succeeded.get(uidOf(object))?.size ?? 0;
    return count > real ? [`${where} counts ${count}, and ${real} pods ever succeeded`] : [];
  });
}

/** No budget is overdrawn, and a healthy pod goes by request only if its budget has granted that very pod. */
export function checkBudgets(chronicle: Chronicle): string[] {
  const budgets = new Map<string, PodDisruptionBudget>();
  const violations: string[] = [];
  for (const { resource, object, previous, revision } of chronicle.entries) {
    if (resource === 'poddisruptionbudgets') {
      const name = nameOf(object ?? (previous as PodDisruptionBudget));
      if (object === null) budgets.delete(name);
      else budgets.set(name, object as PodDisruptionBudget);
      const allowed = (object as PodDisruptionBudget | null)?.status?.disruptionsAllowed ?? 0;
      if (allowed < 0) violations.push(`budget ${name} at ${revision} allows ${allowed}`);
    } else if (resource === 'pods' && object !== null && previous !== null) {
      const wrong = evictionFault(object as Pod, previous as Pod, budgets);
      if (wrong !== null) violations.push(`${wrong} at ${revision}`);
    }
  }
  return violations;
}

function evictionFault(pod: Pod, before: Pod, budgets: ReadonlyMap<string, PodDisruptionBudget>): string | null {
  const reason = 'EvictionByEvictionAPI';
  const wasMarked = findCondition(before.status?.conditions, 'DisruptionTarget')?.reason === reason;
  const isMarked = findCondition(pod.status?.conditions, 'DisruptionTarget')?.reason === reason;
  if (wasMarked || !isMarked || !isConditionTrue(before.status?.conditions, 'Ready')) return null;
  const budget = budgets.get(pod.metadata.labels?.['app'] ?? '');
  if (budget === undefined || nameOf(pod) in (budget.status?.disruptedPods ?? {})) return null;
  return `${nameOf(pod)} was evicted without a grant of its budget`;
}

/** A disk is at no two nodes at once, and is never handed from one claim to another. */
export function checkDisks(chronicle: Chronicle): string[] {
  const holders = new Map<string, string>();
  const claims = new Map<string, string>();
  return chronicle.entries.flatMap(({ resource, object, previous, revision }) => {
    if (resource === 'volumeattachments') {
      const { spec, status } = (object ?? previous) as unknown as VolumeAttachment;
      const disk = spec.source.persistentVolumeName ?? '';
      const holder = holders.get(disk);
      if (object === null && holder === spec.nodeName) holders.delete(disk);
      if (object === null || status?.attached !== true || holder === spec.nodeName) return [];
      holders.set(disk, spec.nodeName);
      return holder === undefined ? [] : [`${disk} at ${revision} is attached to ${holder} and ${spec.nodeName}`];
    }
    if (resource !== 'persistentvolumes' || object === null) return [];
    const { uid = '' } = (object as PersistentVolume).spec?.claimRef ?? {};
    const former = claims.get(nameOf(object)) ?? uid;
    claims.set(nameOf(object), former || uid);
    return former === uid || former === '' ? [] : [`${nameOf(object)} at ${revision} goes from ${former} to ${uid}`];
  });
}
