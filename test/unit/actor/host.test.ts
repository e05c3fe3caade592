/** What docs/actor-semantics.md promises, each promise on the host that real threads run, under a virtual clock. */
import { expect, test } from 'vitest';
import type { Effect } from '../../../src/actor/effect.ts';
import type { Input } from '../../../src/actor/input.ts';
import { linkWindowMessages, livenessPingMs, livenessTimeoutMs, stopGraceMs } from '../../../src/actor/limits.ts';
import { must } from '../../../src/base/assert.ts';
import { startPair } from './scripted-actor.ts';

const nothing = (): readonly Effect[] => [];
const echo = (input: Input): readonly Effect[] =>
  input.type === 'ask'
    ? [{ type: 'reply', request: input.request, body: (input.body as { request: unknown }).request }]
    : [];
const onStart =
  (...effects: Effect[]) =>
  (input: Input): readonly Effect[] =>
    input.type === 'started' ? effects : [];
const askTwo = (id: number, request: unknown = id): Effect => ({
  type: 'ask',
  to: 'b/two',
  id,
  body: { type: 'echo', request },
  timeoutMs: 100,
});

test('an ask is answered with its reply', () => {
  const { universe, scripted } = startPair(onStart(askTwo(7, { n: 1, bytes: new Uint8Array([1, 2]) })), echo);
  universe.runFor(50);
  const [reply] = scripted.of('a/one', 'reply');
  expect(reply?.id).toBe(7);
  expect(reply?.body).toEqual({ n: 1, bytes: new Uint8Array([1, 2]) });
});

test('an ask that nobody answers fails at its deadline, and the asked actor is told', () => {
  const { universe, scripted } = startPair(onStart(askTwo(1)), nothing);
  universe.runFor(99);
  expect(scripted.of('a/one', 'askFailed')).toEqual([]);
  universe.runFor(50);
  expect(scripted.of('a/one', 'askFailed').map((input) => input.failure)).toEqual([
    { code: 'deadlineExceeded', definite: false },
  ]);
  expect(scripted.of('b/two', 'cancelled')).toHaveLength(1);
});

test('an ask to a path that nobody holds fails at once and definitely', () => {
  const { universe, scripted } = startPair(
    onStart({ type: 'ask', to: 'c/nobody', id: 1, body: { type: 'echo' }, timeoutMs: 100 }),
    nothing,
  );
  universe.runFor(10);
  expect(scripted.of('a/one', 'askFailed').map((input) => input.failure)).toEqual([
    { code: 'noSuchActor', definite: true },
  ]);
});

test('an ask fails with peerFailed when the asked actor throws', () => {
  const { universe, scripted } = startPair(onStart(askTwo(1)), (input) => {
    if (input.type === 'ask') throw new Error('broken');
    return [];
  });
  universe.runFor(50);
  expect(scripted.of('a/one', 'askFailed').map((input) => input.failure.code)).toEqual(['peerFailed']);
});

test('an ask fails with peerFailed when the thread of the asked actor dies', () => {
  const { universe, scripted } = startPair(onStart(askTwo(1)), nothing);
  universe.runFor(20);
  universe.killThread('b');
  universe.runFor(20);
  expect(scripted.of('a/one', 'askFailed').map((input) => input.failure.code)).toEqual(['peerFailed']);
});

test('messages of all verbs between two actors arrive in the order in which they were sent', () => {
  const effects: Effect[] = [];
  for (let n = 0; n < 300; n += 1) {
    effects.push(n % 3 === 0 ? askTwo(n) : { type: 'send', to: 'b/two', body: { type: 'note', message: n } });
  }
  const { universe, scripted } = startPair(onStart(...effects), echo);
  universe.runFor(50);
  const got = (scripted.seen.get('b/two') ?? []).flatMap((input) =>
    input.type === 'tell'
      ? [(input.body as { message: number }).message]
      : input.type === 'ask'
        ? [(input.body as { request: number }).request]
        : [],
  );
  expect(got).toEqual(Array.from({ length: 300 }, (_, n) => n));
});

test('two actors never share an object', () => {
  const shared = { list: [1, 2, 3] };
  const { universe, scripted } = startPair(
    onStart({ type: 'send', to: 'a/one', body: { type: 'note', message: shared } }),
    nothing,
  );
  universe.runFor(10);
  const tell = must(scripted.of('a/one', 'tell')[0], 'the message did not arrive');
  const { message } = tell.body as unknown as { message: typeof shared };
  expect(message).toEqual(shared);
  expect(message).not.toBe(shared);
});

