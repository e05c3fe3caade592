/**
 * Carries out one plan: group after group, the writes of a group at once, until the first that fails. A write is sent again only if it
 * certainly was not handled, or is a creation whose outcome nobody knows; whatever else went wrong is for the next reconcile.
 */
import type { Flow } from '../../src/actor/flow.ts';
import type { KubeObject } from '../../src/api/object-meta.ts';
import type { Status } from '../../src/api/status.ts';
import { must } from '../../src/base/assert.ts';
import type { WriteFailure } from '../../src/controllers/controller.ts';
import { repeatTimeoutMs } from '../../src/controllers/limits.ts';
import type { Plan, Write } from '../../src/controllers/plan.ts';
import { settleCreations } from '../../src/controllers/settle-creations.ts';
import type { ApiAnswer, ApiClient, RequestSubject } from '../../src/protocol/api-client.ts';
import type { Fence } from '../../src/protocol/apiserver.ts';
import { isFenceRefusal } from '../../src/protocol/fence-refusal.ts';
import { type Requirement, requirementsOf } from './revision-barrier.ts';

/** Who writes, and by what right; without a fence the writes are unconditional. */
export interface Writer {
  readonly api: ApiClient;
  readonly fence: Fence | null;
}

export type PlanEnd =
  | { readonly type: 'done'; readonly requirements: readonly Requirement[] }
  | { readonly type: 'failed'; readonly failure: WriteFailure; readonly requirements: readonly Requirement[] }
  /** What a cache did not show exists all the same: the cache is behind. */
  | { readonly type: 'premature'; readonly requirements: readonly Requirement[] }
  | { readonly type: 'fenceLost' };

/** What an answer means to the plan. */
type Result =
  /** `object` is null when what was asked for had come about already. */
  | { readonly type: 'accepted'; readonly object: KubeObject | null }
  | { readonly type: 'refused'; readonly status: Status }
  | { readonly type: 'fenceLost' };

/** How long a write may take, shorter than a client's: a controller that waits does not act. */
const writeTimeoutMs = 5_000;

const unanswered: Status = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'the API server did not answer',
  reason: 'Timeout',
  code: 504,
};

export function* carryOut(plan: Plan, writer: Writer): Flow<PlanEnd> {
  const requirements: Requirement[] = [];
  for (const group of plan.groups) {
    const results = yield* send(group, writer);
    if (results.some(({ type }) => type === 'fenceLost')) return { type: 'fenceLost' };
    let failure: WriteFailure | null = null;
    let isPremature = false;
    for (const [index, result] of results.entries()) {
      const write = must(group[index], 'a result per write');
      if (result.type === 'accepted') {
        if (write.verb === 'get' || write.verb === 'list') isPremature ||= contradicts(write, result.object);
        else requirements.push(...requirementsOf(write, result.object));
      } else if (result.type === 'refused') failure ??= { write, status: result.status };
    }
    if (failure !== null) return { type: 'failed', failure, requirements };
    if (isPremature) return { type: 'premature', requirements };
  }
  return { type: 'done', requirements };
}

/** Sends one write once and leaves it at that, as for events: told once and never waited for. */
export function* sendOnce(write: Write, writer: Writer): Flow<void> {
  yield* writer.api.call(subjectOf(write, writer), writeTimeoutMs);
}

/** Sends what was certainly not handled once more, to the next server, and finds out about creations that nobody knows about. */
function* send(group: readonly Write[], writer: Writer): Flow<readonly Result[]> {
  const first = yield* ask(group, writer);
  const again = group.filter((_write, index) => isUnsent(first[index]));
  const second = again.length === 0 ? [] : yield* ask(again, writer);
  const answers = new Map(again.map((write, index) => [write, second[index]]));
  const sent = group.map((write, index) => must(answers.get(write) ?? first[index], 'an answer per write'));
  const settled = yield* settleCreations(group, sent, (writes) => ask(writes, writer, repeatTimeoutMs));
  return group.map((write, index) => interpret(write, must(settled[index], 'an answer per write')));
}

function ask(group: readonly Write[], writer: Writer, timeoutMs: number = writeTimeoutMs): Flow<readonly ApiAnswer[]> {
  const subjects = group.map((write) => subjectOf(write, writer));
  return writer.api.callAll(subjects, timeoutMs);
}

/** Premises are not fenced. Of an object that must not exist only the metadata is read. */
function subjectOf(write: Write, { fence }: Writer): RequestSubject {
  const { verb, resource, subresource, namespace, name, parameters } = write;
  const place = { verb, resource, subresource, namespace, name, parameters };
  if (verb === 'get') return { ...place, output: 'metadata' };
  if (verb === 'list') return place;
  const patch = write.patch === null ? {} : { patch: write.patch };
  return { ...place, ...patch, body: write.body ?? undefined, fence };
}

function interpret({ accepts }: Write, answer: ApiAnswer): Result {
  if (answer.type === 'unanswered') return { type: 'refused', status: unanswered };
  if (answer.type === 'done') return { type: 'accepted', object: answer.object };
  const { status } = answer;
  if (isFenceRefusal(status)) return { type: 'fenceLost' };
  const isMoot = status.code !== undefined && accepts.includes(status.code);
  return isMoot ? { type: 'accepted', object: null } : { type: 'refused', status };
}

type List = KubeObject & { readonly items?: readonly KubeObject[] };

function isUnsent(answer: ApiAnswer | undefined): boolean {
  return answer?.type === 'unanswered' && answer.definite;
}

function contradicts({ uid, contradicts: proves }: Write, object: KubeObject | null): boolean {
  if (proves !== undefined) return ((object as List | null)?.items ?? []).some(proves);
  return object !== null && (uid === '' || object.metadata.uid === uid);
}
