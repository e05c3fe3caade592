/**
 * The plan of a cluster as data: which threads there are, which actors run on each, who is linked with whom. Placement lives here and nowhere
 * else; no behaviour knows on which thread it runs.
 */

import { memberOf } from '../../src/actor/address.ts';
import type { Supervision } from '../../src/actor/supervision.ts';

/** What args may tell of: the replicas of the store, or the masters that serve. */
export type Knowledge = 'replicas' | 'masters';

export interface ActorPlan {
  readonly path: string;
  readonly role: string;
  /** Plain data; made anew at each start, because some of it depends on the life before. */
  readonly args: (start: 'first' | 'again') => unknown;
  /** Of what the args tell that changes while the actor runs; it takes the input `reconfigured` then. */
  readonly knows?: Knowledge;
  readonly supervision?: Supervision;
}

export interface ThreadDesign {
  readonly name: string;
  readonly entry: string;
  readonly actors: readonly ActorPlan[];
  /** Paths of actors that may be added while the thread runs, absent for none: whoever is linked with it knows them from the beginning. */
  readonly mayHold?: readonly string[];
}

export interface Topology {
  readonly threads: ReadonlyMap<string, ThreadDesign>;
  /** Pairs of thread names, each once. */
  readonly links: readonly (readonly [string, string])[];
}

/** Threads that do the work of several kinds. */
const kindsOf: Readonly<Record<string, readonly string[]>> = { master: ['store', 'api'] };

/** Kinds of threads that talk to each other; `main` is the thread of user code. */
const conversations: readonly (readonly [string, string])[] = [
  ['store', 'store'],
  ['store', 'api'],
  ['store', 'control'],
  ['api', 'control'],
  ['api', 'node'],
  ['api', 'balancer'],
  ['main', 'store'],
  ['main', 'api'],
  ['main', 'control'],
  ['main', 'node'],
  ['main', 'balancer'],
  ['main', 'registry'],
];

/** Links every pair of threads whose kinds talk to each other. `ownThread` is the name of the main thread. */
export function linksBetween(designs: readonly ThreadDesign[], ownThread: string): (readonly [string, string])[] {
  const ends = [...designs.map(({ name, entry }) => ({ name, entry })), { name: ownThread, entry: 'main' }];
  return ends.flatMap((left, index) =>
    ends.slice(index + 1).flatMap((right) => (talk(left.entry, right.entry) ? [[left.name, right.name] as const] : [])),
  );
}

function talk(left: string, right: string): boolean {
  const lefts = kindsOf[left] ?? [left];
  const rights = kindsOf[right] ?? [right];
  const isPair = (one: string, other: string): boolean =>
    (lefts.includes(one) && rights.includes(other)) || (lefts.includes(other) && rights.includes(one));
  return conversations.some(([one, other]) => isPair(one, other));
}

/** Puts designs of the same thread together. */
export function threadsOf(designs: readonly ThreadDesign[]): ReadonlyMap<string, ThreadDesign> {
  const threads = new Map<string, ThreadDesign>();
  for (const design of designs) {
    const standing = threads.get(design.name);
    threads.set(design.name, standing === undefined ? design : joined(standing, design.actors));
  }
  return threads;
}

/** The thread with more actors. */
export function joined(design: ThreadDesign, actors: readonly ActorPlan[]): ThreadDesign {
  return { ...design, actors: [...design.actors, ...actors] };
}

/** What a name means: whole threads, or some actors of a thread that has others too. */
export type Target =
  | { readonly type: 'threads'; readonly threads: readonly ThreadDesign[] }
  | { readonly type: 'actors'; readonly thread: ThreadDesign; readonly paths: readonly string[] };

/** Finds what `master-0`, `master-0/store`, `node-1/kubelet` or the name of a thread means; undefined when there is no such thing. */
export function findTarget(topology: Topology, name: string): Target | undefined {
  const designs = [...topology.threads.values()];
  const ofMember = designs.filter((design) => memberOf(design.name) === name);
  if (ofMember.length > 0) return { type: 'threads', threads: ofMember };
  const isMeant = (path: string): boolean => path === name || memberOf(path) === name;
  const thread = designs.find((design) => design.name === name || design.actors.some(({ path }) => isMeant(path)));
  if (thread === undefined) return undefined;
  const paths = thread.actors.map(({ path }) => path).filter(isMeant);
  if (thread.name === name || paths.length === thread.actors.length) return { type: 'threads', threads: [thread] };
  return { type: 'actors', thread, paths };
}

/** Names of all members, in the order of the plan. */
export function membersOf({ threads }: Topology): readonly string[] {
  return [...new Set([...threads.values()].flatMap(({ actors }) => actors.map(({ path }) => memberOf(path))))];
}
