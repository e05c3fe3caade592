/** The control plane of one thread, spoken over Comlink by whoever created it. Data between actors never takes this way. */
import type { MessagePort } from 'node:worker_threads';
import type { ActorSpec } from '../../src/actor/cell.ts';
import type { DeadLetter } from '../../src/actor/dead-letters.ts';
import type { FaultRule } from '../../src/actor/faults.ts';
import type { HostReport } from '../../src/actor/host.ts';
import type { HostEvent } from '../../src/actor/host-world.ts';

export interface ThreadControl {
  /** Starts actors in order; rejects with what the first failing `init` threw, and the later ones are not started. */
  start(specs: readonly ActorSpec[]): void | Promise<void>;
  /** Asks an actor to finish. */
  stop(path: string): void | Promise<void>;
  /** Ends an actor at once. */
  kill(path: string): void | Promise<void>;
  /** Tells an actor what it is started with from now on. */
  reconfigure(path: string, args: unknown): void | Promise<void>;
  suspend(path: string): void | Promise<void>;
  resume(path: string): void | Promise<void>;
  /** Opens the direct link to another thread; `port` is one end of a channel whose other end that thread gets. */
  connect(peer: string, paths: readonly string[], port: MessagePort): void | Promise<void>;
  setFaults(rules: readonly FaultRule[]): void | Promise<void>;
  inspect(): HostReport | Promise<HostReport>;
  deadLetters(): readonly DeadLetter[] | Promise<readonly DeadLetter[]>;
  /** Reports each message that leaves an actor of this thread (`messageSent` events), or stops doing so. */
  observe(enabled: boolean): void | Promise<void>;
}

/** What a thread tells its creator: the events of its host, and messages while it is observed. */
export type ThreadEvent =
  | HostEvent
  | {
      readonly type: 'messageSent';
      readonly from: string;
      readonly to: string;
      readonly operation: number;
      readonly body: string;
      readonly bytes: number;
    };

/** What a worker thread is born with. */
export interface ThreadBirth {
  readonly thread: string;
  /** The name of the bundle beside the entry that the thread runs. */
  readonly bundle: string;
  readonly clusterSeed: number;
  /** One 32-bit cell: 1 while the thread is paused. */
  readonly pauseFlag: SharedArrayBuffer;
  readonly reports: MessagePort;
}
