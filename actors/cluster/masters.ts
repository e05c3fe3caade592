/**
 * Masters that join a running cluster and leave it again. What is to be done next is decided in src/store/member-plan.ts; here it is carried out,
 * one master at a time, and each stage is written down in the roster before it begins.
 *
 * A join: the replica starts empty, becomes a learner, catches up by snapshot and log, becomes a voter; then the API server, the controllers
 * and the scheduler start, and everybody else is told of it. A leave is the reverse. A join that fails is taken back; what cannot be
 * taken back, for want of a majority, is tried again until it is.
 */

import { membersOf } from '../../src/raft/membership.ts';
import { joinStep, leaveStep, lossComplaint, type MemberStep, strayStep } from '../../src/store/member-plan.ts';
import type { StoreReply, StoreStatus } from '../../src/store/store-request.ts';
import type { Assembly } from './assembly.ts';
import { type MasterDesign, replicaIdOf } from './blueprint.ts';
import type { ClusterEvent } from './events.ts';
import type { Fabric } from './fabric.ts';
import { MembershipError } from './membership-error.ts';
import { ClusterOptionsError, mastersMax } from './options.ts';
import type { Roster } from './roster.ts';
import type { StatusReader } from './status.ts';
import { type StoreClient, StoreRequestError } from './store-client.ts';
import type { ThreadDesign } from './topology.ts';

export interface MastersSources {
  readonly roster: Roster;
  readonly fabric: Fabric;
  readonly assembly: Assembly;
  readonly store: StoreClient;
  readonly status: StatusReader;
  readonly design: (master: string) => MasterDesign;
  /** Where a master listens and keeps its log. */
  readonly places: MasterPlaces;
  /** Lets actors end in their order: clients are let go, offices resigned. */
  readonly end: (threads: readonly ThreadDesign[]) => Promise<void>;
  readonly tell: (event: ClusterEvent) => void;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** What a master has outside of its threads. */
export interface MasterPlaces {
  /** Learns where the master listens, and keeps it for the next start. Rejects when it cannot listen. */
  open(master: string): Promise<void>;
  /** Removes the master's log and forgets where it listened. */
  clear(master: string): Promise<void>;
}

type Planner = (statuses: readonly StoreStatus[]) => MemberStep;
type MemberStepRequest = Extract<MemberStep, { readonly type: 'request' }>['request'];

interface CarryOutOptions {
  /** For people. */
  readonly what: string;
  readonly endMs: number;
  /** What must be so before a request is made. */
  readonly before?: (request: MemberStepRequest) => Promise<void>;
  readonly isLast?: (reply: StoreReply) => boolean;
}

const quorumTimeoutMs = 5_000;
/** The whole of a join; a large state takes a few seconds of it. */
const joinTimeoutMs = 30_000;
const leaveTimeoutMs = 15_000;
/** One attempt to end what was left half done, and the pause before the next. */
const tidyTimeoutMs = 3_000;
const tidyAgainMs = 1_000;
const requestTimeoutMs = 1_000;
const pollMs = 20;

export class Masters {
  readonly #sources: MastersSources;
  /** What was asked for last; the next one waits for it. */
  #turn: Promise<unknown> = Promise.resolve();
  #isTidyingDue = false;
  #cancelTidying: () => void = () => {};
  #isOver = false;

  constructor(sources: MastersSources) {
    this.#sources = sources;
  }

