/**
 * Brings what the API says of one pod in line with what its machine says, as a flow per pod: status first, deletion last. It reads what is
 * wanted anew before each write, so changes in between become one write, and a write that nobody answered is repeated until somebody does.
 * Models kubernetes pkg/kubelet/status/status_manager.go.
 */
import { type Flow, sleep } from '../actor/flow.ts';
import type { GroupVersionResource } from '../api/group-version.ts';
import { equalJson } from '../api/json.ts';
import { nameOf, namespaceOf, uidOf } from '../api/object-meta.ts';
import type { PodStatus } from '../kinds/pod/types.ts';
import type { ApiAnswer, ApiClient } from '../protocol/api-client.ts';
import type { DesiredPod } from './kubelet-work.ts';
import { resizeConditionTypes } from './resize-conditions.ts';

const pods: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const attemptTimeoutMs = 5_000;

/** How a pod's writes ended: everything is said, or the API does not want to hear it. `message` is for the log. */
export type PodFlowEnd = { readonly type: 'settled' } | { readonly type: 'refused'; readonly message: string };

/**
 * `desired` returns what is wanted at the moment, null once the pod is of no concern. `onWritten` learns the resourceVersion of each status
 * that was written.
 */
export function* settlePod(
  api: ApiClient,
  desired: () => DesiredPod | null,
  retryMs: number,
  onWritten: (revision: number) => void = () => {},
): Flow<PodFlowEnd> {
  let written: PodStatus | null = null;
  for (;;) {
    const wanted = desired();
    if (wanted === null) return { type: 'settled' };
    const isWritten = written !== null && equalJson(written, wanted.status);
    if (isWritten && !wanted.deletable) return { type: 'settled' };
    const answer: ApiAnswer = yield* isWritten ? deletePod(api, wanted) : writeStatus(api, wanted);
    if (answer.type === 'unanswered' || (answer.type === 'refused' && isPassing(answer.status.code))) {
      yield* sleep(retryMs);
      continue;
    }
    if (answer.type === 'refused') return interpret(answer.status.code, answer.status.message ?? '');
    if (isWritten) return { type: 'settled' };
    written = wanted.status;
    onWritten(answer.revision);
  }
}

function* writeStatus(api: ApiClient, { pod, status }: DesiredPod): Flow<ApiAnswer> {
  const body = { metadata: { uid: uidOf(pod) }, status: statusPatchOf(status) };
  const place = { resource: pods, namespace: namespaceOf(pod), name: nameOf(pod), subresource: 'status' };
  return yield* api.call({ ...place, verb: 'patch', patch: 'strategic', body }, attemptTimeoutMs);
}

/** A strategic merge keeps what a patch leaves out, so what a condition has no longer is named as null, and conditions that may go are removed. */
function statusPatchOf(status: PodStatus): unknown {
  const conditions = (status.conditions ?? []).map((condition) => ({ reason: null, message: null, ...condition }));
  const told = new Set(conditions.map(({ type }) => type));
  const removed = resizeConditionTypes.filter((type) => !told.has(type)).map((type) => ({ $patch: 'delete', type }));
  return { reason: null, message: null, ...status, conditions: [...conditions, ...removed] };
}

/** Ends the grace of a pod: nothing of it is left on the node. */
function* deletePod(api: ApiClient, { pod }: DesiredPod): Flow<ApiAnswer> {
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    preconditions: { uid: uidOf(pod) },
  };
  const place = { resource: pods, namespace: namespaceOf(pod), name: nameOf(pod) };
  return yield* api.call({ ...place, verb: 'delete', body }, attemptTimeoutMs);
}

/** What an API server says that has no majority behind it, or too much to do: nothing about the pod, so it is told again. */
function isPassing(code: number): boolean {
  return code === 429 || code >= 500;
}

/** A pod that is gone, or another one under its name, needs no more words. */
function interpret(code: number, message: string): PodFlowEnd {
  return code === 404 || code === 409 ? { type: 'settled' } : { type: 'refused', message };
}
