/**
 * pods/eviction: a deletion that is asked for politely. A disruption budget that selects the pod must have a disruption left, which is
 * taken from it before the pod goes. Models kubernetes pkg/registry/core/pod/storage/eviction.go.
 */
import type { Flow } from '../actor/flow.ts';
import { isJsonObject, type Mutable } from '../api/json.ts';
import { compileLabelSelector, matchesLabels } from '../api/label-selector.ts';
import { type AnyObject, isBeingDeleted, labelsOf, nameOf, namespaceOf } from '../api/object-meta.ts';
import type { DeleteOptions } from '../api/request.ts';
import { StatusError } from '../api/status.ts';
import { badRequest, forbidden } from '../api/status-errors.ts';
import type { WallMs } from '../base/brand.ts';
import { timestampSeconds } from '../base/time.ts';
import { deleteOptions } from '../http/options.ts';
import { type Condition, isConditionTrue, withCondition } from '../kinds/condition.ts';
import { deleteOptionsOfBody } from '../kinds/delete-options.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../kinds/poddisruptionbudget/types.ts';
import { type Answer, completeJson } from './answer.ts';
import { createdStatus } from './binding.ts';
import type { CacheEntry } from './cache-entry.ts';
import { bodyOf, type Call } from './call.ts';
import { change, type Decision, type Target } from './change.ts';
import { checkPreconditions, deleteObject } from './delete.ts';
import type { Environment } from './environment.ts';
import { readEntry } from './get.ts';
import { disruptedPodsMax, evictionAttemptsMax } from './limits.ts';
import { targetOf } from './update.ts';

const budgetResource = { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' };
const idleStatus: PodDisruptionBudgetStatus = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0 };
const violation = "Cannot evict pod as it would violate the pod's disruption budget.";
/** A budget whose controller has not seen its latest version is asked again after this time. */
const unobservedRetrySeconds = 10;

export function* handleEviction(environment: Environment, call: Call): Flow<Answer> {
  const body = bodyOf(call);
  if (!isJsonObject(body)) throw badRequest('the body of an eviction must be an object');
  const named = (isJsonObject(body['metadata']) ? body['metadata']['name'] : undefined) ?? call.request.name;
  if (named !== call.request.name) throw badRequest('name in URL does not match name in Eviction object');
  const given = body['deleteOptions'];
  const options =
    given === undefined || given === null ? deleteOptions(call.query) : deleteOptionsOfBody(given, environment.schemas);
  const target = targetOf(call, options.isDryRun || call.query.has('dryRun'));
  for (let attempt = 1; !(yield* grantAndMark(environment, call, target, options)); attempt += 1) {
    if (attempt === evictionAttemptsMax) throw refused('The pod changes faster than it can be judged.', 0);
  }
  // The mark made another version of the one that was asked for.
  const { uid } = options.preconditions;
  yield* deleteObject(environment, target, { ...options, preconditions: uid === undefined ? {} : { uid } });
  return completeJson(201, createdStatus);
}

/** Returns false when the pod was judged to need no grant and has changed since: then it is to be judged again. */
function* grantAndMark(environment: Environment, call: Call, target: Target, options: DeleteOptions): Flow<boolean> {
  const judged = yield* readEntry(environment, call);
  // No budget is charged for a pod that nobody meant.
  checkPreconditions(target.served, judged, judged.object, options);
  const pod = judged.object as unknown as Pod;
  const isGranted = !needsNoBudget(pod) && (yield* takeDisruption(environment, target, pod));
  let isStale = false;
  yield* change(environment, target, (current) => {
    checkPreconditions(target.served, current, current.object, options);
    isStale = !isGranted && current.revision !== judged.revision;
    return isStale ? { type: 'keep' } : markDisrupted(current, environment.stamp.wallMs);
  });
  return !isStale;
}

/** Nothing is disrupted by the end of a pod that does not run. */
function needsNoBudget(pod: Pod): boolean {
  const phase = pod.status?.phase ?? 'Pending';
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || isBeingDeleted(pod);
}

/**
 * Takes one disruption from the budget that selects the pod. Returns false when a budget lets the pod go for nothing, because it is not ready.
 * Throws StatusError TooManyRequests when the budget has none left.
 */
