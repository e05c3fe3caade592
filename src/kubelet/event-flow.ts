/** Records events one after another, so that a burst of them never crowds out statuses. What nobody takes is tried again a few times. */
import { type Flow, sleep } from '../actor/flow.ts';
import type { GroupVersionResource } from '../api/group-version.ts';
import type { EventWrite } from '../kinds/event/event-recorder.ts';
import type { ApiAnswer, ApiClient } from '../protocol/api-client.ts';

const events: GroupVersionResource = { group: '', version: 'v1', resource: 'events' };
const attemptTimeoutMs = 5_000;
const attemptsMax = 10;

/** `next` gives the oldest event that was not recorded; the flow ends when there is none. */
export function* recordEvents(api: ApiClient, next: () => EventWrite | undefined, retryMs: number): Flow<void> {
  for (;;) {
    const write = next();
    if (write === undefined) return;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const answer = yield* record(api, write);
      if (answer.type !== 'unanswered') break;
      yield* sleep(retryMs);
    }
  }
}

function* record(api: ApiClient, write: EventWrite): Flow<ApiAnswer> {
  const place = { resource: events, namespace: write.namespace };
  if (write.type === 'create')
    return yield* api.call({ ...place, verb: 'create', body: write.event }, attemptTimeoutMs);
  const { name, patch: body } = write;
  return yield* api.call({ ...place, verb: 'patch', patch: 'merge', name, body }, attemptTimeoutMs);
}
