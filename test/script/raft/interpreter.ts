/**
 * Carries out the commands of a transcript on a group of hosts and returns what happened as lines.
 *
 *   add-nodes [voters=1,2,3 learners=4] [messageBytes=N inflight=N committedBytes=N uncommittedBytes=N]   a new group, founded
 *   add-node 4 [voters=1,2,3 terms=1,1,2 term=3 commit=2]          one more replica, empty or with a log behind index 1
 *   campaign N | propose N TEXT... | change N v4 l3 r2 [explicit|implicit] | leave N | transfer N to=M | read N ID...
 *   tick N COUNT | tick-heartbeat N | tick-election N | peer-gone N peer=M | unreachable N peer=M | snapshot-status N peer=M ok|failed
 *   ready N | persist N | deliver N [from=M] [type=T] | drop N [from=M] [type=T] | stabilize [N...] | settle [N...] (silent)
 *   compact N [dropTo=I] | restart N | status N... | log N | lease N
 */
import { must } from '../../../src/base/assert.ts';
import { emptyBytes, utf8 } from '../../../src/base/bytes.ts';
import { defaultRaftLimits, type RaftLimits } from '../../../src/raft/limits.ts';
import type { MembershipStep } from '../../../src/raft/membership-change.ts';
import type { LogIndex, Message } from '../../../src/raft/message.ts';
import type { ProposalOutcome } from '../../../src/raft/on-propose.ts';
import { Group } from '../../unit/raft/group.ts';
import { id, type RaftHost, startWith } from '../../unit/raft/host.ts';
import { showEntries, showMembership, showMessage, showReady, showStatus } from './trace.ts';

interface Arguments {
  readonly words: readonly string[];
  readonly named: ReadonlyMap<string, string>;
}

type Command = (this: Interpreter, given: Arguments) => void;

const stepTypes = { v: 'addVoter', l: 'addLearner', r: 'remove' } as const;

export class Interpreter {
  #group = new Group([]);
  #lines: string[] = [];
  #silent = false;

  /** Runs one command line and returns its output. */
  run(line: string): string[] {
    const [name = '', ...rest] = line.trim().split(/\s+/);
    const named = new Map(
      rest.filter((word) => word.includes('=')).map((word) => word.split('=', 2) as [string, string]),
    );
    const command = must(commands[name], `no command ${name}`);
    this.#lines = [];
    command.call(this, { words: rest.filter((word) => !word.includes('=')), named });
    return this.#lines.length === 0 ? ['ok'] : this.#lines;
  }