test('a stream delivers its items in order and ends once', () => {
  const { universe, scripted } = startPair(
    onStart({ type: 'subscribe', to: 'b/two', id: 5, body: { type: 'count' }, credit: 10 }),
    (input) =>
      input.type === 'subscribed'
        ? [
            { type: 'emit', stream: input.stream, body: 'first' },
            { type: 'emit', stream: input.stream, body: 'second' },
            { type: 'end', stream: input.stream, reason: 'completed' },
          ]
        : [],
  );
  universe.runFor(50);
  expect(scripted.of('a/one', 'item').map((input) => input.body)).toEqual(['first', 'second']);
  expect(scripted.of('a/one', 'ended').map(({ id, reason }) => [id, reason])).toEqual([[5, 'completed']]);
});

test('a publisher that emits beyond its credit is cut with overflow', () => {
  const { universe, scripted } = startPair(
    onStart({ type: 'subscribe', to: 'b/two', id: 5, body: { type: 'count' }, credit: 2 }),
    (input) =>
      input.type === 'subscribed' ? [1, 2, 3].map((body) => ({ type: 'emit', stream: input.stream, body })) : [],
  );
  universe.runFor(50);
  expect(scripted.of('a/one', 'item').map((input) => input.body)).toEqual([1, 2]);
  expect(scripted.of('a/one', 'ended').map(({ reason }) => reason)).toEqual(['overflow']);
  expect(scripted.of('b/two', 'unsubscribed')).toHaveLength(1);
});

test('a stream that lost an item ends with gap instead of skipping it', () => {
  const { universe, scripted } = startPair(
    onStart({ type: 'subscribe', to: 'b/two', id: 5, body: { type: 'count' }, credit: 100 }),
    (input) => {
      if (input.type === 'subscribed') return [{ type: 'timer', key: `emit:${input.stream}`, afterMs: 10 }];
      if (input.type !== 'timer') return [];
      const stream = Number(input.key.slice(5));
      return [
        { type: 'emit', stream, body: input.monotonicMs },
        { type: 'timer', key: input.key, afterMs: 10 },
      ];
    },
  );
  universe.runFor(100);
  const before = scripted.of('a/one', 'item').length;
  expect(before).toBeGreaterThan(5);
  universe.setFaults([{ from: 'b', to: 'a', drop: 1 }]);
  universe.runFor(50);
  universe.setFaults([]);
  universe.runFor(50);
  expect(scripted.of('a/one', 'item')).toHaveLength(before);
  expect(scripted.of('a/one', 'ended').map(({ reason }) => reason)).toEqual(['gap']);
  expect(scripted.of('b/two', 'unsubscribed')).toHaveLength(1);
});

test('a watcher sees running, terminated when the actor fails, and running again after its restart', () => {
  const { universe, scripted } = startPair(onStart({ type: 'watch', path: 'b/two' }), (input) => {
    if (input.type === 'tell') throw new Error('broken');
    return [];
  });
  universe.runFor(20);
  universe.thread('a')?.host.send('b', 'a/one', 'b/two', [1, 'b/two', 'a/one', 1, { type: 'break' }]);
  universe.thread('a')?.wake();
  universe.runFor(1_000);
  expect(scripted.of('a/one', 'watched').map(({ status, incarnation }) => [status, incarnation])).toEqual([
    ['running', 1],
    ['terminated', 1],
    ['running', 2],
  ]);
});

test('a watcher sees terminated when the thread dies and running when the path is taken again', () => {
  const { universe, scripted } = startPair(onStart({ type: 'watch', path: 'b/two' }), nothing);
  universe.runFor(20);
  universe.killThread('b');
  universe.runFor(20);
  universe
    .startThread('b', [scripted.role()])
    .host.start({ path: 'b/two', role: 'scripted', args: null, incarnation: 2 });
  universe.connect('a', ['a/one'], 'b', ['b/two']);
  universe.runFor(20);
  expect(scripted.of('a/one', 'watched').map(({ status }) => status)).toEqual(['running', 'terminated', 'running']);
});

test('a thread that answers no ping is unresponsive until it is heard of again', () => {
  const { universe, scripted } = startPair(onStart({ type: 'watch', path: 'b/two' }), nothing);
  universe.runFor(livenessPingMs * 3);
  universe.pauseThread('b');
  universe.runFor(livenessTimeoutMs + livenessPingMs * 2);
  expect(scripted.of('a/one', 'watched').map(({ status }) => status)).toEqual(['running', 'unresponsive']);
  universe.resumeThread('b');
  universe.runFor(livenessPingMs * 2);
  expect(scripted.of('a/one', 'watched').map(({ status }) => status)).toEqual(['running', 'unresponsive', 'running']);
});

