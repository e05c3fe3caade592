/**
 * What a cluster is built on: threads that run actors, links between them, and the faults that can be done to both. Two fabrics exist: real
 * worker threads, and a simulated universe. The cluster above does not know which one it stands on.
 */
import type { ActorSpec } from '../../src/actor/cell.ts';
import type { FaultRule } from '../../src/actor/faults.ts';
import type { HostReport } from '../../src/actor/host.ts';
import type { WallMs } from '../../src/base/brand.ts';
import type { ThreadEvent } from '../runtime/thread-control.ts';

export interface ThreadPlan {
  readonly name: string;
  /** The kind of thread: the bundle that a worker runs, or the roles that a simulated thread offers. */
  readonly entry: string;
  readonly memoryLimitMb?: number;
}

export interface LinkEnd {
  readonly thread: string;
  readonly paths: readonly string[];
}

export interface FabricEvents {
  /** An event of a thread's host, or a message while messages are observed. */
  readonly onEvent: (thread: string, event: ThreadEvent) => void;
  /** A thread ended without having been killed. */
  readonly onCrash: (thread: string, reason: string) => void;
}

export interface Fabric {
  /** Resolves when the thread can start actors. Its name must be free. */
  startThread(plan: ThreadPlan): Promise<void>;
  /** Starts actors in order; rejects with what an `init` threw, or when the thread is gone. */
  startActors(thread: string, specs: readonly ActorSpec[]): Promise<void>;
  stopActor(thread: string, path: string): Promise<void>;
  killActor(thread: string, path: string): Promise<void>;
  /** Tells an actor what it is started with from now on; resolves when it will be told for certain. */
  reconfigureActor(thread: string, path: string, args: unknown): Promise<void>;
  suspendActor(thread: string, path: string): Promise<void>;
  resumeActor(thread: string, path: string): Promise<void>;
  /** Opens a link; a paused end learns of it before it goes on. */
  link(left: LinkEnd, right: LinkEnd): Promise<void>;
  /** Digest of everything that was sent between threads, equal for equal runs; null where runs are not repeatable. */
  traceHash(): string | null;
  /** Ends a thread at once, as kill -9. Unknown names are ignored. */
  killThread(name: string): Promise<void>;
  pauseThread(name: string): void;
  resumeThread(name: string): void;
  isPaused(name: string): boolean;
  threads(): readonly string[];
  /** Replaces the rules on every thread, also on those started later. */
  setFaults(rules: readonly FaultRule[]): Promise<void>;
  observeMessages(enabled: boolean): Promise<void>;
  /** Null when the thread is gone or does not answer (paused, blocked). */
  inspect(thread: string): Promise<HostReport | null>;
  wallMs(): WallMs;
  monotonicMs(): number;
  /** Resolves after `durationMs` of the fabric's time. */
  sleep(durationMs: number): Promise<void>;
  /** Runs `run` after `delayMs` of the fabric's time, if it gets that far; returns what cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Resolves with what `promise` gives, letting the fabric's time pass meanwhile. */
  drive<T>(promise: Promise<T>): Promise<T>;
  /** Ends all threads and frees what the fabric holds. */
  close(): Promise<void>;
}
