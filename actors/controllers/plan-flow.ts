/** Carries out one plan: group after group, the writes of a group at once, until the first that fails. */
import { type AskOutcome, askAll, type Flow } from '../../src/actor/flow.ts';
import type { KubeObject } from '../../src/api/object-meta.ts';
import { must } from '../../src/base/assert.ts';
import type { WriteFailure } from '../../src/controllers/controller.ts';
import type { Plan, Write } from '../../src/controllers/plan.ts';
import type { ApiResponse } from '../../src/protocol/apiserver.ts';
import { type Answer, type ApiDesk, readAnswer } from './api-desk.ts';
import { type Requirement, requirementsOf } from './revision-barrier.ts';

export type PlanEnd =
  | { readonly type: 'done'; readonly requirements: readonly Requirement[] }
  | { readonly type: 'failed'; readonly failure: WriteFailure; readonly requirements: readonly Requirement[] }
  /** What a cache did not show exists all the same: the cache is behind. */
  | { readonly type: 'premature'; readonly requirements: readonly Requirement[] }
  | { readonly type: 'fenceLost' };

export function* carryOut(plan: Plan, desk: ApiDesk): Flow<PlanEnd> {
  const requirements: Requirement[] = [];
  for (const group of plan.groups) {
    const answers = yield* send(group, desk);
    if (answers.some(({ type }) => type === 'fenceLost')) return { type: 'fenceLost' };
    let failure: WriteFailure | null = null;
    let isPremature = false;
    for (const [index, answer] of answers.entries()) {
      const write = must(group[index], 'an answer per write');
      if (answer.type === 'accepted') {
        if (write.verb === 'get') isPremature ||= contradicts(write, answer.object);
        else requirements.push(...requirementsOf(write, answer.object));
      } else if (answer.type !== 'fenceLost') failure ??= { write, status: answer.status };
    }
    if (failure !== null) return { type: 'failed', failure, requirements };
    if (isPremature) return { type: 'premature', requirements };
  }
  return { type: 'done', requirements };
}

/** Sends what was certainly not handled once more, to the next server; the rest is for the next reconcile. */
function* send(group: readonly Write[], desk: ApiDesk): Flow<readonly Answer[]> {
  const server = desk.server;
  const first = yield* ask(group, desk);
  if (first.some(({ type }) => type === 'silent')) desk.leave(server);
  const again = group.filter((_write, index) => isUnsent(first[index]));
  if (again.length === 0) return first;
  const second = yield* ask(again, desk);
  const answers = new Map(again.map((write, index) => [write, second[index]]));
  return first.map((answer, index) => answers.get(must(group[index], 'a write per answer')) ?? answer);
}

function* ask(group: readonly Write[], desk: ApiDesk): Flow<readonly Answer[]> {
  const outcomes: readonly AskOutcome<ApiResponse>[] = yield* askAll<ApiResponse>(
    group.map((write) => desk.question(write)),
  );
  return outcomes.map((outcome, index) => readAnswer(must(group[index], 'a write per answer'), outcome));
}

function isUnsent(answer: Answer | undefined): boolean {
  return answer?.type === 'silent' && answer.definite;
}

function contradicts({ uid }: Write, object: unknown): boolean {
  const found = (object as KubeObject | null)?.metadata;
  return found !== undefined && (uid === '' || found.uid === uid);
}
