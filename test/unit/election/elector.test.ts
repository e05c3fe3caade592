/** Three candidates and one store in a simulated universe: who believes to hold the office, and when. */
import { expect, test } from 'vitest';
import { type Behaviour, defineRole, type Role } from '../../../src/actor/behaviour.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { Input } from '../../../src/actor/input.ts';
import { must } from '../../../src/base/assert.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { type ElectionEvent, Elector } from '../../../src/election/elector.ts';
import { electorIds } from '../../../src/election/limits.ts';
import type { LeaseId, Revision } from '../../../src/mvcc/key-value.ts';
import { Universe } from '../../../src/sim/universe.ts';
import type { StoreReply } from '../../../src/store/store-request.ts';
import { ScriptedStore } from './scripted-store.ts';

interface Candidates {
  readonly universe: Universe;
  readonly electors: Map<string, Elector>;
  readonly log: string[];
  readonly holders: () => string[];
}

function describe(event: ElectionEvent): string {
  if (event.type === 'elected') return 'elected';
  if (event.type === 'resigned') return 'resigned';
  return event.type === 'deposed' ? `deposed: ${event.reason}` : `follows ${event.holder}`;
}

function startCandidates(count: number, seed = 1): Candidates {
  const universe = new Universe({ seed });
  const store = new ScriptedStore();
  const electors = new Map<string, Elector>();
  const log: string[] = [];
  const behaviour: Behaviour<unknown, Elector> = {
    init: (_args, { self }) => {
      const name = self.path.split('/')[0] as string;
      const elector = new Elector({ key: 'office', candidate: name, ttlSeconds: 2, replicas: ['s/store'], idMin: 1 });
      electors.set(name, elector);
      return elector;
    },
    step: (elector, input: Input) => {
      const turn = input.type === 'started' ? elector.start(input.monotonicMs) : elector.handle(input);
      const name = [...electors].find(([, known]) => known === elector)?.[0];
      for (const event of turn?.events ?? []) log.push(`${name} ${describe(event)}`);
      return turn?.effects ?? [];
    },
  };
  const role: Role = defineRole({ name: 'candidate', behaviour });
  universe.startThread('s', [store.role()]);
  universe.thread('s')?.host.start({ path: 's/store', role: 'store', args: null, incarnation: 1 });
  for (let index = 0; index < count; index += 1) {
    universe.startThread(`m-${index}`, [role]);
    universe.connect(`m-${index}`, [`m-${index}/c`], 's', ['s/store']);
    universe.thread(`m-${index}`)?.host.start({ path: `m-${index}/c`, role: 'candidate', args: null, incarnation: 1 });
  }
  const holders = (): string[] => [...electors].filter(([, elector]) => elector.fence !== null).map(([name]) => name);
  return { universe, electors, log, holders };
}

test('exactly one candidate is elected, and the others know who', () => {
  const { universe, electors, holders } = startCandidates(3);
  universe.runFor(500);
  const [holder] = holders();
  expect(holders()).toHaveLength(1);
  expect([...electors.values()].map((elector) => elector.holder)).toEqual([holder, holder, holder]);
});

test('a holder keeps the office as long as it renews', () => {
  const { universe, log, holders } = startCandidates(3);
  universe.runFor(500);
  const first = holders();
  universe.runFor(60_000);
  expect(holders()).toEqual(first);
  expect(log.filter((line) => line.includes('elected'))).toHaveLength(1);
});

test('when the holder dies another one is elected as soon as its lease has ended', () => {
  const { universe, electors, holders } = startCandidates(3);
  universe.runFor(500);
  const [first = ''] = holders();
  universe.killThread(first);
  electors.delete(first);
  universe.runFor(1_400);
  expect(holders()).toEqual([]);
  universe.runFor(700);
  expect(holders()).toHaveLength(1);
});

test('a holder that resigns is followed at once', () => {
  const { universe, electors, holders } = startCandidates(2);
  universe.runFor(500);
  const [first = ''] = holders();
  const thread = universe.thread(first);
  const turn = electors.get(first)?.resign();
  expect(turn?.events).toEqual([{ type: 'deposed', reason: 'resigned' }]);
  const revoke = turn?.effects.find((effect) => effect.type === 'ask');
  expect(revoke).toMatchObject({ to: 's/store', body: { request: { type: 'leaseRevoke' } } });
  // What its actor would do with the effects: here its death takes the lease's end along.
  thread?.host.kill(`${first}/c`);
  universe.runFor(2_200);
  expect(holders().filter((name) => name !== first)).toHaveLength(1);
});