  /** Adds a master and resolves with its name once it serves. */
  add(): Promise<string> {
    return this.#inTurn(async () => {
      const { roster, tell, fabric } = this.#sources;
      if (roster.replicas().length >= mastersMax) {
        throw new MembershipError('tooMany', `a cluster has at most ${mastersMax} masters`);
      }
      await this.#assertQuorum();
      const name = await roster.enter();
      await this.#join(name, joinTimeoutMs);
      tell({ type: 'masterAdded', wallMs: fabric.wallMs(), name });
      this.#tidyLater();
      return name;
    });
  }

  /** Takes a master away for good. One that is gone already is no error. */
  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const { roster } = this.#sources;
      if (roster.isFormer(name)) return;
      if (roster.phaseOf(name) === undefined) {
        throw new ClusterOptionsError(`no master ${name}; there are ${roster.members().join(', ')}`);
      }
      const isUnderWay = roster.in('leaving', 'abandoned').includes(name);
      if (!isUnderWay && roster.members().length === 1) {
        throw new MembershipError('lastMaster', `${name} is the last master: a cluster has at least one`);
      }
      if (!isUnderWay) await this.#assertDispensable(name);
      try {
        if (roster.phaseOf(name) === 'abandoned') await this.#dispose(name, leaveTimeoutMs);
        else {
          await roster.set(name, 'leaving');
          await this.#leave(name, leaveTimeoutMs);
        }
      } finally {
        this.#tidyLater();
      }
    });
  }

  /** Ends what an earlier process left half done. What cannot be ended now is tried again later. */
  resume(): Promise<void> {
    return this.#inTurn(async () => {
      const { roster, warn } = this.#sources;
      for (const name of roster.in('joining', 'promoting')) {
        await this.#join(name, joinTimeoutMs).catch((error: Error) => {
          warn('a master that was joining is taken back', { master: name, reason: error.message });
        });
      }
      await this.#tidy();
    });
  }

  /** Begins nothing more, and resolves when what is under way has stopped where it is; a later start goes on from there. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#cancelTidying();
    await this.#sources.fabric.drive(this.#turn);
  }

  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const mine = this.#turn.then(() => {
      this.#assertGoingOn();
      return run();
    });
    this.#turn = mine.catch(() => {});
    return this.#sources.fabric.drive(mine);
  }

  async #assertQuorum(): Promise<void> {
    const { store, fabric } = this.#sources;
    const endMs = fabric.monotonicMs() + quorumTimeoutMs;
    for (;;) {
      this.#assertGoingOn();
      const outcome = await store.revision({ timeoutMs: requestTimeoutMs }).catch(storeFailure);
      if (!(outcome instanceof StoreRequestError)) return;
      if (fabric.monotonicMs() < endMs) continue;
      throw new MembershipError('noQuorum', `no master can join: no majority of the masters answers (${outcome.code})`);
    }
  }

  async #assertDispensable(name: string): Promise<void> {
    const { status, fabric } = this.#sources;
    const endMs = fabric.monotonicMs() + quorumTimeoutMs;
    for (;;) {
      this.#assertGoingOn();
      const complaint = lossComplaint(replicaIdOf(name), await status.storeStatuses());
      if (complaint === null) return;
      // An election may be under way.
      if (fabric.monotonicMs() >= endMs) throw new MembershipError('noQuorum', `${name} cannot leave: ${complaint}`);
      await fabric.sleep(pollMs);
    }
  }

  async #join(name: string, timeoutMs: number): Promise<void> {
    const { roster, assembly, fabric, design, places } = this.#sources;
    const endMs = fabric.monotonicMs() + timeoutMs;
    const { store, api, control } = design(name);
    try {
      if (!assembly.holds(...pathsOf(store))) await assembly.add(store);
      await assembly.reconfigure('replicas');
      await this.#carryOut((statuses) => joinStep(replicaIdOf(name), statuses), {
        what: name,
        endMs,
        // From then on it may have a vote, whatever comes of the request.
        before: ({ type }) => (type === 'memberPromote' ? roster.set(name, 'promoting') : Promise.resolve()),
      });
      await assembly.add(api);
      await assembly.add(control);
      await places.open(name);
      await this.#untilServing(name, endMs);
      await roster.set(name, 'member');
      await assembly.reconfigure('replicas', 'masters');
    } catch (error) {
      if (this.#isOver) throw error;
      await this.#takeBack(name);
      if (error instanceof MembershipError) throw error;
      throw new MembershipError('failed', `${name} could not join: ${(error as Error).message}`);
    }
  }

  /** One that never had a vote is dropped at once: nobody misses it. One that may have one goes as any other master does. */
  async #takeBack(name: string): Promise<void> {
    const { roster } = this.#sources;
    await roster.set(name, roster.phaseOf(name) === 'joining' ? 'abandoned' : 'leaving');
    await this.#tidy();
  }

  async #leave(name: string, timeoutMs: number): Promise<void> {
    const { roster, assembly, fabric, end, tell } = this.#sources;
    const endMs = fabric.monotonicMs() + timeoutMs;
    await assembly.reconfigure('masters');
    const { api, control } = this.#sources.design(name);
    const serving = [api, control].filter((design) => assembly.holds(...pathsOf(design)));
    await end(serving);
    await assembly.strike(serving);
    await this.#expel(name, endMs);
    await this.#bury(name);
    await roster.strike(name);
    tell({ type: 'masterRemoved', wallMs: fabric.wallMs(), name });
  }

  /** Ends what still runs of a master that has no vote, and removes what it kept. */
  async #bury(name: string): Promise<void> {
    const { roster, assembly, places } = this.#sources;
    await roster.set(name, 'abandoned');
    const { store, api, control } = this.#sources.design(name);
    await assembly.strike([control, api, store]);
    await assembly.reconfigure('replicas');
    await places.clear(name);
  }

  /** Ends what is left of a master that is abandoned. */
  async #dispose(name: string, timeoutMs: number): Promise<void> {
    const { roster, fabric } = this.#sources;
    await this.#bury(name);
    await this.#expel(name, fabric.monotonicMs() + timeoutMs);
    await roster.strike(name);
  }

  /** Takes one attempt at everything that was left half done. */
  async #tidy(): Promise<void> {
    const { roster, fabric, warn } = this.#sources;
    const attempt = async (name: string, run: () => Promise<void>): Promise<void> => {
      await run().catch((error: Error) => {
        if (!this.#isOver) warn('a master is not gone yet', { master: name, reason: error.message });
        this.#tidyLater();
      });
    };
    for (const name of roster.in('leaving')) await attempt(name, () => this.#leave(name, tidyTimeoutMs));
    for (const name of roster.in('abandoned')) await attempt(name, () => this.#dispose(name, tidyTimeoutMs));
    const known = roster.replicas().map(replicaIdOf);
    const plan: Planner = (statuses) => strayStep(known, statuses);
    if (this.#isTidyingDue) return;
    await attempt('', () => this.#carryOut(plan, { what: 'a stray', endMs: fabric.monotonicMs() + tidyTimeoutMs }));
  }

  /** Takes the vote from a master, or whatever place it has in the store. */
  async #expel(name: string, endMs: number): Promise<void> {
    const replica = replicaIdOf(name);
    await this.#carryOut((statuses) => leaveStep(replica, statuses), {
      what: name,
      endMs,
      isLast: (reply) => reply.type === 'members' && !membersOf(reply.membership).includes(replica),
    });
  }

  #tidyLater(): void {
    if (this.#isTidyingDue || this.#isOver) return;
    this.#isTidyingDue = true;
    this.#cancelTidying = this.#sources.fabric.after(tidyAgainMs, () => {
      this.#isTidyingDue = false;
      void this.#inTurn(() => this.#tidy()).catch(({ message }: Error) => {
        this.#sources.warn('what masters left cannot be cleared away', { reason: message });
      });
    });
  }

  /** Does step after step until there is none left, or an answer is the last one wanted. Rejects when that takes until `endMs`. */
  async #carryOut(plan: Planner, { what, endMs, before, isLast }: CarryOutOptions): Promise<void> {
    const { status, fabric, store } = this.#sources;
    let reason = 'the store does not answer';
    for (;;) {
      this.#assertGoingOn();
      const step = plan(await status.storeStatuses());
      if (step.type === 'done') return;
      if (step.type === 'wait') reason = step.reason;
      if (fabric.monotonicMs() >= endMs) throw new MembershipError('timeout', `${what}: ${reason}`);
      if (step.type === 'request') {
        await before?.(step.request);
        const expected = step.request.type === 'transferLeadership' ? 'transferRequested' : 'members';
        const outcome = await store
          .request(step.request, expected, { timeoutMs: requestTimeoutMs })
          .catch(storeFailure);
        if (outcome instanceof StoreRequestError) reason = outcome.message;
        else if (isLast?.(outcome) === true) return;
      }
      await fabric.sleep(pollMs);
    }
  }

  async #untilServing(name: string, endMs: number): Promise<void> {
    const { status, fabric } = this.#sources;
    while (!(await status.isServing(name))) {
      this.#assertGoingOn();
      if (fabric.monotonicMs() >= endMs) throw new MembershipError('timeout', `${name}: its API server is not ready`);
      await fabric.sleep(pollMs);
    }
  }

  #assertGoingOn(): void {
    if (this.#isOver) throw new MembershipError('failed', 'the cluster is stopping');
  }
}

function pathsOf({ actors }: ThreadDesign): readonly string[] {
  return actors.map(({ path }) => path);
}

/** Failures of the store are outcomes here; anything else is a bug. */
function storeFailure(error: unknown): StoreRequestError {
  if (error instanceof StoreRequestError) return error;
  throw error;
}
