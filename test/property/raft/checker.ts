/**
 * Checks Raft's guarantees (Raft figure 3) from outside, on what replicas say and hand out, after every step of a run.
 * It mirrors each replica's log from its Readies; what it believes is only what the host was told.
 */
import { type Entry, type Message, noReplica, type ReplicaId } from '../../../src/raft/message.ts';
import type { Ready } from '../../../src/raft/ready.ts';
import type { RaftHost } from '../../unit/raft/host.ts';

interface Mirror {
  /** Terms by index; index 0 and what precedes a snapshot may be missing. */
  terms: Map<number, number>;
  last: number;
  term: number;
  commit: number;
  /** The term in which this replica leads, 0 when it doesn't. */
  leads: number;
  votedFor: number;
}

export class Checker {
  committedCount = 0;
  leaderCount = 0;
  readCount = 0;
  readonly #mirrors = new Map<ReplicaId, Mirror>();
  readonly #leaders = new Map<number, ReplicaId>();
  readonly #entries = new Map<string, string>();
  readonly #committed = new Map<number, { readonly term: number; readonly seenIn: number }>();
  readonly #votes = new Map<string, ReplicaId>();
  readonly #reads = new Map<number, number>();
  #commitSeen = 0;

  /** Takes note of a Ready: election safety, append-only leaders, log matching, leader completeness, state machine safety. */
  observe(host: RaftHost, ready: Ready): void {
    const mirror = this.#mirror(host);
    if (ready.snapshot !== null) {
      mirror.terms = new Map([[ready.snapshot.index, ready.snapshot.term]]);
      mirror.last = ready.snapshot.index;
    }
    if (ready.leadership !== null) mirror.leads = 0;
    if (ready.entries.length > 0) this.#append(host, mirror, ready.entries);
    if (ready.leadership?.role === 'leader') this.#lead(host, mirror, ready.leadership.term);
    for (const entry of ready.committed) this.#commit(entry, host.node.status().term);
  }

  /** Takes note of a released message: one vote per replica and term, whatever crashed in between. */
  observeMessage(message: Message): void {
    if (message.type !== 'voteReply' || !message.granted) return;
    const key = `${message.from} in ${message.term}`;
    const before = this.#votes.get(key) ?? message.to;
    demand(before === message.to, `replica ${key} voted for ${before} and for ${message.to}`);
    this.#votes.set(key, message.to);
  }

  /** Checks what must hold of a running replica at any time. */
  checkHost(host: RaftHost): void {
    const mirror = this.#mirror(host);
    const { term, commit, votedFor, lastIndex, stableIndex, role } = host.node.status();
    demand(term >= mirror.term, `term of ${host.id} went from ${mirror.term} to ${term}`);
    demand(
      commit >= mirror.commit && commit <= lastIndex,
      `commit of ${host.id} went from ${mirror.commit} to ${commit}`,
    );
    demand(stableIndex <= host.durableIndex, `${host.id} takes ${stableIndex} for durable, ${host.durableIndex} is`);
    const sameVote = term > mirror.term || mirror.votedFor === noReplica || votedFor === mirror.votedFor;
    demand(sameVote, `${host.id} changed its vote in ${term} from ${mirror.votedFor} to ${votedFor}`);
    if (role === 'leader' && commit > this.#commitSeen) this.#commitSeen = commit;
    Object.assign(mirror, { term, commit, votedFor });
  }

  beginRead(host: RaftHost, read: number): void {
    this.checkHost(host);
    this.#reads.set(read, this.#commitSeen);
  }

  /** Checks that reads see everything that was committed when they were asked for. */
  checkReads(host: RaftHost): void {
    for (const { context, index } of host.reads.splice(0)) {
      const floor = this.#reads.get(context.id) ?? Number.POSITIVE_INFINITY;
      demand(context.replica === host.id && index >= floor, `read ${context.id} saw ${index}, ${floor} was committed`);
      this.readCount += 1;
    }
  }

  /** Starts over with what the disk kept. */
  restarted(host: RaftHost): void {
    this.#mirrors.delete(host.id);
  }

  #mirror(host: RaftHost): Mirror {
    const known = this.#mirrors.get(host.id);
    if (known !== undefined) return known;
    const { disk } = host;
    const terms = new Map<number, number>([[disk.snapshot.index, disk.snapshot.term]]);
    for (const entry of disk.entries) terms.set(entry.index, entry.term);
    const { term, commit, votedFor } = disk.hardState;
    const mirror = { terms, last: host.durableIndex, term, commit, leads: 0, votedFor };
    this.#mirrors.set(host.id, mirror);
    return mirror;
  }

  #append(host: RaftHost, mirror: Mirror, entries: readonly Entry[]): void {
    const first = entries[0]?.index ?? 0;
    demand(first <= mirror.last + 1, `${host.id} left a gap before ${first}`);
    demand(mirror.leads === 0 || first > mirror.last, `leader ${host.id} rewrote its log at ${first}`);
    for (const entry of entries) {
      const previous = mirror.terms.get(entry.index - 1) ?? '?';
      const content = `${previous} ${entry.type} ${entry.data.join()}`;
      const key = `${entry.index}/${entry.term}`;
      const known = this.#entries.get(key) ?? content;
      demand(known === content, `entry ${key} is "${known}" and "${content}"`);
      this.#entries.set(key, content);
      const committed = this.#committed.get(entry.index);
      const replaced = committed !== undefined && committed.term !== entry.term && mirror.commit >= entry.index;
      demand(!replaced, `${host.id} replaced the committed entry ${entry.index}`);
      mirror.terms.set(entry.index, entry.term);
      mirror.last = entry.index;
    }
  }

  #lead(host: RaftHost, mirror: Mirror, term: number): void {
    const leader = this.#leaders.get(term) ?? host.id;
    demand(leader === host.id, `${leader} and ${host.id} lead in term ${term}`);
    this.#leaders.set(term, host.id);
    if (mirror.leads !== term) this.leaderCount += 1;
    mirror.leads = term;
    for (const [index, committed] of this.#committed) {
      if (committed.seenIn >= term || !mirror.terms.has(index)) {
        const missing = committed.seenIn < term && index > mirror.last;
        demand(!missing, `leader ${host.id} of ${term} lacks the committed entry ${index}`);
        continue;
      }
      const equal = mirror.terms.get(index) === committed.term;
      demand(equal, `leader ${host.id} of ${term} differs from the committed entry ${index}`);
    }
  }

  #commit(entry: Entry, seenIn: number): void {
    const known = this.#committed.get(entry.index);
    demand(known === undefined || known.term === entry.term, `two entries were committed at ${entry.index}`);
    if (known !== undefined) return;
    this.#committed.set(entry.index, { term: entry.term, seenIn });
    this.committedCount += 1;
  }
}

function demand(holds: boolean, broken: string): void {
  if (!holds) throw new Error(broken);
}
