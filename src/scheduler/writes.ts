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
import type { ApiAnswer, ApiClient } from '../protocol/api-client.ts';
import type { Fence } from '../protocol/apiserver.ts';
import { isFenceRefusal } from '../protocol/fence-refusal.ts';

export type BindOutcome =
  | { readonly type: 'bound' }
  /** The pod is not bound by this; it may be gone, or bound by somebody else, which the informer will show. */
  | { readonly type: 'failed'; readonly message: string }
  /** Another scheduler is elected. */
  | { readonly type: 'deposed' };

/** Who writes, and by what right. */
export interface Writer {
  readonly api: ApiClient;
  readonly fence: Fence;
}

const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const events: GroupVersionResource = { group: '', version: 'v1', resource: 'events' };

/** A write that takes longer is given up: the election's lease would not outlast it. */
const writeTimeoutMs = 5_000;
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
  const place = { resource: pods, namespace: namespaceOf(pod), name: nameOf(pod) };
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const answer = yield* api.call({ ...place, verb: 'create', subresource: 'binding', body, fence }, writeTimeoutMs);
    if (answer.type === 'done') return { type: 'bound' };
    if (answer.type === 'refused') return yield* interpretRefusal(api, answer.status, pod, nodeName);
    if (!answer.definite) return yield* lookUp(api, pod, nodeName);
    yield* sleep(retryMs * attempt);
  }
  return { type: 'failed', message: 'no API server took the binding' };
}

/** Says in the pod's conditions that it fits nowhere, unless they say so already in the same words. */
export function* reportUnschedulable({ api, fence }: Writer, pod: Pod, message: string, wallMs: WallMs): Flow<void> {
  const known = findCondition(pod.status?.conditions, 'PodScheduled');
  if (known?.status === 'False' && known.reason === 'Unschedulable' && known.message === message) return;
  const now = timestampSeconds(wallMs);
  const isSame = known?.status === 'False' && known.lastTransitionTime !== undefined;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    observedGeneration: pod.metadata.generation ?? 0,
    lastTransitionTime: isSame ? known.lastTransitionTime : now,
  };
  const body = { metadata: { uid: uidOf(pod) }, status: { conditions: [condition] } };
  const subject = {
    resource: pods,
    namespace: namespaceOf(pod),
    name: nameOf(pod),
    subresource: 'status',
    body,
    fence,
  };
  yield* persist(() => api.call({ ...subject, verb: 'patch', patch: 'strategic' }, writeTimeoutMs));
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

/** Asks again while nobody answers, a few times: for writes that may be repeated. */
function* persist(ask: () => Flow<ApiAnswer>): Flow<void> {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const answer = yield* ask();
    if (answer.type !== 'unanswered') return;
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
    const subject = { resource: pods, namespace: namespaceOf(pod), name: nameOf(pod) };
    const answer = yield* api.call({ ...subject, verb: 'get' }, writeTimeoutMs);
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