test('no two candidates ever believe to hold the office at once, whichever direction of whose link is cut', () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const { universe, holders, log } = startCandidates(3, seed);
    for (let round = 0; round < 12; round += 1) {
      const victim = `m-${universe.random.integer(0, 2)}`;
      const fault = universe.random.integer(0, 2);
      if (fault === 0) universe.setFaults([{ from: victim, to: 's', drop: 1 }]);
      if (fault === 1) universe.setFaults([{ from: 's', to: victim, drop: 1 }]);
      const endMs = universe.nowMs + universe.random.integer(100, 4_000);
      while (universe.nowMs < endMs) {
        universe.step();
        if (holders().length > 1) throw new Error(`seed ${seed}: ${holders().join()}\n${log.join('\n')}`);
      }
      universe.setFaults([]);
    }
    universe.runFor(5_000);
    expect(holders()).toHaveLength(1);
  }
});

test('a holder has resigned when the store has answered, or has not in time; a candidate without an office at once', () => {
  const options = { key: 'office', candidate: 'm-0', ttlSeconds: 2, replicas: ['s/store'], idMin: 0 };
  const stamp = { monotonicMs: 1 as MonotonicMs, wallMs: 0 as WallMs };
  const hold = (): { elector: Elector; revoke: number } => {
    const elector = new Elector(options);
    const granted = { type: 'leaseGranted', revision: revision(1), id: 7 as LeaseId, ttlSeconds: 2 };
    const grant = askIn(elector.start(stamp.monotonicMs).effects);
    const won = { type: 'transaction', revision: revision(2), succeeded: true, results: [] };
    const campaign = askIn(elector.handle({ type: 'reply', id: grant, body: granted, ...stamp })?.effects ?? []);
    elector.handle({ type: 'reply', id: campaign, body: won, ...stamp });
    const turn = elector.resign();
    expect(turn.events).toEqual([{ type: 'deposed', reason: 'resigned' }]);
    return { elector, revoke: askIn(turn.effects) };
  };
  const answered = hold();
  const body = { type: 'leaseRevoked', revision: revision(3) };
  const reply = answered.elector.handle({ type: 'reply', id: answered.revoke, body, ...stamp });
  expect(reply).toEqual({ effects: [], events: [{ type: 'resigned' }] });

  const unheard = hold();
  const failure = { code: 'deadlineExceeded', definite: false } as const;
  const failed = unheard.elector.handle({ type: 'askFailed', id: unheard.revoke, failure, ...stamp });
  expect(failed).toEqual({ effects: [], events: [{ type: 'resigned' }] });

  const idle = new Elector(options);
  idle.start(stamp.monotonicMs);
  expect(idle.resign().events).toEqual([{ type: 'resigned' }]);
});

test('a holder outlives its ids: after the last it begins with the first again', () => {
  const ttlMs = 2_000;
  const elector = new Elector({ key: 'office', candidate: 'm-0', ttlSeconds: 2, replicas: ['s/store'], idMin: 100 });
  const lease = 7 as LeaseId;
  let nowMs = 0 as MonotonicMs;
  const answer = (id: number, body: StoreReply): readonly Effect[] =>
    must(elector.handle({ type: 'reply', id, body, monotonicMs: nowMs, wallMs: 0 as WallMs }), 'its own ask').effects;
  const grant = askIn(elector.start(nowMs).effects);
  const campaign = askIn(answer(grant, { type: 'leaseGranted', revision: revision(1), id: lease, ttlSeconds: 2 }));
  answer(campaign, { type: 'transaction', revision: revision(2), succeeded: true, results: [] });
  expect(elector.fence).not.toBeNull();
  const seen = new Set<number>();
  for (let round = 0; round < electorIds + 10; round += 1) {
    nowMs = (nowMs + ttlMs / 4) as MonotonicMs;
    const turn = elector.handle({ type: 'timer', key: 'elector', monotonicMs: nowMs, wallMs: 0 as WallMs });
    const id = askIn(must(turn, 'its own timer').effects);
    seen.add(id);
    answer(id, { type: 'leaseKept', revision: revision(2), ttlSeconds: 2 });
  }
  expect(elector.fence).not.toBeNull();
  expect(Math.min(...seen)).toBe(101);
  expect(Math.max(...seen)).toBe(100 + electorIds - 1);
});

function askIn(effects: readonly Effect[]): number {
  const ask = effects.find((effect) => effect.type === 'ask');
  return must(ask, 'an ask among the effects').id;
}

function revision(value: number): Revision {
  return value as Revision;
}
