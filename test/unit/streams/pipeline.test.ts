/** Actors whose logic is an RxJS pipeline: on virtual time, and with their errors as faults. */

import type { Observable } from 'rxjs';
import { bufferTime, debounceTime, filter, map, of, tap } from 'rxjs';
import { expect, test } from 'vitest';
import { defineRole } from '../../../src/actor/behaviour.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { ActorFault } from '../../../src/actor/host-world.ts';
import { Universe } from '../../../src/sim/universe.ts';
import { type Mailbox, ofType, reactive, tells } from '../../../src/streams/mailbox.ts';

interface WordProtocol {
  readonly tells: { readonly word: string };
  readonly asks: object;
  readonly streams: object;
}

interface Run {
  readonly universe: Universe;
  readonly logged: { readonly atMs: number; readonly message: string }[];
  readonly faults: ActorFault[];
  readonly say: (word: string) => void;
}

function run(build: (mailbox: Mailbox) => Observable<Effect | readonly Effect[]>): Run {
  const universe = new Universe({ seed: 1 });
  const logged: Run['logged'] = [];
  const faults: ActorFault[] = [];
  universe.onReport = (_thread, event) => {
    if (event.type === 'log') logged.push({ atMs: Math.floor(universe.nowMs), message: event.entry.message });
    if (event.type === 'fault') faults.push(event.fault);
  };
  const role = defineRole({ name: 'reactive', behaviour: reactive(build) });
  universe.startThread('t', [role]);
  universe.thread('t')?.host.start({ path: 't/actor', role: 'reactive', args: null, incarnation: 1 });
  const say = (word: string): void => {
    const host = universe.thread('t')?.host;
    const cell = host?.cellAt('t/actor');
    if (host === undefined || cell === undefined) throw new Error('no actor');
    const from = { path: 't/actor', incarnation: 1 };
    host.deliver(cell, { type: 'tell', from, body: { type: 'word', message: word } as never });
    universe.thread('t')?.wake();
  };
  return { universe, logged, faults, say };
}

const log = (message: string): Effect => ({ type: 'log', level: 'info', message });

test('what a pipeline emits is performed in the step that caused it', () => {
  const { universe, logged, say } = run(({ inputs$ }) =>
    tells<WordProtocol, 'word'>(inputs$, 'word').pipe(map((word) => [log(word), log(word.toUpperCase())])),
  );
  say('hello');
  universe.runFor(10);
  expect(logged.map(({ message }) => message)).toEqual(['hello', 'HELLO']);
});

test('time operators obey the time of the actor', () => {
  const { universe, logged, say } = run(({ inputs$, scheduler }) =>
    tells<WordProtocol, 'word'>(inputs$, 'word').pipe(debounceTime(1_000, scheduler), map(log)),
  );
  universe.runFor(10);
  say('one');
  universe.runFor(500);
  say('two');
  universe.runFor(5_000);
  expect(logged.map(({ message }) => message)).toEqual(['two']);
  expect(logged[0]?.atMs).toBeGreaterThanOrEqual(1_510);
  expect(logged[0]?.atMs).toBeLessThan(1_520);
});

test('repeating operators go on as long as time passes', () => {
  const { universe, logged, say } = run(({ inputs$, scheduler }) =>
    tells<WordProtocol, 'word'>(inputs$, 'word').pipe(
      bufferTime(100, null, Number.POSITIVE_INFINITY, scheduler),
      filter((words) => words.length > 0),
      map((words) => log(words.join('+'))),
    ),
  );
  universe.runFor(5);
  say('a');
  say('b');
  universe.runFor(350);
  say('c');
  universe.runFor(350);
  expect(logged.map(({ message }) => message)).toEqual(['a+b', 'c']);
});

test.each([
  [
    'an operator',
    (mailbox: Mailbox) =>
      mailbox.inputs$.pipe(
        ofType('tell'),
        map(() => fail()),
      ),
  ],
  [
    'a side effect',
    (mailbox: Mailbox) =>
      mailbox.inputs$.pipe(
        ofType('tell'),
        tap(fail),
        map(() => log('never')),
      ),
  ],
])('an error in %s is a fault of the actor, which starts again', (_where, build) => {
  const { universe, faults, say } = run(build as (mailbox: Mailbox) => Observable<Effect>);
  say('x');
  universe.runFor(5);
  expect(faults).toMatchObject([{ path: 't/actor', phase: 'step', error: { message: 'broken' }, decision: 'restart' }]);
});

test('a pipeline that ends leaves the actor alive', () => {
  const { universe, logged, faults, say } = run(() => of(log('once')));
  universe.runFor(5);
  say('x');
  universe.runFor(5);
  expect(logged.map(({ message }) => message)).toEqual(['once']);
  expect(faults).toEqual([]);
});

function fail(): never {
  throw new Error('broken');
}
