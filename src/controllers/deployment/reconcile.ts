/**
 * Leads a deployment from one template to the next: one replica set per template, the current one growing as the others shrink. One step
 * per reconcile, as upstream: first make the current replica set, then grow it, then shrink the others, each when the one before has
 * shown in the statuses. Models kubernetes pkg/controller/deployment/{deployment_controller,sync,rolling,recreate}.go.
 */
import { equalSemantic } from '../../api/json.ts';
import { annotationsOf, controllerReference, isBeingDeleted, nameOf, namespaceOf } from '../../api/object-meta.ts';
import { type Condition, findCondition } from '../../kinds/condition.ts';
import type { Deployment } from '../../kinds/deployment/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { claimWrites } from '../ownership.ts';
import { create, type EventRecord, nothingToDo, type Plan, plan, remove, update, type Write } from '../plan.ts';
import { deploymentResource, replicaSetResource } from '../resources.ts';
import { currentAnnotations, revisionAnnotation, rolloutRevision, sizeAnnotations } from './annotations.ts';
import { deadlineInMs, hasDeadline, isComplete, withPauseNoted, withProgress } from './conditions.ts';
import { type DeploymentObserved, replicaSetsOf } from './observe.ts';
import {
  currentSize,
  emptied,
  isRolling,
  maxSurge,
  type ReplicaSets,
  replicasOf,
  type Sizes,
  scaledSizes,
  shrunkenOld,
  wasScaled,
} from './sizes.ts';
import { deploymentStatus } from './status.ts';
import { templateHash, templateHashLabel, withTemplateHash } from './template.ts';

/** What one reconcile has decided so far. */
interface Draft {
  readonly deployment: Deployment;
  readonly context: ReconcileContext;
  sets: ReplicaSets;
  conditions: readonly Condition[];
  collisionCount: number | undefined;
  revision: number;
  readonly writes: Write[];
  readonly events: EventRecord[];
}

export function reconcileDeployment(observed: DeploymentObserved, context: ReconcileContext): Plan {
  const { deployment } = observed;
  if (isSelectorEmpty(deployment)) return nothingToDo;
  const draft: Draft = {
    deployment,
    context,
    sets: replicaSetsOf(observed),
    conditions: deployment.status?.conditions ?? [],
    collisionCount: deployment.status?.collisionCount,
    revision: rolloutRevision(deployment),
    writes: claimWrites(deployment, replicaSetResource, observed.claim),
    events: [],
  };
  if (isBeingDeleted(deployment)) return finish(draft, false);
  draft.conditions = withPauseNoted(deployment, context.wallMs);
  if (deployment.spec.paused === true || wasScaled(deployment, draft.sets)) return scale(draft);
  return isRolling(deployment) ? roll(draft, observed) : recreate(draft, observed);
}

/** Scaling, and whatever happens while paused: sizes change, templates do not. */
function scale(draft: Draft): Plan {
  const { deployment, sets } = draft;
  noteCurrent(draft);
  const sizes = scaledSizes(deployment, draft.sets);
  resize(draft, sizes);
  if (deployment.spec.paused === true) removeHistory(draft, sets.old);
  return finish(draft, false);
}

function roll(draft: Draft, observed: DeploymentObserved): Plan {
  const { deployment } = draft;
  if (!ensureCurrent(draft, observed)) return finish(draft, true);
  const { current } = draft.sets;
  if (current !== null && replicasOf(current) !== currentSize(deployment, draft.sets)) {
    resize(draft, new Map([[current, currentSize(deployment, draft.sets)]]));
    return finish(draft, true);
  }
  const shrunken = shrunkenOld(deployment, draft.sets);
  resize(draft, shrunken);
  if (shrunken.size === 0) removeHistoryIfComplete(draft);
  return finish(draft, true);
}

/** No pod of the new template starts before the last one of the old is gone. */
function recreate(draft: Draft, observed: DeploymentObserved): Plan {
  const { deployment } = draft;
  const shrunken = emptied(draft.sets.old);
  if (shrunken.size > 0 || observed.oldPodsRun) {
    noteCurrent(draft);
    resize(draft, shrunken);
    return finish(draft, true);
  }
  if (!ensureCurrent(draft, observed)) return finish(draft, true);
  const { current } = draft.sets;
  if (current !== null) resize(draft, new Map([[current, replicasOf(deployment)]]));
  removeHistoryIfComplete(draft);
  return finish(draft, true);
}

/** Makes the current replica set if there is none; false when it was made now, or its name is taken. */
function ensureCurrent(draft: Draft, observed: DeploymentObserved): boolean {
  if (draft.sets.current !== null) {
    noteCurrent(draft);
    return true;
  }
  const { deployment, sets } = draft;
  const hash = templateHash(deployment.spec.template, draft.collisionCount ?? 0);
  const name = `${nameOf(deployment)}-${hash}`;
  if (observed.isNameTaken(name)) {
    draft.collisionCount = (draft.collisionCount ?? 0) + 1;
    return false;
  }
  draft.revision = nextRevision(sets);
  const size = currentSize(deployment, sets);
  draft.writes.push(create(replicaSetResource, newReplicaSet(draft, name, hash, size)));
  if (size > 0) draft.events.push(scaledEvent(deployment, name, 0, size));
  noteCreation(draft, name);
  return false;
}

