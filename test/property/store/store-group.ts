/**
 * A group of replicas on a simulated network and simulated disks, in one thread under a virtual clock. One tick is 10 ms. Messages may
 * be lost, doubled and reordered; replicas crash, lose what was not synced, and recover from what was.
 */
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import type { ReplicaId } from '../../../src/raft/message.ts';
import { readDirectory, snapshotFile } from '../../../src/store/disk-plan.ts';
import { recoverLog } from '../../../src/store/log-recovery.ts';
import type { PeerMessage } from '../../../src/store/peer-message.ts';
import { Replica } from '../../../src/store/replica.ts';
import type { ReplicaEffect } from '../../../src/store/replica-effect.ts';
import type { ReplicaSettings } from '../../../src/store/replica-options.ts';
import { decideStart, type ReplicaStart, type StartIntent } from '../../../src/store/replica-start.ts';
import type { RequestHandle, StoreReply, StoreRequest } from '../../../src/store/store-request.ts';
import { SimulatedDisk } from './simulated-disk.ts';

export interface GroupOptions {
  readonly seed: number;
  readonly replicas?: number;
  readonly lossChance?: number;
  readonly doubleChance?: number;
  readonly delayTicksMax?: number;
  readonly diskTicksMax?: number;
  readonly settings?: Partial<ReplicaSettings>;
}

export const tickMs = 10;
const owner = 'test-cluster';

interface Host {
  readonly disk: SimulatedDisk;
  replica: Replica | null;
  /** Handles that the replica still owes an answer. */
  readonly asked: Set<RequestHandle>;
  saving: string | null;
}

interface Sent {
  readonly dueTick: number;
  readonly message: PeerMessage;
}

