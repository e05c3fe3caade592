/** Who leads the store, as the leaders themselves say. */
import {
  catchError,
  distinct,
  distinctUntilChanged,
  filter,
  map,
  mergeMap,
  NEVER,
  type Observable,
  scan,
  switchMap,
} from 'rxjs';
import type { StoreLeadership } from '../../src/protocol/store.ts';
import { storePath } from './blueprint.ts';
import type { Bridge } from './bridge.ts';
import type { Leadership } from './events.ts';
import type { Roster } from './roster.ts';

/** The current leader of the store, then each new one, by rising term. */
export function leadershipOf(bridge: Bridge, roster: Roster): Observable<Leadership> {
  return roster.record$.pipe(
    mergeMap(({ masters }) => masters.map(({ name }) => name)),
    // A name is given once, so one that has been seen is followed already.
    distinct(),
    mergeMap((master) => beliefsOf(bridge, master)),
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
