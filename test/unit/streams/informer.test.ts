/** An informer against scripted API servers in a simulated universe: streams are cut, histories compacted, servers die. */
import { expect, test } from 'vitest';
import { objectKey } from '../../../src/api/object-meta.ts';
import type { Change } from '../../../src/streams/informer.ts';
import { startWatching } from './watching-actor.ts';

const told = (changes: readonly Change[]): string[] =>
  changes.map((change) => `${change.type} ${objectKey(change.object)}@${change.object.metadata.resourceVersion}`);

test('the first list arrives whole and is followed by what changes', () => {
  const { universe, store, changes, informer } = startWatching(1);
  store.put('a');
  store.put('b');
  expect(informer().hasSynced).toBe(false);
  universe.runFor(20);
  expect(informer().hasSynced).toBe(true);
  store.put('a');
  store.remove('b');
  universe.runFor(20);
  expect(told(changes)).toEqual([
    'added default/a@2',
    'added default/b@3',
    'updated default/a@4',
    'deleted default/b@5',
  ]);
  expect([...informer().indexer.keys()]).toEqual(['default/a']);
});

test('an update tells the old object and the new one', () => {
  const { universe, store, changes } = startWatching(1);
  const old = store.put('a');
  universe.runFor(20);
  const object = store.put('a', { labels: { color: 'red' } });
  universe.runFor(20);
  expect(changes.at(-1)).toEqual({ type: 'updated', old, object });
});

test('cached objects are frozen in depth', () => {
  const { universe, store, informer } = startWatching(1);
  store.put('a', { labels: { color: 'red' } });
  universe.runFor(20);
  const object = informer().get('default/a');
  expect(Object.isFrozen(object)).toBe(true);
  expect(Object.isFrozen(object?.metadata.labels)).toBe(true);
});

test('a watch that ended is resumed behind the last revision, without loss or repetition', () => {
  const { universe, store, changes, opened, order } = startWatching(1);
  store.put('a');
  universe.runFor(20);
  order('refuse');
  universe.runFor(20);
  store.put('a');
  store.put('b');
  order('accept');
  universe.runFor(200);
  expect(told(changes)).toEqual(['added default/a@2', 'updated default/a@3', 'added default/b@4']);
  expect(opened[0]?.parameters['sendInitialEvents']).toBe('true');
  expect(opened.slice(1).map(({ parameters }) => parameters['sendInitialEvents'])).not.toContain('true');
  expect(opened.at(-1)?.parameters['resourceVersion']).toBe('2');
});

test('bookmarks move the revision on', () => {
  const { universe, store, informer, order } = startWatching(1);
  store.put('a');
  universe.runFor(20);
  store.revision = 40;
  order('bookmark');
  universe.runFor(20);
  expect(informer().revision).toBe(40);
});

test('after a compacted history it lists again and tells what was deleted meanwhile', () => {
  const { universe, store, changes, opened, order } = startWatching(1);
  store.put('a');
  store.put('b');
  universe.runFor(20);
  order('refuse');
  universe.runFor(20);
  store.remove('a');
  store.put('c');
  store.compact();
  store.put('d');
  order('accept');
  universe.runFor(500);
  expect(told(changes).slice(2).sort()).toEqual(['added default/c@5', 'added default/d@6', 'deleted default/a@2']);
  expect(opened.at(-1)?.parameters).toMatchObject({ sendInitialEvents: 'true', resourceVersion: '3' });
});

test('an object made again under its name while nobody watched is a deletion and an addition', () => {
  const { universe, store, changes, order } = startWatching(1);
  store.put('a');
  universe.runFor(20);
  order('refuse');
  universe.runFor(20);
  store.remove('a');
  store.put('a');
  store.compact();
  order('accept');
  universe.runFor(500);
  expect(told(changes)).toEqual(['added default/a@2', 'deleted default/a@2', 'added default/a@4']);
});

test('when its server dies it goes on with the next one', () => {
  const { universe, store, changes } = startWatching(3);
  store.put('a');
  universe.runFor(20);
  universe.killThread('m-0');
  universe.runFor(10);
  store.put('b');
  universe.runFor(50);
  expect(told(changes)).toEqual(['added default/a@2', 'added default/b@3']);
});

test('a server that says nothing for too long is left', () => {
  const { universe, store, changes } = startWatching(2);
  store.put('a');
  universe.runFor(20);
  universe.pauseThread('m-0');
  store.put('b');
  universe.runFor(600);
  expect(told(changes)).toEqual(['added default/a@2', 'added default/b@3']);
});

test('without any server it keeps trying, and catches up when one is back', () => {
  const { universe, store, changes, opened } = startWatching(2);
  store.put('a');
  universe.runFor(20);
  universe.pauseThread('m-0');
  universe.pauseThread('m-1');
  store.put('b');
  universe.runFor(60_000);
  universe.resumeThread('m-1');
  universe.runFor(15_000);
  expect(told(changes)).toEqual(['added default/a@2', 'added default/b@3']);
  expect(opened.length).toBeLessThan(40);
});
