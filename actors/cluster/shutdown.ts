/**
 * Ends a cluster politely: what others depend on goes last, so that clients are let go before their servers, offices are resigned while the
 * store can still hear it, and the store's leader is the last to leave. All of it has one short time; what has not ended by then, or cannot
 * be reached, is ended with its thread.
 */
import { filter, firstValueFrom, type Observable } from 'rxjs';
import type { Bridge } from './bridge.ts';
import type { ClusterEvent } from './events.ts';
import type { Fabric } from './fabric.ts';
import type { ThreadDesign } from './topology.ts';

export interface ShutdownOptions {
  readonly fabric: Fabric;
  readonly bridge: Bridge;
  /** Those whose actors are to end; of a whole cluster, or of one that leaves it. */
  readonly threads: readonly ThreadDesign[];
  readonly events$: Observable<ClusterEvent>;
  /** Tells whether the actor at a path runs and can hear. */
  readonly isReachable: (path: string) => boolean;
  /** Path of the replica that leads the store, or null. */
  readonly leader: () => Promise<string | null>;
}

interface Stoppable {
  readonly thread: string;
  readonly path: string;
  readonly role: string;
}

/** Everything together; an idle cluster needs a tenth of it. */
const shutdownMs = 300;

/** An actor whose end is known reports it by then, or is not there to report. */
const reportGraceMs = 30;

/** Roles that end together, the first first. The store comes behind them all. */
const stages: readonly (readonly string[])[] = [
  ['balancer'],
  ['gateway', 'registry'],
  ['controllers', 'scheduler'],
  ['kubelet', 'runtime'],
  ['apiserver'],
];

/** Stops the actors in order. Resolves when all have ended or the time is up, whichever is first; never rejects. */
export async function shutDown(options: ShutdownOptions): Promise<void> {
  const { fabric } = options;
  let isLate = false;
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => {
    cancel = fabric.after(shutdownMs, () => {
      isLate = true;
      resolve();
    });
  });
  await fabric.drive(Promise.race([stopInOrder(options, () => isLate), late]));
  cancel();
}

async function stopInOrder(options: ShutdownOptions, isLate: () => boolean): Promise<void> {
  const actors = reachableActors(options);
  for (const roles of stages) {
    if (isLate()) return;
    await stopAll(
      options,
      actors.filter(({ role }) => roles.includes(role)),
    );
  }
  const replicas = actors.filter(({ role }) => role === 'store');
  if (replicas.length === 0) return;
  const leader = await options.leader();
  if (isLate()) return;
  await stopAll(
    options,
    replicas.filter(({ path }) => path !== leader),
  );
  if (isLate()) return;
  await stopAll(
    options,
    replicas.filter(({ path }) => path === leader),
  );
}

function reachableActors({ threads, isReachable }: ShutdownOptions): Stoppable[] {
  const all = threads.flatMap(({ name: thread, actors }) => actors.map(({ path, role }) => ({ thread, path, role })));
  return all.filter(({ path }) => isReachable(path));
}

/**
 * Resolves when all of them have ended and said so: with the report of its end comes everything that an actor has logged before. The link
 * tells of the end too, on another way, for the sake of those that were gone already and report nothing.
 */
async function stopAll({ fabric, bridge, events$ }: ShutdownOptions, actors: readonly Stoppable[]): Promise<void> {
  const waiting = new Map<string, () => void>();
  const reports = events$.subscribe((event) => {
    if (event.type === 'actorEnded') waiting.get(event.path)?.();
  });
  await Promise.all(
    actors.map(async ({ thread, path }) => {
      const reported = new Promise<void>((resolve) => waiting.set(path, resolve));
      const gone = firstValueFrom(bridge.watch(path).pipe(filter(({ status }) => status === 'terminated')));
      // A thread that dies meanwhile has ended its actors too.
      await fabric.stopActor(thread, path).catch(() => {});
      await Promise.race([reported, gone.then(() => pass(fabric, reportGraceMs))]);
    }),
  );
  reports.unsubscribe();
}

function pass(fabric: Fabric, durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    fabric.after(durationMs, resolve);
  });
}
