/**
 * Finds out about creations of which nobody knows whether they happened: an API server died with the answer, or the store's leader did. Looking
 * for the object would not do, because the write may still be on its way. It is sent again, under the name that it had:
 *
 *   created                     it had not happened, and has now
 *   there already, and ours     it had happened
 *
 * If it were left to the next reconcile, that would make another object under another name, and there would be one too many for a while.
 */
import { type Flow, sleep } from '../../src/actor/flow.ts';
import { controllerOf, type KubeObject, nameOf } from '../../src/api/object-meta.ts';
import type { Write } from '../../src/controllers/plan.ts';
import type { ApiAnswer } from '../../src/protocol/api-client.ts';

/** Sends writes at once, and returns an answer for each. */
export type Sender = (writes: readonly Write[]) => Flow<readonly ApiAnswer[]>;

const pauseMs = 250;
/** With answers that come at once this is longer than an election takes, and as long as a lease of the controllers. */
const attemptsMax = 20;

/** Returns the answers with those replaced that told nothing, as far as there are better ones in the end. */
export function* settleCreations(
  writes: readonly Write[],
  first: readonly ApiAnswer[],
  send: Sender,
): Flow<readonly ApiAnswer[]> {
  const answers = new Map(writes.map((write, index) => [write, first[index] as ApiAnswer]));
  const isOpen = (write: Write): boolean => isUnknown(write, answers.get(write) as ApiAnswer);
  let open = writes.filter(isOpen);
  const repeated = open;
  for (let attempt = 0; open.length > 0 && attempt < attemptsMax; attempt += 1) {
    yield* sleep(pauseMs);
    const next = yield* send(open);
    for (const [index, write] of open.entries()) answers.set(write, next[index] as ApiAnswer);
    open = open.filter(isOpen);
  }
  const present = repeated.filter((write) => isThereAlready(answers.get(write) as ApiAnswer));
  const found = present.length === 0 ? [] : yield* send(present.map(questionFor));
  for (const [index, write] of present.entries()) {
    const answer = found[index];
    if (answer?.type === 'done' && haveSameOwner(answer.object, write.body as KubeObject)) answers.set(write, answer);
  }
  return writes.map((write) => answers.get(write) as ApiAnswer);
}

/** A name that the API server chooses would be another one the next time. */
function isUnknown({ verb, body }: Write, answer: ApiAnswer): boolean {
  if (verb !== 'create' || nameOf(body as KubeObject) === '') return false;
  if (answer.type === 'unanswered') return !answer.definite;
  return answer.type === 'refused' && answer.status.code === 504;
}

function isThereAlready(answer: ApiAnswer): boolean {
  return answer.type === 'refused' && answer.status.reason === 'AlreadyExists';
}

function questionFor(write: Write): Write {
  return { ...write, verb: 'get', name: nameOf(write.body as KubeObject), body: null };
}

function haveSameOwner(found: KubeObject, meant: KubeObject): boolean {
  const owner = controllerOf(meant)?.uid;
  return owner !== undefined && controllerOf(found)?.uid === owner;
}
