/**
 * Three API servers over three replicas of the real store, under faults: leaders and API servers die, links are cut. Goal: nothing
 * acknowledged is lost, nothing happens twice, and a watcher that resumes ends up with the very state that a list shows.
 */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import {
  type Answer,
  configMap,
  Harness,
  resourceRequest,
  type Tree,
  type WatchClient,
} from '../../unit/apiserver/harness.ts';
import { restartReplica, startReplicatedStore } from './replicated-store.ts';

const maps = 'core/v1/default/configmaps';
const masters = ['master-0', 'master-1', 'master-2'];

function start(seed: number): Harness {
  return new Harness({ seed, apiServers: 3, startsStore: startReplicatedStore });
}

test('a write survives the death of any one master', () => {
  const harness = start(3);
  expect(harness.create(maps, configMap('one')).status).toBe(201);
  for (const master of masters) {
    harness.universe.killThread(`${master}/store`);
    const others = harness.apiPaths.filter((path) => !path.startsWith(master));
    for (const [index, path] of [...others, `${master}/apiserver`].entries()) {
      const name = `${master}-${index}`;
      const answer = harness.call(resourceRequest('create', maps, { body: configMap(name) }), path);
      expect([201, 504]).toContain(answer.status);
      expect(harness.call(resourceRequest('get', `${maps}/one`), path).status).toBe(200);
    }
    const apis = masters.map((each): [string, string] => [`${each}/api`, `${each}/apiserver`]);
    restartReplica(harness.universe, `${master}/store`, apis);
    harness.settle(1_000);
  }
});

test('an API server whose own replica is cut off serves from another, and never shows stale state', () => {
  const harness = start(4);
  harness.create(maps, configMap('one', { n: '0' }));
  const rules = masters.slice(1).flatMap((other) =>
    [
      ['master-0/store', `${other}/store`],
      [`${other}/store`, 'master-0/store'],
    ].map(([from, to]) => ({ from: from as string, to: to as string, drop: 1 })),
  );
  harness.universe.setFaults(rules);
  for (let n = 1; n <= 5; n += 1) {
    const patch = { data: { n: String(n) } };
    const written = harness.call(
      resourceRequest('patch', `${maps}/one`, { patch: 'merge', body: patch }),
      'master-1/apiserver',
    );
    expect(written.status).toBe(200);
    const read = harness.call(resourceRequest('get', `${maps}/one`), 'master-0/apiserver');
    expect(read.body.data).toEqual({ n: String(n) });
  }
  harness.universe.setFaults([]);
  harness.settle(3_000);
  expect(harness.call(resourceRequest('get', `${maps}/one`), 'master-0/apiserver').body.data).toEqual({ n: '5' });
});

/** An informer in small: follows a resource over whichever API server is there, from where the last one left off. */
class Mirror {
  readonly objects = new Map<string, Tree>();
  readonly #harness: Harness;
  readonly #random: Random;
  #watch: WatchClient | null = null;
  #seen = 0;
  #revision = '';
  relists = 0;

  constructor(harness: Harness, random: Random) {
    this.#harness = harness;
    this.#random = random;
  }

