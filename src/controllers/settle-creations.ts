/**
 * Finds out about creations of which nobody knows whether they happened: an API server died with the answer, or the store's leader did. Looking
 * for the object would not do, because the write may still be on its way. It is sent again, under the name that it had:
 *
 *   created                          it had not happened, and has now
 *   refused, but there, and ours     it had happened: the name is taken, or the room that a quota left
 *
 * If it were left to the next reconcile, that would make another object under another name, and there would be one too many for a while.
 */
import { type Flow, sleep } from '../actor/flow.ts';
import { controllerOf, type KubeObject, nameOf } from '../api/object-meta.ts';
import type { ApiAnswer } from '../protocol/api-client.ts';
import { isFenceRefusal } from '../protocol/fence-refusal.ts';
import { repeatPauseMs, repeatsMax } from './limits.ts';
import type { Write } from './plan.ts';

/** Sends writes at once with little patience, and returns an answer for each. */
export type Sender = (writes: readonly Write[]) => Flow<readonly ApiAnswer[]>;

/** Returns the answers with those replaced that told nothing, as far as there are better ones in the end. */
export function* settleCreations(
  writes: readonly Write[],
  first: readonly ApiAnswer[],
  send: Sender,
): Flow<readonly ApiAnswer[]> {
  const repeated = writes.filter((write, index) => isUnknown(write, first[index] as ApiAnswer));
  if (repeated.length === 0) return first;
  const answers = new Map(writes.map((write, index) => [write, first[index] as ApiAnswer]));
  let open = repeated;
  for (let attempt = 0; open.length > 0 && attempt < repeatsMax; attempt += 1) {
    yield* sleep(repeatPauseMs);
    const next = yield* send(open);
    for (const [index, write] of open.entries()) answers.set(write, next[index] as ApiAnswer);
    open = open.filter((write) => tellsNothing(answers.get(write) as ApiAnswer));
  }
  const refused = repeated.filter((write) => isRefusal(answers.get(write) as ApiAnswer));
  const found = refused.length === 0 ? [] : yield* send(refused.map(questionFor));
  for (const [index, write] of refused.entries()) {
    const answer = found[index];
    if (answer?.type === 'done' && haveSameOwner(answer.object, write.body as KubeObject)) answers.set(write, answer);
  }
  return writes.map((write) => answers.get(write) as ApiAnswer);
}

/** A name that the API server chooses would be another one the next time. */
function isUnknown({ verb, body }: Write, answer: ApiAnswer): boolean {
  if (verb !== 'create' || nameOf(body as KubeObject) === '') return false;
  return tellsNothing(answer) && !(answer.type === 'unanswered' && answer.definite);
}

/** Of a repeated creation: that the repetition certainly had no effect says nothing of what was sent before. */
function tellsNothing(answer: ApiAnswer): boolean {
  return answer.type === 'unanswered' || (answer.type === 'refused' && answer.status.code === 504);
}

function isRefusal(answer: ApiAnswer): boolean {
  return answer.type === 'refused' && !tellsNothing(answer) && !isFenceRefusal(answer.status);
}

function questionFor(write: Write): Write {
  return { ...write, verb: 'get', name: nameOf(write.body as KubeObject), body: null };
}

function haveSameOwner(found: KubeObject, meant: KubeObject): boolean {
  const owner = controllerOf(meant)?.uid;
  return owner !== undefined && controllerOf(found)?.uid === owner;
}