function noteCreation(draft: Draft, name: string): void {
  const { deployment, context } = draft;
  if (!hasDeadline(deployment)) return;
  const { failure, wallMs } = context;
  const isRefused = failure?.write.verb === 'create' && failure.status.reason !== 'AlreadyExists';
  draft.conditions = isRefused
    ? withProgress(draft.conditions, 'False', 'ReplicaSetCreateError', failure.status.message ?? '', wallMs)
    : withProgress(draft.conditions, 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`, wallMs);
}

function newReplicaSet({ deployment, revision }: Draft, name: string, hash: string, size: number): ReplicaSet {
  const { spec } = deployment;
  const { selector = {}, minReadySeconds } = spec;
  const template = withTemplateHash(spec.template, hash);
  const desired = replicasOf(deployment);
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: namespaceOf(deployment),
      labels: template.metadata?.labels ?? {},
      annotations: {
        ...currentAnnotations(deployment, {}, revision),
        ...sizeAnnotations(desired, desired + maxSurge(deployment)),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: size,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [templateHashLabel]: hash } },
      template,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    },
  };
}

/** Gives the current replica set the deployment's annotations, revision and minReadySeconds. */
function noteCurrent(draft: Draft): void {
  const { deployment, sets, context } = draft;
  const { current, old } = sets;
  if (current === null) return;
  const annotations = currentAnnotations(deployment, annotationsOf(current), nextRevision({ current, old }));
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  draft.revision = Number(annotations[revisionAnnotation] ?? 0);
  if (hasDeadline(deployment) && findCondition(draft.conditions, 'Progressing') === undefined) {
    const message = `Found new replica set "${nameOf(current)}"`;
    draft.conditions = withProgress(draft.conditions, 'True', 'FoundNewReplicaSet', message, context.wallMs);
  }
  const isSame = (current.spec.minReadySeconds ?? 0) === minReadySeconds;
  if (isSame && equalSemantic(annotations, annotationsOf(current))) return;
  const next: ReplicaSet = {
    ...current,
    metadata: { ...current.metadata, annotations },
    spec: { ...current.spec, minReadySeconds },
  };
  draft.sets = { current: next, old };
  draft.writes.push(update(replicaSetResource, next));
}

/** Revisions count up over all templates a deployment ever had. */
function nextRevision({ old }: ReplicaSets): number {
  return Math.max(0, ...old.map(rolloutRevision)) + 1;
}

function resize(draft: Draft, sizes: Sizes): void {
  const { deployment } = draft;
  const desired = replicasOf(deployment);
  const marks = sizeAnnotations(desired, desired + maxSurge(deployment));
  for (const [set, size] of sizes) {
    const known = annotationsOf(set);
    const isMarked = Object.entries(marks).every(([key, value]) => known[key] === value);
    if (replicasOf(set) === size && isMarked) continue;
    const next: ReplicaSet = {
      ...set,
      metadata: { ...set.metadata, annotations: { ...known, ...marks } },
      spec: { ...set.spec, replicas: size },
    };
    // A write of the same replica set that is planned already is replaced: both would carry the same resourceVersion.
    const planned = draft.writes.findIndex((write) => write.body === set);
    if (planned === -1) draft.writes.push(update(replicaSetResource, next));
    else draft.writes[planned] = update(replicaSetResource, next);
    if (replicasOf(set) !== size) draft.events.push(scaledEvent(deployment, nameOf(set), replicasOf(set), size));
  }
}

function scaledEvent(deployment: Deployment, name: string, from: number, to: number): EventRecord {
  const direction = to > from ? 'up' : 'down';
  const message = `Scaled ${direction} replica set ${name} from ${from} to ${to}`;
  return { object: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message };
}

function removeHistoryIfComplete(draft: Draft): void {
  const { deployment, sets } = draft;
  if (isComplete(deployment, deployment.status ?? {})) removeHistory(draft, sets.old);
}

/** Deletes the oldest replica sets beyond the limit that have no pods left. */
function removeHistory(draft: Draft, old: readonly ReplicaSet[]): void {
  const living = old.filter((set) => !isBeingDeleted(set));
  const excess = living.length - (draft.deployment.spec.revisionHistoryLimit ?? 10);
  if (excess <= 0) return;
  const sorted = [...living].sort((left, right) => rolloutRevision(left) - rolloutRevision(right));
  for (const set of sorted.slice(0, excess)) {
    const isIdle = (set.status?.replicas ?? 0) === 0 && replicasOf(set) === 0;
    const isObserved = (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0);
    if (isIdle && isObserved) draft.writes.push(remove(replicaSetResource, set));
  }
}

function finish(draft: Draft, judgesProgress: boolean): Plan {
  const { deployment, sets, conditions, collisionCount, context, writes, events } = draft;
  const { wallMs } = context;
  const status = deploymentStatus(deployment, { sets, conditions, collisionCount, judgesProgress, wallMs });
  const annotations = { ...annotationsOf(deployment) };
  if (draft.revision > 0) annotations[revisionAnnotation] = String(draft.revision);
  const isSame =
    equalSemantic(status, withZeros(deployment)) &&
    annotations[revisionAnnotation] === annotationsOf(deployment)[revisionAnnotation];
  const next: Deployment = { ...deployment, metadata: { ...deployment.metadata, annotations }, status };
  const statusWrites = isSame ? [] : [update(deploymentResource, next, 'status')];
  const dueMs = deadlineInMs(deployment, findCondition(status.conditions, 'Progressing'), wallMs);
  const isWaiting =
    judgesProgress && dueMs > 0 && dueMs !== Number.POSITIVE_INFINITY && !isComplete(deployment, status);
  return plan([[...writes, ...statusWrites]], { events, ...(isWaiting ? { requeueAfterMs: dueMs + 1_000 } : {}) });
}

/** The status with the numbers that the API leaves out because they are zero. */
function withZeros({ status }: Deployment): Deployment['status'] {
  const none = { replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0, unavailableReplicas: 0 };
  return { observedGeneration: 0, ...none, terminatingReplicas: 0, ...status };
}

function isSelectorEmpty({ spec }: Deployment): boolean {
  const { matchLabels = {}, matchExpressions = [] } = spec.selector ?? {};
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
