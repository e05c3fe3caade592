/** Invariants of a cluster, read from its chronicle. */
import { controllerOf, isBeingDeleted, nameOf, uidOf } from '../../../src/api/object-meta.ts';
import { findCondition } from '../../../src/kinds/condition.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { ReplicaSet } from '../../../src/kinds/replicaset/types.ts';
import type { Acknowledged } from './attempts.ts';
import type { Chronicle } from './chronicle.ts';

/** A pod is bound once, and never to another node. */
export function checkBindings(chronicle: Chronicle): string[] {
  const nodeOf = new Map<string, string>();
  return chronicle.of('pods').flatMap(({ object, revision }) => {
    if (object === null) return [];
    const node = (object as Pod).spec.nodeName ?? '';
    const known = nodeOf.get(uidOf(object));
    if (node !== '') nodeOf.set(uidOf(object), node);
    if (known === undefined || known === node) return [];
    return [`${nameOf(object)} was bound to ${known}, and at ${revision} to ${node}`];
  });
}

/** Whatever happens to masters and other nodes: where nothing was touched, containers run on, and nobody is evicted. */
export function checkUntouched(chronicle: Chronicle, untouched: ReadonlySet<string>): string[] {
  const containers = new Map<string, string>();
  const violations: string[] = [];
  for (const { object, revision } of chronicle.of('pods')) {
    if (object === null) continue;
    const pod = object as Pod;
    const node = pod.spec.nodeName ?? '';
    if (!untouched.has(node)) continue;
    const where = `${nameOf(pod)} on untouched ${node} at ${revision}`;
    const disruption = findCondition(pod.status?.conditions, 'DisruptionTarget');
    if (disruption?.status === 'True') violations.push(`${where} was evicted: ${disruption.reason}`);
    for (const { containerID = '', restartCount } of pod.status?.containerStatuses ?? []) {
      const known = containers.get(uidOf(pod));
      if (containerID !== '') containers.set(uidOf(pod), containerID);
      if (restartCount > 0) violations.push(`${where} was restarted`);
      if (known !== undefined && containerID !== known && containerID !== '')
        violations.push(`${where} has another container`);
    }
  }
  return [...new Set(violations)];
}

/** A ReplicaSet's controller, which sees its own creations late, makes no more pods than were ever wanted of late. */
export function checkReplicaSets(chronicle: Chronicle): string[] {
  const wanted = new Map<string, { readonly atMs: number; readonly replicas: number }[]>();
  const pods = new Map<string, Set<string>>();
  const violations: string[] = [];
  for (const { object, previous, revision, atMs, resource } of chronicle.entries) {
    if (resource === 'replicasets' && object !== null) {
      const history = wanted.get(uidOf(object)) ?? [];
      wanted.set(uidOf(object), history);
      history.push({ atMs, replicas: (object as ReplicaSet).spec.replicas ?? 1 });
    }
    if (resource !== 'pods') continue;
    const pod = (object ?? previous) as Pod | null;
    const owner = pod === null ? undefined : controllerOf(pod)?.uid;
    // Others than ReplicaSets have rules of their own.
    if (pod === null || owner === undefined || !wanted.has(owner)) continue;
    const owned = pods.get(owner) ?? new Set<string>();
    pods.set(owner, owned);
    if (object === null || isBeingDeleted(pod) || isDone(pod)) {
      owned.delete(uidOf(pod));
      continue;
    }
    if (owned.has(uidOf(pod))) continue;
    owned.add(uidOf(pod));
    const limit = mostWantedOfLate(wanted.get(owner) ?? [], atMs);
    if (owned.size > limit) violations.push(`${nameOf(pod)} at ${revision} is pod ${owned.size} of ${limit} wanted`);
  }
  return violations;
}

function isDone(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

/** A controller may act on what was wanted until its own elected time ran out. */
const staleMs = 3_000;

function mostWantedOfLate(
  history: readonly { readonly atMs: number; readonly replicas: number }[],
  atMs: number,
): number {
  let most = 0;
  for (const [index, { replicas }] of history.entries()) {
    const endMs = history[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
    if (endMs >= atMs - staleMs) most = Math.max(most, replicas);
  }
  return most;
}

/** What was acknowledged is in the chronicle, at the revision that was answered or before, if it changed nothing. */
export function checkAcknowledged(chronicle: Chronicle, acknowledged: readonly Acknowledged[]): string[] {
  const written = new Set(chronicle.entries.map(({ key, revision }) => `${key.split('/').at(-1)}@${revision}`));
  return acknowledged.flatMap(({ what, name, revision }) =>
    written.has(`${name}@${revision}`) ? [] : [`${what} was acknowledged at ${revision} and is lost`],
  );
}
