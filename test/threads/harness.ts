/** Real worker threads with test actors, and a probe actor on the test's own thread that talks to them. */
import { linkThreads, OwnThread, type ThreadExit, WorkerThread } from '../../actors/runtime/thread.ts';
import { ThreadWorld } from '../../actors/runtime/thread-world.ts';
import type { Role } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { Input } from '../../src/actor/input.ts';

type PortEmit = (event: unknown) => void;

/** An actor that carries out effects which the test gives it, and lets the test wait for inputs. */
export class Probe {
  readonly inputs: Input[] = [];
  #emit: PortEmit = () => {};
  #listeners = new Set<() => void>();

  role(): Role {
    return {
      name: 'probe',
      behaviour: {
        init: () => null,
        step: (_state, input) => {
          if (input.type === 'io') return input.event as Effect[];
          this.inputs.push(input);
          for (const listener of this.#listeners) listener();
          return [];
        },
      },
      ports: {
        test: (emit) => {
          this.#emit = emit;
          return { handle: () => {}, close: () => {} };
        },
      },
    };
  }

  perform(...effects: Effect[]): void {
    this.#emit(effects);
  }

  /** Resolves with the first input that satisfies `matches`, among those that came and those that will. */
  async waitFor<T extends Input['type']>(
    type: T,
    matches: (input: Extract<Input, { type: T }>) => boolean = () => true,
  ): Promise<Extract<Input, { type: T }>> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.inputs.find((input) => input.type === type && matches(input as never));
        if (found === undefined) return;
        this.#listeners.delete(look);
        resolve(found as Extract<Input, { type: T }>);
      };
      this.#listeners.add(look);
      look();
    });
  }
}

export interface Harness extends AsyncDisposable {
  readonly probe: Probe;
  readonly own: OwnThread;
  readonly worker: WorkerThread;
  readonly exits: readonly ThreadExit[];
}

/** One worker thread `w` with the actor `w/test`, linked to the test's own thread `main` with the probe at `main/probe`. */
export async function startHarness(resourceLimits?: { maxOldGenerationSizeMb: number }): Promise<Harness> {
  const probe = new Probe();
  const exits: ThreadExit[] = [];
  const world = new ThreadWorld({ thread: 'main', clusterSeed: 1, roles: [probe.role()], report: () => {} });
  const own = new OwnThread(world);
  const worker = new WorkerThread({
    name: 'w',
    entry: 'test-actors',
    clusterSeed: 1,
    onEvent: () => {},
    onExit: (exit) => exits.push(exit),
    ...(resourceLimits === undefined ? {} : { resourceLimits }),
  });
  await worker.call((control) => control.start([{ path: 'w/test', role: 'test', args: null, incarnation: 1 }]));
  await own.call((control) => control.start([{ path: 'main/probe', role: 'probe', args: null, incarnation: 1 }]));
  await linkThreads({ thread: own, paths: ['main/probe'] }, { thread: worker, paths: ['w/test'] });
  const dispose = async (): Promise<void> => {
    world.close();
    await worker.kill();
  };
  return { probe, own, worker, exits, [Symbol.asyncDispose]: dispose };
}
