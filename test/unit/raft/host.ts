/**
 * A host for one RaftNode in tests: it keeps what a disk would keep, applies entries to a list, and lets the test decide when a Ready is taken,
 * when it becomes durable and when the replica crashes. The state lives in memory only, as the store's does: after a crash it is
 * rebuilt from the last snapshot and the log.
 */
import { must } from '../../../src/base/assert.ts';
import { Random } from '../../../src/base/random.ts';
import { emptyStart, foundingStart, type RaftStart } from '../../../src/raft/bootstrap.ts';
import { defaultRaftLimits, type RaftLimits } from '../../../src/raft/limits.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import type {
  Entry,
  HardState,
  LogIndex,
  Membership,
  Message,
  ReplicaId,
  SnapshotMetadata,
  Term,
} from '../../../src/raft/message.ts';
import { RaftNode } from '../../../src/raft/node.ts';
import type { Ready } from '../../../src/raft/ready.ts';
import type { RaftTiming } from '../../../src/raft/state.ts';

export const id = (value: number): ReplicaId => value as ReplicaId;
export const ids = (...values: number[]): ReplicaId[] => values.map(id);
export const at = (value: number): LogIndex => value as LogIndex;
export const term = (value: number): Term => value as Term;

export interface HostOptions {
  readonly start?: RaftStart;
  readonly seed?: number;
  readonly timing?: RaftTiming;
  readonly limits?: Partial<RaftLimits>;
}

export interface Snapshot extends SnapshotMetadata {
  readonly state: readonly Entry[];
}

interface Disk {
  hardState: HardState;
  snapshot: Snapshot;
  entries: Entry[];
}

export class RaftHost {
  readonly id: ReplicaId;
  readonly disk: Disk;
  node: RaftNode;
  /** Everything applied since index 1, oldest first. */
  state: Entry[] = [];
  membership: Membership;
  /** Taken and not durable yet. */
  writing: Ready[] = [];
  reads: Ready['reads'][number][] = [];
  /** Where messages go that may leave now. */
  send: (message: Message) => void = () => {};
  /** Called for every Ready before it is processed. */
  observe: (ready: Ready) => void = () => {};
  /** Applies at once unless the test wants to do it itself. */
  autoApply = true;
  /** What is to be applied when `autoApply` is off. */
  waiting: Entry[] = [];
  readonly #options: HostOptions;
  #incarnation = 0;

  constructor(replica: ReplicaId, options: HostOptions = {}) {
    const start = options.start ?? emptyStart();
    this.id = replica;
    this.#options = options;
    this.membership = start.membership;
    const { index, term } = start.log.snapshot;
    this.disk = {
      hardState: start.hardState,
      snapshot: { index, term, membership: start.membership, state: [] },
      entries: [...start.log.entries],
    };
    this.node = this.#boot();
  }

  /** Takes one Ready: what may leave at once leaves, what is committed is applied, the rest waits for `persist`. */
  take(): Ready {
    const ready = this.node.ready();
    this.observe(ready);
    this.writing.push(ready);
    for (const message of ready.messages) this.send(message);
    this.reads.push(...ready.reads);
    if (this.autoApply) this.apply(ready.committed);
    else this.waiting.push(...ready.committed);
    return ready;
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.state.push(entry);
      if (entry.type === 'membership') this.membership = this.node.applyMembership(entry);
      this.node.applied(entry.index);
    }
  }

  /** Makes the oldest waiting Ready durable, and releases what waited for it. */
  persist(): void {
    const ready = must(this.writing.shift(), 'a Ready to persist');
    this.write(ready);
    this.node.persisted(ready.number);
    for (const message of ready.messagesAfterPersist) this.send(message);
  }

  /** Works until there is nothing left to do. */
  settle(): void {
    while (this.node.hasReady() || this.writing.length > 0) {
      if (this.node.hasReady()) this.take();
      while (this.writing.length > 0) this.persist();
    }
  }

  /** Snapshots the applied state and drops the log up to `dropTo`. */
  compact(dropTo?: LogIndex): void {
    const last = this.state.at(-1);
    if (last === undefined || last.index <= this.disk.snapshot.index) return;
    if (last.index > this.node.status().stableIndex) return;
    const { index, term } = last;
    this.disk.snapshot = { index, term, membership: this.membership, state: [...this.state] };
    this.disk.entries = this.disk.entries.filter((entry) => entry.index > index);
    this.node.compact(index, this.membership, dropTo === undefined || dropTo > index ? index : dropTo);
  }

  /** Loses everything that is not on the disk, and starts again. */
  restart(): void {
    this.writing = [];
    this.reads = [];
    this.waiting = [];
    this.node = this.#boot();
  }

  /** The last position on the disk. */
  get durableIndex(): LogIndex {
    return this.disk.entries.at(-1)?.index ?? this.disk.snapshot.index;
  }

  write(ready: Ready): void {
    const { disk } = this;
    if (ready.snapshot !== null) {
      const shipped = must(this.shipped.get(ready.snapshot.index), 'the state of a snapshot');
      disk.snapshot = shipped;
      disk.entries = [];
      this.state = [...shipped.state];
      this.membership = shipped.membership;
    }
    const [first] = ready.entries;
    if (first !== undefined) {
      disk.entries.length = first.index - disk.snapshot.index - 1;
      disk.entries.push(...ready.entries);
    }
    if (ready.hardState !== null) disk.hardState = ready.hardState;
  }

  /** States that came along with snapshot messages, by index. */
  readonly shipped = new Map<LogIndex, Snapshot>();

  #boot(): RaftNode {
    const { disk } = this;
    this.#incarnation += 1;
    this.state = [...disk.snapshot.state];
    this.membership = disk.snapshot.membership;
    return new RaftNode({
      id: this.id,
      membership: disk.snapshot.membership,
      hardState: disk.hardState,
      log: { snapshot: disk.snapshot, entries: disk.entries },
      applied: disk.snapshot.index,
      random: new Random(this.#options.seed ?? 1, this.id, this.#incarnation),
      timing: this.#options.timing ?? { electionTicks: 10, heartbeatTicks: 2 },
      limits: { ...defaultRaftLimits, leaseMarginTicks: 1, ...this.#options.limits },
    });
  }
}

/** Entries of the given terms behind `previous`, with their index as data. */
export function entriesOf(terms: readonly number[], previous = 0): Entry[] {
  return terms.map((value, offset) => ({
    term: term(value),
    index: at(previous + offset + 1),
    type: 'command',
    data: new Uint8Array([previous + offset + 1]),
  }));
}

/** The start of a replica whose disk holds entries of `terms` from index 2 on, behind the founding snapshot. */
export function startWith(
  voters: readonly number[],
  terms: readonly number[],
  current?: number,
  commit = 1,
): RaftStart {
  const start = foundingStart(membershipOf(ids(...voters)));
  const entries = entriesOf(terms, 1);
  const hardState = { ...start.hardState, term: term(current ?? terms.at(-1) ?? 1), commit: at(commit) };
  return { ...start, hardState, log: { ...start.log, entries } };
}
