/**
 * What a controller is: which resources it watches, which keys a change concerns, what it has to know about a key, and what it would do about
 * it. All pure, so a controller is tested as a table of observed and planned. A runtime (actors/controllers) keeps the caches and carries
 * the plans out.
 *
 * Contract: level-triggered and idempotent. `reconcile` sees a state, never an event; carrying out its plan twice, or a plan that was made
 * of an old state, may fail (preconditions, conflicts) but does no harm. The runtime never reconciles a key before its caches show the
 * controller's own earlier writes for that key (docs/adr/0006-revision-barrier.md).
 */
import type { GroupVersionResource } from '../api/group-version.ts';
import type { IndexFunction } from '../api/object-index.ts';
import type { KubeObject } from '../api/object-meta.ts';
import type { Status } from '../api/status.ts';
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import type { Random } from '../base/random.ts';
import type { ApiAnswer, RequestSubject } from '../protocol/api-client.ts';
import type { Plan, Write } from './plan.ts';

/** One resource that a controller keeps a cache of. */
export interface Watched {
  readonly resource: GroupVersionResource;
  /** `metadata`: the cache holds nothing of the objects but their metadata. */
  readonly output: 'object' | 'metadata';
  readonly indexes: Readonly<Record<string, IndexFunction<never>>>;
  readonly fieldSelector?: string;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  /** Returns what the cache keeps of an object; absent: all of it. */
  readonly keep?: (object: never) => KubeObject;
}

/** Caches that come and go with the objects of another one. */
export interface DynamicWatches {
  /** The cache after whose changes `watches` is asked anew. */
  readonly by: string;
  watches(caches: Caches<Record<string, KubeObject>>): Readonly<Record<string, Watched>>;
}

/** What a reconciler reads; src/streams keeps it. Objects are shared: never change them. */
export interface Cache<T extends KubeObject = KubeObject> {
  /** `key` is `namespace/name`, or the name at cluster scope. */
  get(key: string): T | undefined;
  by(index: string, value: string): readonly T[];
  values(): Iterable<T>;
  readonly size: number;
}

/** Objects by the name of their cache. */
export type Kinds = object;
export type Caches<K extends Kinds> = {
  readonly [Name in keyof K]: Cache<K[Name] extends KubeObject ? K[Name] : KubeObject>;
};

/** A change of one cache: `old` is null for an addition, `object` for a deletion. */
export interface CacheChange<K extends Kinds = Kinds> {
  readonly cache: keyof K & string;
  readonly old: KubeObject | null;
  readonly object: KubeObject | null;
}

/** A write that was refused, or that nobody answered. */
export interface WriteFailure {
  readonly write: Pick<Write, 'verb' | 'resource' | 'subresource' | 'name'>;
  readonly status: Status;
}

export interface ReconcileContext<Memory = unknown> {
  readonly wallMs: WallMs;
  readonly monotonicMs: MonotonicMs;
  readonly random: Random;
  /** What the last plan for this key failed on; null when it was carried out. */
  readonly failure: WriteFailure | null;
  /** What the controller keeps between reconciles, for what no object can tell. Lost with the office. */
  readonly memory: Memory;
  /** Answers to what `reads` asked for, in its order. */
  readonly answers: readonly ApiAnswer[];
}

export interface Controller<K extends Kinds, Observed, Memory = null> {
  /** Names the controller in logs, events and actor paths. */
  readonly name: string;
  readonly watches: { readonly [Name in keyof K]: Watched };
  /** Their caches may be missing for a while in what the controller is handed. */
  readonly dynamic?: DynamicWatches;
  /** Makes what the controller remembers, when it takes office. */
  remember(): Memory;
  /** Returns the keys that a change concerns; the runtime adds them to the queue. */
  keys(change: CacheChange<K>, caches: Caches<K>): readonly string[];
  /** Gathers what `reconcile` needs; null when nothing is left to do for `key`. */
  observe(key: string, caches: Caches<K>): Observed | null;
  /** Returns what `reconcile` has to know beyond the caches, asked anew each time; absent: nothing. Must change nothing. */
  reads?(observed: Observed, wallMs: WallMs): readonly RequestSubject[];
  reconcile(observed: Observed, context: ReconcileContext<Memory>): Plan;
}

/** A controller whose types only its own file knows, as registries and the runtime hold it. */
export type AnyController = Controller<Record<string, KubeObject>, unknown, unknown>;

/** Returns both sides of a change that exist, the newer one first. */
export function sidesOf<T extends KubeObject = KubeObject>(change: Pick<CacheChange, 'old' | 'object'>): readonly T[] {
  return [change.object, change.old].filter((side) => side !== null) as unknown as readonly T[];
}
