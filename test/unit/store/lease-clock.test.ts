/** The leader's clock of leases: never early, patient with renewals, persistent with what is due. */
import { expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import type { LeaseId } from '../../../src/mvcc/key-value.ts';
import { LeaseClock } from '../../../src/store/lease-clock.ts';

const at = (ms: number): MonotonicMs => ms as MonotonicMs;
const one = 1 as LeaseId;
const two = 2 as LeaseId;

test('a lease is due when its time has passed, not before', () => {
  const clock = new LeaseClock();
  clock.granted(one, 2, at(100));
  expect(clock.takeDue(at(2099), 10)).toEqual([]);
  expect(clock.takeDue(at(2100), 10)).toEqual([one]);
});

test('a renewal gives the full time again', () => {
  const clock = new LeaseClock();
  clock.granted(one, 2, at(0));
  expect(clock.renew(one, at(1500))).toBe(true);
  expect(clock.takeDue(at(2000), 10)).toEqual([]);
  expect(clock.remainingMs(one, at(2000))).toBe(1500);
  expect(clock.takeDue(at(3500), 10)).toEqual([one]);
});

test('a due lease is not renewed, and is offered again until it is gone', () => {
  const clock = new LeaseClock();
  clock.granted(one, 1, at(0));
  expect(clock.takeDue(at(1000), 10)).toEqual([one]);
  expect(clock.renew(one, at(1000))).toBe(false);
  expect(clock.takeDue(at(1400), 10)).toEqual([]);
  expect(clock.takeDue(at(1500), 10)).toEqual([one]);
  clock.revoked(one);
  expect(clock.takeDue(at(9000), 10)).toEqual([]);
  expect(clock.remainingMs(one, at(9000))).toBeNull();
});

test('a new leadership gives the full time and the extension, or what a checkpoint left', () => {
  const clock = new LeaseClock();
  const leases = [
    { id: one, ttlSeconds: 10, remainingTtlSeconds: 0 },
    { id: two, ttlSeconds: 1000, remainingTtlSeconds: 5 },
  ];
  clock.start(leases, at(0), 300);
  expect(clock.takeDue(at(5299), 10)).toEqual([]);
  expect(clock.takeDue(at(5300), 10)).toEqual([two]);
  expect(clock.takeDue(at(10_300), 10)).toEqual([two, one]);
});

test('no more leases are taken at once than asked for', () => {
  const clock = new LeaseClock();
  clock.granted(one, 1, at(0));
  clock.granted(two, 1, at(1));
  expect(clock.takeDue(at(5000), 1)).toEqual([one]);
  expect(clock.takeDue(at(5000), 1)).toEqual([two]);
});

test('long leases are written down now and then with what is left of them; short ones never', () => {
  const clock = new LeaseClock();
  clock.granted(one, 3600, at(0));
  clock.granted(two, 60, at(0));
  expect(clock.takeCheckpoints(at(299_999))).toEqual([]);
  expect(clock.takeCheckpoints(at(300_000))).toEqual([{ id: one, remainingTtlSeconds: 3300 }]);
  expect(clock.takeCheckpoints(at(600_000))).toEqual([{ id: one, remainingTtlSeconds: 3000 }]);
});
