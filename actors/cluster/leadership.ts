/** Who leads the store, as the leaders themselves say. */
import { catchError, distinctUntilChanged, filter, map, merge, NEVER, type Observable, scan, switchMap } from 'rxjs';
import type { StoreLeadership } from '../../src/protocol/store.ts';
import { storePath } from './blueprint.ts';
import type { Bridge } from './bridge.ts';
import type { Leadership } from './events.ts';

/** The current leader of the store, then each new one, by rising term. */
export function leadershipOf(bridge: Bridge, masters: readonly string[]): Observable<Leadership> {
  return merge(...masters.map((master) => beliefsOf(bridge, master))).pipe(
    // A deposed leader may still be heard of after its successor.
    scan((best, next) => (next.term > best.term ? next : best), { leader: '', term: 0 }),
    filter(({ term }) => term > 0),
    distinctUntilChanged((left, right) => left.term === right.term),
  );
}

function beliefsOf(bridge: Bridge, master: string): Observable<Leadership> {
  const path = storePath(master);
  return bridge.watch(path).pipe(
    filter(({ status }) => status === 'running'),
    switchMap(() =>
      bridge.stream<StoreLeadership>(path, { type: 'leadership', request: null }).pipe(catchError(() => NEVER)),
    ),
    filter(({ role }) => role === 'leader'),
    map(({ term }) => ({ leader: master, term })),
  );
}
