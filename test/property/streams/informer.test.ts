/**
 * An informer against API servers whose streams are cut, whose histories are compacted and which are paused or refuse: the changes that it
 * tells, one after another, make exactly its cache; per object they are a sensible life; and in the end the cache is the truth.
 */
import { expect, test } from 'vitest';
import { objectKey } from '../../../src/api/object-meta.ts';
import type { Change } from '../../../src/streams/informer.ts';
import { startWatching } from '../../unit/streams/watching-actor.ts';

const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
const names = ['a', 'b', 'c', 'd', 'e'];

/** Replays changes; throws when one does not follow from the ones before. */
function replay(changes: readonly Change[]): Map<string, string> {
  const held = new Map<string, string>();
  const last = new Map<string, number>();
  for (const change of changes) {
    const key = objectKey(change.object);
    const version = change.object.metadata.resourceVersion ?? '';
    const known = held.get(key);
    if (change.type === 'added') expect(known).toBeUndefined();
    if (change.type === 'updated') expect(change.old.metadata.resourceVersion).toBe(known);
    if (change.type === 'deleted') expect(known).toBeDefined();
    expect(Number(version)).toBeGreaterThanOrEqual(last.get(key) ?? 0);
    if (change.type === 'updated') expect(Number(version)).toBeGreaterThan(last.get(key) ?? 0);
    last.set(key, Number(version));
    if (change.type === 'deleted') held.delete(key);
    else held.set(key, version);
  }
  return held;
}

test.each(seeds)('seed %i: no change is lost, none is told twice', (seed) => {
  const { universe, store, changes, informer, order } = startWatching(3, seed, 400);
  const { random } = universe;
  const paused = new Set<string>();
  for (let step = 0; step < 120; step += 1) {
    const choice = random.integer(0, 13);
    const server = `m-${random.integer(0, 2)}`;
    if (choice <= 4) store.put(random.pick(names));
    else if (choice <= 6) store.remove(random.pick(names));
    else if (choice === 7) order('cut');
    else if (choice === 8) order('refuse');
    else if (choice === 9) order('accept');
    else if (choice === 10) order('bookmark');
    else if (choice === 11) store.compact();
    else if (choice === 12 && paused.size < 2) {
      universe.pauseThread(server);
      paused.add(server);
    } else if (choice === 13) {
      universe.resumeThread(server);
      paused.delete(server);
    }
    universe.runFor(random.integer(0, 60));
  }
  for (const server of paused) universe.resumeThread(server);
  order('accept');
  universe.runFor(9_000);
  const truth = [...store.objects].map(([key, object]) => [key, object.metadata.resourceVersion]);
  const cached = [...informer().indexer.values()].map((object) => [objectKey(object), object.metadata.resourceVersion]);
  expect(cached.toSorted()).toEqual(truth.toSorted());
  expect([...replay(changes)].toSorted()).toEqual(truth.toSorted());
});
