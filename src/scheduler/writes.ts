/**
 * What the scheduler tells the API server, as flows: a binding, and why a pod got none. Each carries the fence of the elected scheduler, so that
 * the late write of a deposed one is refused by the store.
 */
import { type Flow, sleep } from '../actor/flow.ts';
import type { GroupVersionResource } from '../api/group-version.ts';
import { nameOf, namespaceOf, uidOf } from '../api/object-meta.ts';
import type { Status } from '../api/status.ts';
import type { WallMs } from '../base/brand.ts';
import { timestampSeconds } from '../base/time.ts';
import type { Binding } from '../kinds/binding/types.ts';
import { findCondition } from '../kinds/condition.ts';
import type { EventWrite } from '../kinds/event/event-recorder.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { ApiAnswer, ApiClient, RequestSubject } from '../protocol/api-client.ts';
import { isFenceRefusal } from '../protocol/fence-refusal.ts';
import type { BindOutcome } from './plugin.ts';
import type { Writer } from './writer.ts';

const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const events: GroupVersionResource = { group: '', version: 'v1', resource: 'events' };

/** A write that takes longer is given up: the election's lease would not outlast it. */
export const writeTimeoutMs = 5_000;
const retryMs = 50;
const attemptsMax = 5;

/** Binds `pod` to `nodeName`. An answer that was lost is looked up instead of sent again. */
export function* bindPod({ api, fence }: Writer, pod: Pod, nodeName: string): Flow<BindOutcome> {
  const body: Binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: nameOf(pod), namespace: namespaceOf(pod), uid: uidOf(pod) },
    target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
  };
  const place = subjectOf(pod);
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const answer = yield* api.call({ ...place, verb: 'create', subresource: 'binding', body, fence }, writeTimeoutMs);
    if (answer.type === 'done') return { type: 'bound' };
    if (answer.type === 'refused') return yield* interpretRefusal(api, answer.status, pod, nodeName);
    if (!answer.definite) return yield* lookUp(api, pod, nodeName);
    yield* sleep(retryMs * attempt);
  }
  return { type: 'failed', message: 'no API server took the binding' };
}

/** What the status of a pod that got no node is to say. `nominatedNodeName`: undefined leaves it as it is, empty takes it away. */
export interface RejectionReport {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  readonly nominatedNodeName: string | undefined;
}

/** Says in the pod's status that it got no node, unless it says so already in the same words. */
export function* reportRejection(writer: Writer, pod: Pod, report: RejectionReport, wallMs: WallMs): Flow<void> {
  const { reason, message, nominatedNodeName } = report;
  const known = findCondition(pod.status?.conditions, 'PodScheduled');
  const isTold = known?.status === 'False' && known.reason === reason && known.message === message;
  const isNominated = nominatedNodeName === undefined || nominatedNodeName === (pod.status?.nominatedNodeName ?? '');
  if (isTold && isNominated) return;
  const now = timestampSeconds(wallMs);
  const isSame = known?.status === 'False' && known.lastTransitionTime !== undefined;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    observedGeneration: pod.metadata.generation ?? 0,
    lastTransitionTime: isSame ? known.lastTransitionTime : now,
  };
  yield* patchStatus(writer, pod, { conditions: [condition], ...nominationPatch(isNominated, nominatedNodeName) });
}

/** Takes back the nomination of a pod that others displaced, also one that is still on its way to the status. */
export function* clearNomination(writer: Writer, pod: Pod): Flow<void> {
  yield* patchStatus(writer, pod, { nominatedNodeName: null });
}

/**
 * Deletes a pod to make room for another, after saying so in its conditions. True when it is gone or going: also when somebody else was faster.
 * Models kubernetes pkg/scheduler/framework/preemption executor.go.
 */
export function* displacePod(writer: Writer, victim: Pod, schedulerName: string, wallMs: WallMs): Flow<boolean> {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${schedulerName}: preempting to accommodate a higher priority pod`,
    observedGeneration: victim.metadata.generation ?? 0,
    lastTransitionTime: timestampSeconds(wallMs),
  };
  const marked = yield* patchStatus(writer, victim, { conditions: [condition] });
  if (marked.type === 'unanswered') return false;
  if (marked.type === 'refused') return hasGone(marked.status);
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: uidOf(victim) } };
  const subject = { ...subjectOf(victim), body, fence: writer.fence };
  const deleted = yield* persist(() => writer.api.call({ ...subject, verb: 'delete' }, writeTimeoutMs));
  return deleted.type === 'done' || (deleted.type === 'refused' && hasGone(deleted.status));
}

/** Records an event. One that cannot be told is dropped: events are for people, and people retry. */
export function* recordEvent({ api, fence }: Writer, write: EventWrite): Flow<void> {
  const place = { resource: events, namespace: write.namespace, fence };
  if (write.type === 'create') {
    yield* persist(() => api.call({ ...place, verb: 'create', body: write.event }, writeTimeoutMs));
    return;
  }
  const { name, patch: body } = write;
  yield* persist(() => api.call({ ...place, verb: 'patch', patch: 'merge', name, body }, writeTimeoutMs));
}

function* patchStatus({ api, fence }: Writer, pod: Pod, status: object): Flow<ApiAnswer> {
  const body = { metadata: { uid: uidOf(pod) }, status };
  const subject = { ...subjectOf(pod), subresource: 'status', body, fence };
  return yield* persist(() => api.call({ ...subject, verb: 'patch', patch: 'strategic' }, writeTimeoutMs));
}

function subjectOf(pod: Pod): Pick<RequestSubject, 'resource' | 'namespace' | 'name'> {
  return { resource: pods, namespace: namespaceOf(pod), name: nameOf(pod) };
}

function nominationPatch(isSaid: boolean, nodeName: string | undefined): object {
  if (isSaid || nodeName === undefined) return {};
  return { nominatedNodeName: nodeName === '' ? null : nodeName };
}

/** Absent, or another pod of that name by now. A refused fence is not that. */
function hasGone(status: Status): boolean {
  return status.code === 404 || (status.code === 409 && !isFenceRefusal(status));
}

/** Asks again while nobody answers, a few times: for writes that may be repeated. Returns the last answer. */
export function* persist(ask: () => Flow<ApiAnswer>): Flow<ApiAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = yield* ask();
    if (answer.type !== 'unanswered' || attempt >= attemptsMax) return answer;
    yield* sleep(retryMs * attempt);
  }
}

/** A conflict may be the echo of this very binding, whose first answer was lost on the way between the servers. */
function* interpretRefusal(api: ApiClient, status: Status, pod: Pod, nodeName: string): Flow<BindOutcome> {
  if (isFenceRefusal(status)) return { type: 'deposed' };
  if (status.code === 409) return yield* lookUp(api, pod, nodeName);
  return { type: 'failed', message: status.message ?? '' };
}

function* lookUp(api: ApiClient, pod: Pod, nodeName: string): Flow<BindOutcome> {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const answer = yield* api.call({ ...subjectOf(pod), verb: 'get' }, writeTimeoutMs);
    if (answer.type === 'done') {
      const found = answer.object as Pod;
      const isBound = uidOf(found) === uidOf(pod) && found.spec.nodeName === nodeName;
      return isBound ? { type: 'bound' } : { type: 'failed', message: 'the binding was not taken' };
    }
    if (answer.type === 'refused') return { type: 'failed', message: answer.status.message ?? '' };
    yield* sleep(retryMs * attempt);
  }
  return { type: 'failed', message: 'nobody knows whether the binding was taken' };
}
