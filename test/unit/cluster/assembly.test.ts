/**
 * Goal: what is planned is what runs, whatever happens to a thread while actors come and go on it. Method: an assembly on a fabric that only
 * remembers, and starts threads when it is told to.
 */
import { expect, test } from 'vitest';
import { Assembly } from '../../../actors/cluster/assembly.ts';
import type { Fabric } from '../../../actors/cluster/fabric.ts';
import type { ThreadDesign } from '../../../actors/cluster/topology.ts';
import type { ActorSpec } from '../../../src/actor/cell.ts';

const never = new Promise<void>(() => {});

/** Threads with the actors that run on them. */
class StandInFabric {
  readonly running = new Map<string, Set<string>>();
  readonly paused = new Set<string>();
  /** What the start of a thread waits for. */
  starting: Promise<void> = Promise.resolve();

  async startThread({ name }: { readonly name: string }): Promise<void> {
    await this.starting;
    this.running.set(name, new Set());
  }

  async startActors(thread: string, specs: readonly ActorSpec[]): Promise<void> {
    for (const { path } of specs) this.#on(thread).add(path);
  }

  async killActor(thread: string, path: string): Promise<void> {
    if (this.paused.has(thread)) return never;
    await Promise.resolve();
    this.#on(thread).delete(path);
  }

  async suspendActor(): Promise<void> {}

  async resumeActor(): Promise<void> {}

  async killThread(name: string): Promise<void> {
    this.running.delete(name);
  }

  async link(): Promise<void> {}

  isPaused(name: string): boolean {
    return this.paused.has(name);
  }

  crash(name: string, assembly: Assembly): void {
    this.running.delete(name);
    assembly.noteCrash(name);
  }

  runs(thread: string): string[] {
    return [...(this.running.get(thread) ?? [])].toSorted();
  }

  #on(thread: string): Set<string> {
    const actors = this.running.get(thread);
    if (actors === undefined) throw new Error(`no thread ${thread}`);
    return actors;
  }
}

function design(...paths: readonly string[]): ThreadDesign {
  return { name: 'server', entry: 'master', actors: paths.map((path) => ({ path, role: path, args: () => null })) };
}

async function standing(...paths: readonly string[]): Promise<{ fabric: StandInFabric; assembly: Assembly }> {
  const fabric = new StandInFabric();
  const topology = { threads: new Map([['server', design(...paths)]]), links: [] };
  const assembly = new Assembly({ fabric: fabric as unknown as Fabric, topology, ownThread: 'main', ownPaths: [] });
  await assembly.start();
  return { fabric, assembly };
}

test('actors that are added to a thread while it is started again run on it', async () => {
  const { fabric, assembly } = await standing('store');
  fabric.crash('server', assembly);
  let start = (): void => {};
  fabric.starting = new Promise((resolve) => {
    start = resolve;
  });
  const again = assembly.startAgain('server');
  const added = assembly.add(design('apiserver'));
  start();
  await Promise.all([again, added]);
  expect(fabric.runs('server')).toEqual(['apiserver', 'store']);
});

test('actors that are added to a thread that is down start with it', async () => {
  const { fabric, assembly } = await standing('store');
  fabric.crash('server', assembly);
  await assembly.add(design('apiserver'));
  expect(fabric.runs('server')).toEqual([]);
  await assembly.startAgain('server');
  expect(fabric.runs('server')).toEqual(['apiserver', 'store']);
});

test('an actor that was killed stays down when its thread is replaced, until it is started again; a suspended one is as new', async () => {
  const { fabric, assembly } = await standing('store', 'apiserver', 'gateway');
  await assembly.killActors('server', ['store']);
  await assembly.suspendActors('server', ['gateway']);
  fabric.crash('server', assembly);
  await assembly.startAgain('server');
  expect(fabric.runs('server')).toEqual(['apiserver', 'gateway']);
  expect(['store', 'gateway'].map((path) => assembly.isActorDown(path))).toEqual([true, false]);
  await assembly.startActorsAgain('server', ['store']);
  expect(assembly.isActorDown('store')).toBe(false);
  expect(fabric.runs('server')).toEqual(['apiserver', 'gateway', 'store']);
});

test('a part of a thread that was killed too comes back alone, and the rest when it is asked for', async () => {
  const { fabric, assembly } = await standing('store', 'apiserver');
  await assembly.killActors('server', ['store']);
  await assembly.kill('server');
  await assembly.killActors('server', ['store']);
  await assembly.startActorsAgain('server', ['store']);
  expect(fabric.runs('server')).toEqual(['store']);
  expect(assembly.isActorDown('apiserver')).toBe(true);
  await assembly.startActorsAgain('server', ['apiserver']);
  expect(fabric.runs('server')).toEqual(['apiserver', 'store']);
});

test('a part of a thread that crashed comes back with the others', async () => {
  const { fabric, assembly } = await standing('store', 'apiserver');
  fabric.crash('server', assembly);
  await assembly.startActorsAgain('server', ['store']);
  expect(fabric.runs('server')).toEqual(['apiserver', 'store']);
});

test('resuming does not wake the dead, and nothing is suspended on a thread that is down', async () => {
  const { assembly } = await standing('store', 'apiserver');
  await assembly.killActors('server', ['store']);
  await assembly.resumeActors('server', ['store']);
  expect(assembly.isActorDown('store')).toBe(true);
  await assembly.kill('server');
  await assembly.suspendActors('server', ['apiserver']);
  expect(assembly.isActorDown('apiserver')).toBe(false);
});

test('two removals at once take both away, and neither comes back', async () => {
  const { fabric, assembly } = await standing('a', 'b', 'c');
  await Promise.all([assembly.removeActors('server', ['a']), assembly.removeActors('server', ['b'])]);
  expect(fabric.runs('server')).toEqual(['c']);
  fabric.crash('server', assembly);
  await assembly.startAgain('server');
  expect(fabric.runs('server')).toEqual(['c']);
});

test('a thread of which all actors are removed at once goes with them', async () => {
  const { fabric, assembly } = await standing('a', 'b');
  await Promise.all([assembly.removeActors('server', ['a']), assembly.removeActors('server', ['b'])]);
  expect(fabric.running.has('server')).toBe(false);
  expect(assembly.topology.threads.size).toBe(0);
});

test('nobody waits for a paused thread, and the others on it are left alone', async () => {
  const { fabric, assembly } = await standing('a', 'b');
  fabric.paused.add('server');
  await assembly.strike([design('a')]);
  expect(assembly.holds('b')).toBe(true);
  expect(assembly.holds('a')).toBe(false);
  expect(fabric.running.has('server')).toBe(true);
});

test('a thread goes with the last of its actors', async () => {
  const { fabric, assembly } = await standing('a', 'b');
  await assembly.strike([design('a'), design('b'), design('b')]);
  expect(fabric.running.has('server')).toBe(false);
  expect(assembly.topology.threads.size).toBe(0);
});