  poll(): void {
    if (this.#watch === null) this.#open();
    const watch = this.#watch as unknown as WatchClient;
    const { events } = watch;
    for (const event of events.slice(this.#seen)) this.#take(event);
    this.#seen = events.length;
    if (watch.endReason !== null) this.#watch = null;
  }

  #open(): void {
    const path = this.#random.pick(this.#harness.apiPaths);
    const start = this.#revision === '' ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : {};
    if (this.#revision === '') {
      this.objects.clear();
      this.relists += 1;
    }
    const parameters = { allowWatchBookmarks: 'true', resourceVersion: this.#revision, ...start };
    this.#seen = 0;
    this.#watch = this.#harness.open(resourceRequest('watch', maps, { parameters }), 10_000, path);
  }

  #take({ type, object }: Tree): void {
    if (type === 'ERROR' || object.kind === 'Status') {
      this.#revision = '';
      return;
    }
    const { name, resourceVersion } = object.metadata;
    if (type !== 'ADDED' || this.#revision !== '') {
      expect(Number(resourceVersion)).toBeGreaterThanOrEqual(Number(this.#revision));
    }
    if (type === 'DELETED') this.objects.delete(name);
    else if (type !== 'BOOKMARK') this.objects.set(name, object);
    if (type !== 'ADDED' || this.#revision !== '') this.#revision = resourceVersion;
  }
}

interface Pending {
  readonly id: number;
  readonly name: string;
}

/** Adds one to counters by get and update, keeps what was acknowledged and what nobody knows. */
class Incrementers {
  conflicts = 0;
  readonly acknowledged = new Map<string, number>();
  readonly unknown = new Map<string, number>();
  readonly #harness: Harness;
  readonly #random: Random;

  constructor(harness: Harness, random: Random) {
    this.#harness = harness;
    this.#random = random;
  }

  round(names: readonly string[]): void {
    const reads = names.map((name) => ({ name, path: this.#random.pick(this.#harness.apiPaths) }));
    const found = reads.map(({ name, path }) =>
      this.#attempt(() => this.#harness.call(resourceRequest('get', `${maps}/${name}`), path)),
    );
    // Two for each object, from the same version: at most one of them may win.
    const calls: Pending[] = [...reads, ...reads].map(({ name, path }, index) => ({
      id: this.#begin(name, path, found[index % reads.length] ?? null),
      name,
    }));
    for (const { id, name } of calls)
      this.#note(
        name,
        this.#attempt(() => this.#harness.finish(id)),
      );
  }

  #begin(name: string, path: string, read: Answer | null): number {
    const n = read !== null && read.status === 200 ? Number(read.body.data.n) : Number.NaN;
    const next = read !== null && read.status === 200 ? { ...read.body, data: { n: String(n + 1) } } : {};
    return this.#harness.begin(resourceRequest('update', `${maps}/${name}`, { body: next }), path);
  }

  #note(name: string, answer: Answer | null): void {
    if (answer?.status === 200) add(this.acknowledged, name);
    else if (answer?.status === 409) this.conflicts += 1;
    else if (answer === null || answer.status === 504 || answer.status === 500) add(this.unknown, name);
  }

  /** The API server may die before it answers. */
  #attempt(ask: () => Answer): Answer | null {
    try {
      return ask();
    } catch {
      return null;
    }
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

describe.each([11, 12, 13, 14, 15, 16])('under faults with seed %i', (seed) => {
  test('acknowledged increments are all there, none twice, and a mirror equals the list', () => {
    const harness = start(seed);
    const random = new Random(seed, 'faults');
    const names = ['a', 'b', 'c'];
    for (const name of names) expect(harness.create(maps, configMap(name, { n: '0' })).status).toBe(201);
    const mirror = new Mirror(harness, random.fork('mirror'));
    const incrementers = new Incrementers(harness, random.fork('incrementers'));
    for (let round = 0; round < 24; round += 1) {
      const broken = breakSomething(harness, random, round);
      incrementers.round(names);
      mirror.poll();
      broken.heal();
      harness.settle(random.integer(0, 300));
    }
    harness.universe.setFaults([]);
    harness.settle(5_000);
    for (let poll = 0; poll < 5; poll += 1) {
      mirror.poll();
      harness.settle(200);
    }
    const listed = harness.list(maps).body.items as Tree[];
    for (const { metadata, data } of listed) {
      const acknowledged = incrementers.acknowledged.get(metadata.name) ?? 0;
      expect(Number(data.n)).toBeGreaterThanOrEqual(acknowledged);
      expect(Number(data.n)).toBeLessThanOrEqual(acknowledged + (incrementers.unknown.get(metadata.name) ?? 0));
    }
    expect([...incrementers.acknowledged.values()].reduce((sum, each) => sum + each, 0)).toBeGreaterThan(20);
    expect(incrementers.conflicts).toBeGreaterThan(20);
    expect([...mirror.objects.values()].sort(byName)).toEqual(listed);
  });
});

function byName(left: Tree, right: Tree): number {
  return left.metadata.name < right.metadata.name ? -1 : 1;
}

function breakSomething(harness: Harness, random: Random, round: number): { heal(): void } {
  const { universe } = harness;
  const master = random.pick(masters);
  const nothing = { heal: (): void => {} };
  if (round % 3 === 0) return nothing;
  if (random.chance(0.4)) {
    const path = `${master}/store`;
    universe.killThread(path);
    const heal = (): void => {
      const apis = masters.map((each): [string, string] => [`${each}/api`, `${each}/apiserver`]);
      restartReplica(universe, path, apis);
    };
    return { heal };
  }
  if (random.chance(0.5)) {
    universe.killThread(`${master}/api`);
    return { heal: () => harness.startApiServer(master, round + 2) };
  }
  const rules = masters.flatMap((other) =>
    other === master
      ? []
      : [
          { from: `${master}/store`, to: `${other}/store`, drop: 1 },
          { from: `${other}/store`, to: `${master}/store`, drop: 1 },
        ],
  );
  universe.setFaults(rules);
  return { heal: () => universe.setFaults([]) };
}