test('the notice of a death is withheld while the link is partitioned', () => {
  const { universe, scripted } = startPair(onStart({ type: 'watch', path: 'b/two' }), nothing);
  universe.runFor(20);
  universe.setFaults([{ from: 'b', to: 'a', drop: 1 }]);
  universe.killThread('b');
  universe.runFor(100);
  expect(scripted.of('a/one', 'watched').map(({ status }) => status)).toEqual(['running']);
  universe.setFaults([]);
  universe.runFor(20);
  expect(scripted.of('a/one', 'watched').map(({ status }) => status)).toEqual(['running', 'terminated']);
});

test('an actor that keeps failing is restarted with growing pauses, then given up', () => {
  const starts: number[] = [];
  const { universe, scripted } = startPair(nothing, (input) => {
    if (input.type === 'started') starts.push(input.monotonicMs);
    throw new Error('always broken');
  });
  const escalated: string[] = [];
  universe.onReport = (_thread, event) => {
    if (event.type === 'escalated') escalated.push(event.path);
  };
  universe.runFor(120_000);
  const pauses = starts.slice(1).map((atMs, index) => atMs - (starts[index] as number));
  expect(starts).toHaveLength(11);
  expect(pauses[5]).toBeGreaterThan((pauses[1] as number) * 4);
  expect(escalated).toEqual(['b/two']);
  expect(scripted.of('b/two', 'started')).toHaveLength(11);
});

test('a fault in the init of a spawned child is the fault of its parent', () => {
  const { universe, scripted } = startPair(
    onStart({ type: 'spawn', path: 'a/one/child', role: 'scripted', args: null, supervision: { type: 'stop' } }),
    nothing,
  );
  scripted.scripts.set('a/one/child', {
    init: () => {
      throw new Error('no');
    },
    step: nothing,
  });
  const faults: string[] = [];
  universe.onReport = (_thread, event) => {
    if (event.type === 'fault') faults.push(event.fault.path);
  };
  universe.runFor(5);
  expect(faults).toEqual(['a/one']);
});

test('children end with their parent', () => {
  const { universe } = startPair(
    onStart({ type: 'spawn', path: 'a/one/child', role: 'scripted', args: null }),
    nothing,
  );
  universe.runFor(10);
  const host = universe.thread('a')?.host;
  expect(host?.inspect().actors.map(({ path }) => path)).toEqual(['a/one', 'a/one/child']);
  host?.kill('a/one');
  expect(host?.inspect().actors).toEqual([]);
});

test('an actor that is told to stop may finish, and is ended at its grace if it does not', () => {
  const polite = startPair(nothing, (input) => (input.type === 'stop' ? [{ type: 'stop' }] : []));
  polite.universe.runFor(10);
  polite.universe.thread('b')?.host.stop('b/two');
  polite.universe.runFor(10);
  expect(polite.universe.thread('b')?.host.cellAt('b/two')).toBeUndefined();

  const stubborn = startPair(nothing, nothing);
  stubborn.universe.runFor(10);
  stubborn.universe.thread('b')?.host.stop('b/two');
  stubborn.universe.runFor(stopGraceMs - 10);
  expect(stubborn.universe.thread('b')?.host.cellAt('b/two')).toBeDefined();
  stubborn.universe.runFor(20);
  expect(stubborn.universe.thread('b')?.host.cellAt('b/two')).toBeUndefined();
});

test('the grace of an actor that is told to stop counts from then, however long its thread has slept', () => {
  const { universe } = startPair(nothing, nothing);
  const host = universe.thread('b')?.host;
  universe.runFor(10);
  // Nothing keeps the thread awake: without links it pings nobody.
  universe.killThread('a');
  universe.runFor(10 * stopGraceMs);
  host?.stop('b/two');
  universe.runFor(stopGraceMs / 2);
  expect(host?.cellAt('b/two')).toBeDefined();
});

test('a timer fires once, not early, and one that is set again or cancelled does not fire', () => {
  const { universe, scripted } = startPair(
    onStart(
      { type: 'timer', key: 'kept', afterMs: 30 },
      { type: 'timer', key: 'moved', afterMs: 10 },
      { type: 'timer', key: 'moved', afterMs: 60 },
      { type: 'timer', key: 'gone', afterMs: 10 },
      { type: 'cancelTimer', key: 'gone' },
    ),
    nothing,
  );
  universe.runFor(200);
  const started = scripted.of('a/one', 'started')[0]?.monotonicMs as number;
  const fired = scripted.of('a/one', 'timer').map(({ key, monotonicMs }) => [key, Math.floor(monotonicMs - started)]);
  expect(fired).toEqual([
    ['kept', 30],
    ['moved', 60],
  ]);
});