  found(given: Arguments): void {
    const limits: Partial<RaftLimits> = {
      messageBytesMax: number(given, 'messageBytes') ?? defaultRaftLimits.messageBytesMax,
      inflightMessagesMax: number(given, 'inflight') ?? defaultRaftLimits.inflightMessagesMax,
      committedBytesMax: number(given, 'committedBytes') ?? defaultRaftLimits.committedBytesMax,
      uncommittedBytesMax: number(given, 'uncommittedBytes') ?? defaultRaftLimits.uncommittedBytesMax,
    };
    this.#group = new Group(numbers(given.named.get('voters')), { limits }, numbers(given.named.get('learners')));
    for (const host of this.#group.hosts.values()) this.#watch(host);
  }

  add(given: Arguments): void {
    const voters = numbers(given.named.get('voters'));
    const terms = numbers(given.named.get('terms'));
    const start =
      voters.length > 0 ? startWith(voters, terms, number(given, 'term'), number(given, 'commit')) : undefined;
    this.#watch(this.#group.add(Number(given.words[0]), start === undefined ? {} : { start }));
  }

  host(given: Arguments, position = 0): RaftHost {
    return this.#group.host(Number(given.words[position]));
  }

  say(...lines: string[]): void {
    if (!this.#silent) this.#lines.push(...lines);
  }

  outcome(outcome: ProposalOutcome): void {
    if (outcome !== 'accepted') this.say(`dropped: ${outcome.dropped}`);
  }

  deliver(given: Arguments): void {
    const host = this.host(given);
    for (const message of this.#take(given)) {
      this.say(`> ${host.id} receives ${showMessage(message)}`);
      host.node.step(message);
    }
  }

  drop(given: Arguments): void {
    for (const message of this.#take(given)) this.say(`lost ${showMessage(message)}`);
  }

  /** Works on the given replicas (all by default) until nothing moves among them; what others would get stays in the network. */
  stabilize(given: Arguments, silent: boolean): void {
    this.#silent = silent;
    const chosen = given.words.length > 0 ? given.words.map(Number) : [...this.#group.hosts.keys()];
    const hosts = chosen.map((replica) => this.#group.host(replica));
    for (let moved = true; moved; ) {
      moved = false;
      for (const host of hosts) moved = this.#work(host, chosen) || moved;
    }
    this.#silent = false;
  }

  electionTimeout(given: Arguments): void {
    const { node } = this.host(given);
    const before = node.status();
    for (let ticks = 0; ticks < 40; ticks += 1) {
      node.tick();
      const { role, term } = node.status();
      if (role !== before.role || term !== before.term) return this.say(`${role} in term ${term}`);
    }
    this.say(`still ${node.status().role}`);
  }

  #work(host: RaftHost, chosen: readonly number[]): boolean {
    let moved = false;
    if (host.node.hasReady()) {
      host.take();
      moved = true;
    }
    for (; host.writing.length > 0; moved = true) host.persist();
    for (const from of chosen) {
      const given = { words: [String(host.id)], named: new Map([['from', String(from)]]) };
      const before = this.#group.network.length;
      this.deliver(given);
      moved ||= this.#group.network.length < before;
    }
    return moved;
  }

  #take({ words, named }: Arguments): Message[] {
    const wanted = (message: Message): boolean =>
      message.to === Number(words[0]) &&
      (!named.has('from') || message.from === Number(named.get('from'))) &&
      (!named.has('type') || message.type === named.get('type'));
    const taken = this.#group.network.filter(wanted);
    this.#group.network = this.#group.network.filter((message) => !wanted(message));
    return taken;
  }

  #watch(host: RaftHost): void {
    host.observe = (ready) => this.say(...showReady(host.id, ready));
    const apply = host.apply.bind(host);
    host.apply = (entries) => {
      apply(entries);
      const changed = entries.some((entry) => entry.type === 'membership');
      if (changed) this.say(`  now ${showMembership(host.membership)}`);
    };
  }
}

const commands: Readonly<Record<string, Command>> = {
  'add-nodes'(given) {
    this.found(given);
  },
  'add-node'(given) {
    this.add(given);
  },
  campaign(given) {
    this.host(given).node.campaign();
  },
  propose(given) {
    for (const text of given.words.slice(1)) this.outcome(this.host(given).node.propose(utf8(text)));
  },
  change(given) {
    const steps = given.words
      .slice(1)
      .filter((word) => /^[vlr]\d+$/.test(word))
      .map(
        (word): MembershipStep => ({ type: stepTypes[word[0] as 'v' | 'l' | 'r'], replica: id(Number(word.slice(1))) }),
      );
    let transition: 'auto' | 'jointExplicit' | 'jointImplicit' = 'auto';
    if (given.words.includes('explicit')) transition = 'jointExplicit';
    if (given.words.includes('implicit')) transition = 'jointImplicit';
    this.outcome(this.host(given).node.proposeMembership({ transition, steps, context: emptyBytes }));
  },
  leave(given) {
    this.outcome(this.host(given).node.proposeMembership({ transition: 'auto', steps: [], context: emptyBytes }));
  },
  transfer(given) {
    this.host(given).node.transferLeadership(id(must(number(given, 'to'), 'to=')));
  },
  read(given) {
    for (const read of given.words.slice(1)) this.host(given).node.readIndex(Number(read));
  },
  tick(given) {
    for (let ticks = Number(given.words[1] ?? 1); ticks > 0; ticks -= 1) this.host(given).node.tick();
  },
  'tick-heartbeat'(given) {
    for (let ticks = 0; ticks < 2; ticks += 1) this.host(given).node.tick();
  },
  'tick-election'(given) {
    this.electionTimeout(given);
  },
  'peer-gone'(given) {
    this.host(given).node.peerGone(id(must(number(given, 'peer'), 'peer=')));
  },
  unreachable(given) {
    this.host(given).node.peerUnreachable(id(must(number(given, 'peer'), 'peer=')));
  },
  'snapshot-status'(given) {
    this.host(given).node.snapshotDelivered(id(must(number(given, 'peer'), 'peer=')), given.words[1] === 'ok');
  },
  ready(given) {
    if (this.host(given).node.hasReady()) this.host(given).take();
    else this.say('nothing to do');
  },
  persist(given) {
    const host = this.host(given);
    this.say(`> ${host.id} persisted ${must(host.writing[0], 'a Ready to persist').number}`);
    host.persist();
  },
  deliver(given) {
    this.deliver(given);
  },
  drop(given) {
    this.drop(given);
  },
  stabilize(given) {
    this.stabilize(given, false);
  },
  settle(given) {
    this.stabilize(given, true);
  },
  compact(given) {
    this.host(given).compact(number(given, 'dropTo') as LogIndex | undefined);
  },
  restart(given) {
    this.host(given).restart();
  },
  status(given) {
    given.words.forEach((_, position) => this.say(...showStatus(this.host(given, position).node.status())));
  },
  log(given) {
    this.say(showEntries(this.host(given).disk.entries));
  },
  lease(given) {
    this.say(`lease read at ${this.host(given).node.leaseRead() ?? 'no index'}`);
  },
};

function number({ named }: Arguments, name: string): number | undefined {
  const value = named.get(name);
  return value === undefined ? undefined : Number(value);
}

function numbers(list: string | undefined): number[] {
  return list === undefined || list === '' ? [] : list.split(',').map(Number);
}