export class StoreGroup {
  readonly random: Random;
  readonly hosts = new Map<ReplicaId, Host>();
  readonly replies = new Map<RequestHandle, StoreReply>();
  readonly onEffect: ((id: ReplicaId, effect: ReplicaEffect) => void)[] = [];
  readonly cut = new Set<string>();
  /** Replicas whose thread stands still: neither time nor messages reach them, and messages wait. */
  readonly paused = new Set<number>();
  readonly #options: GroupOptions;
  #network: Sent[] = [];
  #nextHandle = 1;
  #boots = 0;
  lossChance: number;
  tick = 0;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.random = new Random(options.seed, 'group');
    this.lossChance = options.lossChance ?? 0;
    const ids = Array.from({ length: options.replicas ?? 3 }, (_, index) => (index + 1) as ReplicaId);
    for (const id of ids) this.start(id, { type: 'found', membership: membershipOf(ids) });
  }

  get nowMs(): MonotonicMs {
    return (this.tick * tickMs) as MonotonicMs;
  }

  get alive(): Replica[] {
    return [...this.hosts.values()].flatMap((host) => host.replica ?? []);
  }

  replica(id: number): Replica {
    const replica = this.hosts.get(id as ReplicaId)?.replica;
    if (replica === null || replica === undefined) throw new Error(`replica ${id} is down`);
    return replica;
  }

  leader(): Replica | undefined {
    const leaders = this.alive.filter((replica) => replica.status().role === 'leader');
    return leaders.sort((left, right) => right.status().term - left.status().term)[0];
  }

  start(id: ReplicaId, intent: StartIntent): void {
    const host = this.hosts.get(id) ?? { disk: new SimulatedDisk(), replica: null, asked: new Set(), saving: null };
    this.hosts.set(id, host);
    this.#boots += 1;
    host.replica = new Replica({
      id,
      clusterId: owner,
      start: this.#recover(host.disk, id, intent),
      random: new Random(this.#options.seed, id, this.#boots),
      timing: { electionTicks: 30, heartbeatTicks: 5 },
      tickMs,
      nowMs: this.nowMs,
      ...(this.#options.settings && { settings: this.#options.settings }),
    });
    this.#drain(id, host);
  }

  restart(id: number): void {
    this.start(id as ReplicaId, { type: 'resume' });
  }

  crash(id: number): void {
    const host = this.hosts.get(id as ReplicaId) as Host;
    host.replica = null;
    host.saving = null;
    host.asked.clear();
    host.disk.crash(this.random);
  }

  ask(id: number, request: StoreRequest, timeoutMs?: number): RequestHandle {
    const handle = this.#nextHandle as RequestHandle;
    this.#nextHandle += 1;
    const host = this.hosts.get(id as ReplicaId) as Host;
    host.asked.add(handle);
    this.replica(id).request(handle, request, timeoutMs);
    this.#drain(id as ReplicaId, host);
    return handle;
  }

  /** Runs until the reply is there. */
  call(id: number, request: StoreRequest, timeoutMs?: number): StoreReply {
    const handle = this.ask(id, request, timeoutMs);
    this.runUntil(() => this.replies.has(handle));
    return this.replies.get(handle) as StoreReply;
  }

  run(ticks: number): void {
    for (let count = 0; count < ticks; count += 1) this.step();
  }

  runUntil(condition: () => boolean, ticksMax = 3000): void {
    for (let count = 0; count < ticksMax; count += 1) {
      if (condition()) return;
      this.step();
    }
    throw new Error(`nothing came of it by tick ${this.tick}, seed ${this.#options.seed}`);
  }

  untilLeader(): Replica {
    this.runUntil(() => this.leader() !== undefined);
    return this.leader() as Replica;
  }

  step(): void {
    this.tick += 1;
    const isDue = ({ dueTick, message }: Sent): boolean => dueTick <= this.tick && !this.paused.has(message.to);
    const due = this.#network.filter(isDue);
    this.#network = this.#network.filter((sent) => !isDue(sent));
    for (const { message } of due) {
      const host = this.hosts.get(message.to);
      if (host === undefined || host.replica === null || this.cut.has(`${message.from}>${message.to}`)) continue;
      host.replica.receive(message);
      if (this.random.chance(0.5)) this.#drain(message.to, host);
    }
    for (const [id, host] of this.hosts) if (!this.paused.has(id)) this.#stepHost(id, host);
  }

  #stepHost(id: ReplicaId, host: Host): void {
    if (host.replica === null) return;
    const number = host.disk.complete(this.tick);
    if (number !== null) host.replica.persisted(number);
    host.replica.tick(this.nowMs);
    this.#drain(id, host);
    if (host.saving !== null && this.random.chance(0.3)) this.#save(host, host.replica, host.saving);
  }

  #save(host: Host, replica: Replica, file: string): void {
    const parts: Uint8Array[] = [];
    for (let chunk = replica.readSnapshot(); chunk !== null; chunk = replica.readSnapshot()) parts.push(chunk);
    host.saving = null;
    host.disk.files.set(file, Buffer.concat(parts));
    replica.snapshotSaved(true);
  }

  #drain(id: ReplicaId, host: Host): void {
    if (host.replica === null) return;
    for (const effect of host.replica.takeEffects()) {
      this.#carryOut(host, effect);
      for (const listener of this.onEffect) listener(id, effect);
    }
  }

  #carryOut(host: Host, effect: ReplicaEffect): void {
    switch (effect.type) {
      case 'persist': {
        const delay = this.random.integer(0, this.#options.diskTicksMax ?? 1);
        host.disk.begin(effect.number, effect.writes, this.tick + delay);
        return;
      }
      case 'send':
        this.#transmit(effect.message);
        return;
      case 'reply':
        if (!host.asked.delete(effect.handle)) throw new Error(`a second reply to ${effect.handle}`);
        this.replies.set(effect.handle, effect.reply);
        return;
      case 'saveSnapshot':
        host.saving = effect.file;
        return;
      case 'deleteFiles':
        for (const file of effect.files) host.disk.files.delete(file);
        return;
      default:
    }
  }

  #transmit(message: PeerMessage): void {
    if (this.random.chance(this.lossChance)) return;
    const copies = this.random.chance(this.#options.doubleChance ?? 0) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delay = this.random.integer(0, this.#options.delayTicksMax ?? 0);
      this.#network.push({ dueTick: this.tick + 1 + delay, message: structuredClone(message) });
    }
  }

  #recover(disk: SimulatedDisk, id: ReplicaId, intent: StartIntent): ReplicaStart {
    const { segments } = readDirectory([...disk.files.keys()]);
    const files = segments.map(({ file, sequence }) => ({ sequence, bytes: disk.files.get(file) as Uint8Array }));
    const decision = decideStart(recoverLog({ clusterId: owner, replica: id }, files), intent);
    if (decision.type === 'refused') throw new Error(decision.reason);
    if (decision.type !== 'recover') return decision;
    const { repair, snapshot } = decision.log;
    const torn = segments.find(({ sequence }) => sequence === repair?.sequence);
    if (repair !== null && torn !== undefined) {
      disk.files.set(torn.file, (disk.files.get(torn.file) as Uint8Array).slice(0, repair.bytes));
    }
    const state = decision.needsFile ? [disk.files.get(snapshotFile(snapshot)) as Uint8Array] : [];
    return { type: 'recovered', log: decision.log, state };
  }
}