function* takeDisruption(environment: Environment, { fence, isDryRun }: Target, pod: Pod): Flow<boolean> {
  const [entry, ...others] = budgetsOf(environment, pod);
  if (entry === undefined) return true;
  if (others.length > 0) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new StatusError(500, 'InternalError', message);
  }
  const served = environment.catalog.mustServe(budgetResource);
  const target = { served, namespace: entry.namespace, name: entry.name, fence, isDryRun };
  const changed = yield* change(environment, target, (current) =>
    decideDisruption(current, pod, environment.stamp.wallMs),
  );
  return changed.type === 'written';
}

function budgetsOf(environment: Environment, pod: Pod): readonly CacheEntry[] {
  const { stored } = environment.catalog.mustServe(budgetResource);
  return environment.cache.entriesOf(stored, namespaceOf(pod)).filter((entry) => {
    const { spec } = entry.object as unknown as PodDisruptionBudget;
    return spec?.selector !== undefined && matchesLabels(compileLabelSelector(spec.selector), labelsOf(pod));
  });
}

function decideDisruption(current: CacheEntry, pod: Pod, wallMs: WallMs): Decision {
  const budget = current.object as unknown as PodDisruptionBudget;
  const status = budget.status ?? idleStatus;
  if (
    !isConditionTrue(pod.status?.conditions, 'Ready') &&
    mayGoUnready(budget.spec?.unhealthyPodEvictionPolicy, status)
  )
    return { type: 'keep' };
  checkBudget(budget, status);
  const left = status.disruptionsAllowed - 1;
  const disruptedPods = { ...status.disruptedPods, [nameOf(pod)]: timestampSeconds(wallMs) };
  const taken = { ...status, disruptedPods, disruptionsAllowed: left };
  const conditions = left > 0 ? status.conditions : withCondition(status.conditions, exhausted(budget, wallMs));
  const next = { ...budget, status: { ...taken, ...(conditions === undefined ? {} : { conditions }) } };
  return { type: 'write', object: next as unknown as AnyObject };
}

/** A pod that is not ready counts for nothing in a budget that holds without it. */
function mayGoUnready(
  policy: string | undefined,
  { currentHealthy, desiredHealthy }: PodDisruptionBudgetStatus,
): boolean {
  return policy === 'AlwaysAllow' || (currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

function checkBudget(budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): void {
  const name = nameOf(budget);
  if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    throw refused(`The disruption budget ${name} is still being processed by the server.`, unobservedRetrySeconds);
  }
  const { disruptionsAllowed, desiredHealthy, currentHealthy, disruptedPods = {} } = status;
  if (disruptionsAllowed < 0) throw forbidden(budgetName, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > disruptedPodsMax) {
    const cause = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw forbidden(budgetName, name, cause);
  }
  if (disruptionsAllowed > 0) return;
  throw refused(
    `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    0,
  );
}

const budgetName = { group: 'policy', resource: 'poddisruptionbudget' };

function refused(cause: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', violation, {
    causes: [{ reason: 'DisruptionBudget', message: cause }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  });
}

function exhausted({ metadata }: PodDisruptionBudget, wallMs: WallMs): Condition {
  return {
    type: 'DisruptionAllowed',
    status: 'False',
    observedGeneration: metadata.generation ?? 0,
    lastTransitionTime: timestampSeconds(wallMs),
    reason: 'InsufficientPods',
    message: '',
  };
}

/** Says on the pod why it goes. */
function markDisrupted(current: CacheEntry, wallMs: WallMs): Decision {
  const pod = current.decode() as unknown as Pod;
  if (isBeingDeleted(pod) || isConditionTrue(pod.status?.conditions, 'DisruptionTarget')) return { type: 'keep' };
  const conditions = withCondition(pod.status?.conditions, {
    type: 'DisruptionTarget',
    status: 'True',
    lastTransitionTime: timestampSeconds(wallMs),
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  });
  (pod as Mutable<Pod>).status = { ...pod.status, conditions };
  return { type: 'write', object: pod as unknown as AnyObject };
}
