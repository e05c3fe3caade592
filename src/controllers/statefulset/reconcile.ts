/**
 * Keeps one pod for each ordinal of a stateful set, with a name and claims of its own. At most one pod of an ordinal exists at any time, because
 * its name is fixed and the next one is made only when the last is gone from the API.
 * Models kubernetes pkg/controller/statefulset/stateful_set{,_control}.go and stateful_pod_control.go.
 */
import { isBeingDeleted, type KubeObject, labelsOf, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { Status } from '../../api/status.ts';
import type { ControllerRevision } from '../../kinds/controllerrevision/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { StatefulSet } from '../../kinds/statefulset/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { claimWrites } from '../ownership.ts';
import { create, type EventRecord, type Plan, patch, plan, remove, update, type Write } from '../plan.ts';
import { podFailure, slowlyStarted } from '../pod-control.ts';
import { nextAvailableInMs } from '../pod-state.ts';
import {
  controllerRevisionResource,
  persistentVolumeClaimResource,
  podResource,
  statefulSetResource,
} from '../resources.ts';
import { prunedRevisions, type RevisionHistory, revisionHistory } from '../revision-history.ts';
import {
  claimName,
  claimOf,
  claimOwners,
  claimTemplatesOf,
  correctedOwners,
  identityLabels,
  isStaleClaim,
  ordinalOf,
  podOf,
  revisionOf,
} from './identity.ts';
import type { StatefulSetObserved } from './observe.ts';
import { nextStep, type Ranks, ranksOf, type Step } from './order.ts';
import { isSameStatus, statefulSetStatus } from './status.ts';

const hashLabel = 'controller.kubernetes.io/hash';

export function reconcileStatefulSet(observed: StatefulSetObserved, context: ReconcileContext): Plan {
  const { set } = observed;
  const pods = [...observed.pods.owned, ...observed.pods.adopted].filter((pod) => ordinalOf(set, pod) !== undefined);
  const history = historyOf(observed);
  const { present, collisionCount } = history;
  const head: Write[] = [
    ...claimWrites(set, podResource, observed.pods),
    ...claimWrites(set, controllerRevisionResource, observed.revisions),
    ...(isBeingDeleted(set) ? [] : history.writes),
  ];
  if (present === null) return plan([[...head, ...collisionWrite(set, collisionCount)]]);
  const current = currentOf(set, history, present);
  const { wallMs } = context;
  const status = statefulSetStatus(set, { pods, current, present, collisionCount, wallMs });
  if (!isSameStatus(set.status, status)) {
    head.push(update(statefulSetResource, { ...set, status } as StatefulSet, 'status'));
  }
  if (isBeingDeleted(set)) return plan([head]);
  const ranks = ranksOf(set, pods);
  const isBlocked = (name: string): boolean => hasStaleClaim(observed, name);
  const step = nextStep(set, ranks, nameOf(present), isBlocked, wallMs);
  const made = step.creations.map((ordinal) => podOf(set, revisionFor(set, ordinal, current, present), ordinal));
  const waitMs = nextAvailableInMs(pods, set.spec.minReadySeconds ?? 0, wallMs);
  const groups = [
    [
      ...head,
      ...identityWrites(set, ranks),
      ...retentionWrites(observed, ranks),
      ...claimCreations(observed, ranks, step),
    ],
    [...step.recreations, ...step.deletions].map((pod) => remove(podResource, pod)),
    ...slowlyStarted(made.map((pod) => create(podResource, pod))),
    pruned(set, history, pods, current),
  ];
  return plan(groups, {
    events: eventsOf(observed, step, made, context),
    ...(waitMs === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs: waitMs }),
  });
}

function historyOf({ set, revisions, isRevisionNameTaken }: StatefulSetObserved): RevisionHistory {
  const collisionCount = set.status?.collisionCount ?? 0;
  const source = { owner: set, template: set.spec.template, hashLabel, collisionCount };
  return revisionHistory(source, [...revisions.owned, ...revisions.adopted], isRevisionNameTaken);
}

function collisionWrite(set: StatefulSet, collisionCount: number): readonly Write[] {
  const status = { replicas: 0, ...set.status, collisionCount };
  return isBeingDeleted(set) ? [] : [update(statefulSetResource, { ...set, status } as StatefulSet, 'status')];
}

/** The revision from which an update comes; without one, there is no update. */
function currentOf({ status }: StatefulSet, history: RevisionHistory, present: ControllerRevision): ControllerRevision {
  return history.others.find((revision) => nameOf(revision) === status?.currentRevision) ?? present;
}

/** Below the partition pods keep the current revision, also when they are made anew. */
function revisionFor(
  { spec }: StatefulSet,
  ordinal: number,
  current: ControllerRevision,
  present: ControllerRevision,
): ControllerRevision {
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  if (type === 'OnDelete') return present;
  const partition = (spec.ordinals?.start ?? 0) + (rollingUpdate?.partition ?? 0);
  return ordinal < partition ? current : present;
}