test('a spent window rejects asks, and lets tells wait by their policy', () => {
  const flood: Effect[] = Array.from({ length: linkWindowMessages }, (_, n) => ({
    type: 'send',
    to: 'b/two',
    body: { type: 'note', message: n },
  }));
  const { universe, scripted } = startPair(
    onStart(
      ...flood,
      askTwo(1),
      { type: 'send', to: 'b/two', body: { type: 'key', message: 'old' }, overflow: { coalesce: 'x' } },
      { type: 'send', to: 'b/two', body: { type: 'key', message: 'new' }, overflow: { coalesce: 'x' } },
      { type: 'send', to: 'b/two', body: { type: 'note', message: 'rejected' } },
    ),
    nothing,
  );
  universe.pauseThread('b');
  universe.runFor(10);
  expect(scripted.of('a/one', 'askFailed').map((input) => input.failure.code)).toEqual(['mailboxFull']);
  expect(universe.thread('a')?.host.deadLetters.counts()).toEqual({ mailboxFull: 2, displaced: 1 });
  universe.resumeThread('b');
  universe.runFor(50);
  const bodies = scripted.of('b/two', 'tell').map((input) => input.body as unknown as { message: unknown });
  expect(bodies).toHaveLength(linkWindowMessages + 1);
  expect(bodies.at(-1)?.message).toBe('new');
});

test('tells may be lost, repeated and overtaken under faults; asks are never repeated', () => {
  const effects: Effect[] = [];
  for (let n = 0; n < 200; n += 1)
    effects.push({ type: 'send', to: 'b/two', body: { type: 'note', message: n } }, askTwo(n));
  const { universe, scripted } = startPair(nothing, echo);
  universe.setFaults([{ from: 'a', to: 'b', duplicate: 0.3, reorder: 0.3, drop: 0.2 }]);
  scripted.scripts.set('a/late', { step: onStart(...effects) });
  universe.thread('a')?.host.start({ path: 'a/late', role: 'scripted', args: null, incarnation: 1 });
  universe.runFor(500);
  const tells = scripted.of('b/two', 'tell').map((input) => (input.body as unknown as { message: number }).message);
  expect(new Set(tells).size).toBeLessThan(200);
  expect(tells.length).toBeGreaterThan(new Set(tells).size);
  expect(tells).not.toEqual(tells.toSorted((x, y) => x - y));
  const asked = scripted.of('b/two', 'ask').map((input) => (input.body as unknown as { request: number }).request);
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked).toEqual(asked.toSorted((x, y) => x - y));
});

test('one actor can be suspended while its neighbour runs on', () => {
  const { universe, scripted } = startPair(nothing, echo);
  scripted.scripts.set('b/other', { step: nothing });
  universe.runFor(5);
  universe.thread('b')?.host.suspend('b/two');
  universe.thread('b')?.host.start({ path: 'b/other', role: 'scripted', args: null, incarnation: 1 });
  universe.thread('a')?.host.send('b', 'a/one', 'b/two', [1, 'b/two', 'a/one', 1, { type: 'note' }]);
  universe.thread('a')?.wake();
  universe.runFor(50);
  expect(scripted.of('b/two', 'tell')).toHaveLength(0);
  expect(scripted.of('b/other', 'started')).toHaveLength(1);
  universe.thread('b')?.host.resume('b/two');
  universe.runFor(50);
  expect(scripted.of('b/two', 'tell')).toHaveLength(1);
});

test('equal seeds give equal runs, different seeds different ones', () => {
  const run = (seed: number): string => {
    const { universe } = startPair(
      (input) =>
        input.type === 'started' || input.type === 'reply' ? [askTwo(Math.floor(input.monotonicMs * 1000))] : [],
      echo,
      seed,
    );
    universe.runFor(300);
    return universe.trace.digest();
  };
  expect(run(3)).toBe(run(3));
  expect(run(3)).not.toBe(run(4));
});

test('a reconfigured actor is told, and its next life begins with the new args', () => {
  const { universe, scripted } = startPair((input) => {
    if (input.type === 'reply') throw new Error('broken');
    return input.type === 'timer' ? [askTwo(1)] : [{ type: 'timer', key: 'ask', afterMs: 20 }];
  }, echo);
  const lives: unknown[] = [];
  const host = must(universe.thread('a'), 'a thread').host;
  scripted.onInit = (args, { self }) => void (self.path === 'a/one' && lives.push(args));
  host.reconfigure('a/one', { servers: ['x'] });
  host.reconfigure('a/nobody', {});
  universe.runFor(10);
  expect(scripted.of('a/one', 'reconfigured').map(({ args }) => args)).toEqual([{ servers: ['x'] }]);
  universe.runFor(20);
  // It has failed and waits for its restart.
  expect(host.cellAt('a/one')).toBeUndefined();
  host.reconfigure('a/one', { servers: ['y'] });
  universe.runFor(500);
  expect(lives[0]).toEqual({ servers: ['y'] });
});
