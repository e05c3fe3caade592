/** The roster: which masters there are, written down before anything is done, and no name given twice. */
import { expect, test } from 'vitest';
import { foundingRoster, Roster, type RosterRecord } from '../../../actors/cluster/roster.ts';

test('each change is written down before it can be seen, and names are given once', async () => {
  const kept: RosterRecord[] = [];
  const roster: Roster = new Roster(foundingRoster(2), async (record) => {
    expect(roster.record).not.toEqual(record);
    kept.push(record);
  });
  expect(await roster.enter()).toBe('master-2');
  expect([roster.members(), roster.replicas()]).toEqual([
    ['master-0', 'master-1'],
    ['master-0', 'master-1', 'master-2'],
  ]);
  await roster.set('master-2', 'promoting');
  await roster.set('master-2', 'promoting');
  await roster.set('master-2', 'abandoned');
  expect(roster.replicas()).toEqual(['master-0', 'master-1']);
  expect(roster.isFormer('master-2')).toBe(false);
  await roster.strike('master-2');
  expect(kept.length).toBe(4);
  expect(['master-2', 'master-1', 'master-3', 'master-02', 'node-1'].map((name) => roster.isFormer(name))).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(await roster.enter()).toBe('master-3');
});

test('what could not be written down has not happened', async () => {
  const roster = new Roster(foundingRoster(1), () => Promise.reject(new Error('disk full')));
  await expect(roster.enter()).rejects.toThrow('disk full');
  expect(roster.record).toEqual(foundingRoster(1));
});
