/**
 * A store of some replicas and its clients in one universe: starts and restarts them, links everybody with everybody, and takes what the hosts
 * report. The replicas are the actors of production; only their disks are simulated.
 */
import type { StoreArgs } from '../../../actors/store/store-args.ts';
import type { AnyRole, Role } from '../../../src/actor/behaviour.ts';
import type { FaultRule } from '../../../src/actor/faults.ts';
import type { HostEvent } from '../../../src/actor/host-world.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import type { ReplicaId } from '../../../src/raft/message.ts';
import { Universe } from '../../../src/sim/universe.ts';
import type { StoreStatus } from '../../../src/store/store-request.ts';
import type { Trace } from '../scenario.ts';
import type { Evidence } from './evidence.ts';
import type { Swarm } from './swarm.ts';
import type { Tap } from './tap.ts';

const tickMs = 10;
const timing = { heartbeatTicks: 5, electionTicks: 30 };
export const electionMs = timing.electionTicks * tickMs;

export function replicaMember(id: number): string {
  return `master-${id - 1}`;
}

export function replicaPath(id: number): string {
  return `${replicaMember(id)}/store`;
}

export class StoreWorld {
  readonly universe: Universe;
  readonly ids: readonly number[];
  readonly clients: string[] = [];
  readonly #swarm: Swarm;
  readonly #tap: Tap;
  readonly #evidence: Evidence;
  readonly #trace: Trace;
  readonly #lives = new Map<string, number>();
  /** Called when a replica ended by itself, because its disk failed. */
  onGivenUp: (id: number) => void = () => {};
  #partition: readonly FaultRule[] = [];
  #disturbance: readonly FaultRule[] = [];

  constructor(seed: number, swarm: Swarm, makeTap: (nowMs: () => number) => Tap, evidence: Evidence, trace: Trace) {
    const { latencyMaxMs, turnDelayMaxMs } = swarm;
    this.universe = new Universe({ seed, latencyMaxMs, turnDelayMaxMs });
    this.ids = Array.from({ length: swarm.replicas }, (_, index) => index + 1);
    this.#swarm = swarm;
    this.#evidence = evidence;
    this.#trace = trace;
    this.#tap = makeTap(() => this.universe.nowMs);
    this.universe.onReport = (thread, event) => this.#take(thread, event);
  }

  say(line: string): void {
    this.#trace(`${this.universe.nowMs.toFixed(1).padStart(9)} ${line}`);
  }

  isUp(id: number): boolean {
    return this.universe.thread(replicaPath(id)) !== undefined;
  }

  isPaused(id: number): boolean {
    return this.universe.thread(replicaPath(id))?.isPaused ?? false;
  }

  /** The replica that leads in the newest term, as far as anybody can tell from outside. */
  leader(): number | undefined {
    const leaders = [...this.#tap.statuses.values()].filter(({ role, id }) => role === 'leader' && this.isUp(id));
    return leaders.toSorted((left, right) => right.term - left.term)[0]?.id;
  }

  /** The last known status of a replica. */
  statusOf(id: number): StoreStatus | undefined {
    return this.#tap.statuses.get(id);
  }

  startReplica(id: number, start: 'first' | 'again'): void {
    const path = replicaPath(id);
    const { diskLatencyMaxMs, settings, retentionMs } = this.#swarm;
    const disk = this.universe.disk(path);
    disk.faults = { ...disk.faults, latencyMaxMs: diskLatencyMaxMs, syncFailure: 0 };
    this.universe.startThread(path, [this.#storeRole()]);
    this.#linkAll(path);
    const found = { type: 'found', membership: membershipOf(this.ids as ReplicaId[]) } as const;
    const args: StoreArgs = {
      clusterId: 'simulated',
      id: id as ReplicaId,
      peers: this.ids.map((peer) => ({ id: peer as ReplicaId, path: replicaPath(peer) })),
      intent: start === 'first' ? found : { type: 'resume' },
      timing,
      tickMs,
      folder: path,
      isDurable: true,
      retentionMs,
      settings,
    };
    this.#startActor(path, 'store', args);
  }

  killReplica(id: number, options?: { readonly keepsPageCache: boolean }): void {
    this.universe.killThread(replicaPath(id), options);
  }

  /** Starts a client on a thread of its own. */
  startClient(name: string, role: AnyRole): void {
    const path = `${name}/actor`;
    this.clients.push(name);
    this.universe.startThread(path, [role]);
    this.#linkAll(path);
    this.#startActor(path, role.name, null);
  }

  setPartition(rules: readonly FaultRule[]): void {
    this.#partition = rules;
    this.#applyFaults();
  }

  setDisturbance(rules: readonly FaultRule[]): void {
    this.#disturbance = rules;
    this.#applyFaults();
  }

  #applyFaults(): void {
    this.universe.setFaults([...this.#partition, ...this.#disturbance]);
  }

  #startActor(path: string, role: string, args: unknown): void {
    const incarnation = (this.#lives.get(path) ?? 0) + 1;
    this.#lives.set(path, incarnation);
    this.universe.thread(path)?.host.start({ path, role, args, incarnation });
  }

  #storeRole(): AnyRole {
    const disk = (emit: (event: unknown) => void, self: { path: string }) => this.universe.disk(self.path).open(emit);
    return { name: 'store', behaviour: this.#tap.behaviour(), ports: { disk } } as unknown as Role;
  }

  #linkAll(path: string): void {
    for (const { name } of this.universe.threads())
      if (name !== path) this.universe.connect(path, [path], name, [name]);
  }

  #take(thread: string, event: HostEvent): void {
    if (event.type === 'fault') {
      const { error, phase, inputType } = event.fault;
      this.#evidence.violations.push(`${event.fault.path} failed in ${phase} of ${inputType}: ${error.stack}`);
    } else if (event.type === 'log') {
      const { message, fields, level, actor } = event.entry;
      this.say(`${actor} ${message} ${JSON.stringify(fields)}`);
      // A disk that cannot be read for a while is a fault of ours; a log that is damaged or lost is one of theirs.
      if (level === 'error' && /"the log (is|of)|lost/.test(JSON.stringify(fields))) {
        this.#evidence.violations.push(`${actor} refused to start: ${JSON.stringify(fields)}`);
      }
    } else if (event.type === 'ended' && event.reason === 'stopped') {
      const id = this.ids.find((one) => replicaPath(one) === thread);
      if (id !== undefined) this.universe.schedule(0, () => this.onGivenUp(id));
    }
  }
}