/** A pod that was adopted may lack the labels of its identity. */
function identityWrites(set: StatefulSet, { start, replicas }: Ranks): readonly Write[] {
  return replicas.flatMap((pod, index): readonly Write[] => {
    if (pod === null || isBeingDeleted(pod)) return [];
    const labels = identityLabels(set, start + index);
    if (Object.entries(labels).every(([key, value]) => labelsOf(pod)[key] === value)) return [];
    return [patch(podResource, pod, { metadata: { uid: uidOf(pod), labels } }, { accepts: [404, 409] })];
  });
}

/** The claims of pods that are made now, and of pods that wait: without them they would wait for ever. */
function claimCreations(
  { set, claimNamed }: StatefulSetObserved,
  { start, replicas }: Ranks,
  step: Step,
): readonly Write[] {
  const waiting = replicas.flatMap((pod, index) =>
    pod !== null && !isBeingDeleted(pod) && pod.status?.phase === 'Pending' ? [start + index] : [],
  );
  return [...new Set([...step.creations, ...waiting])].flatMap((ordinal) =>
    claimTemplatesOf(set)
      .filter((template) => claimNamed(claimName(template, set, ordinal)) === undefined)
      .map((template) => create(persistentVolumeClaimResource, claimOf(template, set, ordinal), [409])),
  );
}

/** Owners of claims: who must be gone for them to go too. Written before the pods that they name are deleted. */
function retentionWrites({ set, claimNamed }: StatefulSetObserved, ranks: Ranks): readonly Write[] {
  const living = ranks.replicas.filter((pod) => pod !== null);
  return [...living, ...ranks.condemned].flatMap((pod) => {
    const wanted = claimOwners(set, pod, ranks.condemned.includes(pod));
    return claimsOf(set, nameOf(pod), claimNamed).flatMap((claim): readonly Write[] => {
      const owners = correctedOwners(claim, set, pod, wanted);
      if (owners === null) return [];
      const { uid, resourceVersion } = claim.metadata;
      const body = { metadata: { uid, resourceVersion, ownerReferences: owners } };
      return [patch(persistentVolumeClaimResource, claim, body, { accepts: [404] })];
    });
  });
}

function hasStaleClaim({ set, claimNamed }: StatefulSetObserved, name: string): boolean {
  return claimsOf(set, name, claimNamed).some((claim) => isStaleClaim(claim, name, undefined));
}

/** The claims that exist for the pod of that name. */
function claimsOf(set: StatefulSet, pod: string, claimNamed: StatefulSetObserved['claimNamed']): readonly KubeObject[] {
  return claimTemplatesOf(set).flatMap((template) => claimNamed(`${nameOf(template)}-${pod}`) ?? []);
}

/** Revisions that pods still stand at stay, beyond the limit too. */
function pruned(
  { spec }: StatefulSet,
  history: RevisionHistory,
  pods: readonly Pod[],
  current: ControllerRevision,
): readonly Write[] {
  const used = new Set([nameOf(current), ...pods.map(revisionOf)]);
  return prunedRevisions(history, (revision) => used.has(nameOf(revision)), spec.revisionHistoryLimit ?? 10);
}

function eventsOf(
  { set }: StatefulSetObserved,
  step: Step,
  made: readonly Pod[],
  context: ReconcileContext,
): readonly EventRecord[] {
  const failure = podFailure(context);
  const tell = (type: EventRecord['type'], reason: string, message: string): EventRecord => ({
    object: set,
    type,
    reason,
    message,
  });
  const done = (verb: string, pod: Pod): string =>
    `${verb} Pod ${nameOf(pod)} in StatefulSet ${nameOf(set)} successful`;
  const again = (pod: Pod): EventRecord => {
    const place = `StatefulSet ${namespaceOf(set)}/${nameOf(set)}`;
    return pod.status?.phase === 'Failed'
      ? tell('Warning', 'RecreatingFailedPod', `${place} is recreating failed Pod ${nameOf(pod)}`)
      : tell('Normal', 'RecreatingTerminatedPod', `${place} is recreating terminated Pod ${nameOf(pod)}`);
  };
  return [
    ...(failure === null || made.length === 0 ? [] : [refusal(set, made, failure)]),
    ...step.recreations.map(again),
    ...[...step.recreations, ...step.deletions].map((pod) => tell('Normal', 'SuccessfulDelete', done('delete', pod))),
    ...made.map((pod) => tell('Normal', 'SuccessfulCreate', done('create', pod))),
  ];
}

function refusal(set: StatefulSet, made: readonly Pod[], failure: Status): EventRecord {
  const pods = made.map(nameOf).join(', ');
  const message = `create Pod ${pods} in StatefulSet ${nameOf(set)} failed error: ${failure.message ?? ''}`;
  return { object: set, type: 'Warning', reason: 'FailedCreate', message, isOfFailure: true };
}
