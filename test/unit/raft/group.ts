/**
 * A group of hosts over an orderly network: messages are delivered in the order of sending unless the test cuts links or drops types.
 * Nothing happens by itself: a test ticks, proposes and settles.
 */
import { must } from '../../../src/base/assert.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { foundingStart } from '../../../src/raft/bootstrap.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import { type Message, noReplica, type ReplicaId } from '../../../src/raft/message.ts';
import type { ProposalOutcome } from '../../../src/raft/on-propose.ts';
import type { RaftStatus } from '../../../src/raft/status.ts';
import { type HostOptions, id, ids, RaftHost } from './host.ts';

export class Group {
  readonly hosts = new Map<ReplicaId, RaftHost>();
  /** Sent and not delivered, in order. */
  network: Message[] = [];
  /** Returns whether a message gets through; replaced by tests. */
  filter: (message: Message) => boolean = () => true;
  readonly #options: HostOptions;

  constructor(voters: readonly number[], options: HostOptions = {}, learners: readonly number[] = []) {
    this.#options = options;
    if (voters.length === 0) return;
    const start = foundingStart(membershipOf(ids(...voters), ids(...learners)));
    for (const replica of [...voters, ...learners]) this.add(replica, { start });
  }

  add(replica: number, options: HostOptions = {}): RaftHost {
    const host = new RaftHost(id(replica), { ...this.#options, ...options });
    host.send = (message) => {
      if (message.type === 'snapshot') this.#ship(host, message);
      if (this.filter(message)) this.network.push(message);
    };
    this.hosts.set(host.id, host);
    return host;
  }

  host(replica: number): RaftHost {
    return must(this.hosts.get(id(replica)), `replica ${replica}`);
  }

  status(replica: number): RaftStatus {
    return this.host(replica).node.status();
  }

  /** Delivers and processes until nothing moves. */
  settle(): void {
    for (const host of this.hosts.values()) host.settle();
    while (this.network.length > 0) {
      const message = must(this.network.shift(), 'message');
      const host = this.hosts.get(message.to);
      if (host === undefined) continue;
      host.node.step(message);
      host.settle();
    }
  }

  /** Ticks one replica, or all of them, and settles after every tick. */
  tick(count: number, ...replicas: number[]): void {
    const ticking = replicas.length === 0 ? [...this.hosts.keys()] : ids(...replicas);
    for (let done = 0; done < count; done += 1) {
      for (const replica of ticking) this.host(replica).node.tick();
      this.settle();
    }
  }

  /** Lets the followers' leases run out, has `replica` campaign and settles. */
  elect(replica: number): void {
    for (const host of this.hosts.values()) {
      const { leader } = host.node.status();
      if (leader !== noReplica && leader !== host.id && host.id !== replica) host.node.peerGone(leader);
    }
    this.host(replica).node.campaign();
    this.settle();
  }

  propose(replica: number, text: string): ProposalOutcome {
    const outcome = this.host(replica).node.propose(utf8(text));
    this.settle();
    return outcome;
  }

  /** Cuts every link of the given replicas to the others, both ways. */
  isolate(...replicas: number[]): void {
    const side = new Set(ids(...replicas));
    this.filter = (message) => side.has(message.from) === side.has(message.to);
    this.network = this.network.filter(this.filter);
  }

  heal(): void {
    this.filter = () => true;
  }

  /** What a replica has applied, without empty entries. */
  applied(replica: number): string[] {
    return this.host(replica)
      .state.filter((entry) => entry.type === 'command' && entry.data.length > 0)
      .map((entry) => utf8Text(entry.data));
  }

  leaders(): number[] {
    return [...this.hosts.values()].filter((host) => host.node.status().role === 'leader').map((host) => host.id);
  }

  #ship(from: RaftHost, message: Extract<Message, { type: 'snapshot' }>): void {
    const snapshot = from.disk.snapshot;
    if (snapshot.index === message.snapshot.index) this.hosts.get(message.to)?.shipped.set(snapshot.index, snapshot);
  }
}
