/**
 * Listens in on a store replica: its behaviour, unchanged, with a look at its state after each turn. From here come the journal of what was
 * committed, who leads in which term, and the marks of rare paths.
 */
import { type StoreState, storeBehaviour } from '../../../actors/store/behaviour.ts';
import type { Behaviour } from '../../../src/actor/behaviour.ts';
import type { DiskCommand, DiskEvent } from '../../../src/actor/disk-port.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import { everyKey } from '../../../src/mvcc/key-range.ts';
import type { Revision } from '../../../src/mvcc/key-value.ts';
import type { WatcherId } from '../../../src/mvcc/watcher.ts';
import type { Replica } from '../../../src/store/replica.ts';
import type { StoreStatus } from '../../../src/store/store-request.ts';
import type { Evidence } from './evidence.ts';
import { changeOf, type Journal } from './journal.ts';

interface Listening {
  watcher: WatcherId;
  lastIndex: number;
}

export class Tap {
  readonly #journal: Journal;
  readonly #evidence: Evidence;
  readonly #nowMs: () => number;
  readonly #listening = new Map<Replica, Listening>();
  readonly #leaders = new Map<number, number>();
  /** Last known status of each replica that ever ran, by its id. */
  readonly statuses = new Map<number, StoreStatus>();

  constructor(journal: Journal, evidence: Evidence, nowMs: () => number) {
    this.#journal = journal;
    this.#evidence = evidence;
    this.#nowMs = nowMs;
  }

  /** The behaviour of the store with this tap on it. */
  behaviour(): Behaviour<never, StoreState> {
    const { init, step, flush } = storeBehaviour;
    return {
      init,
      step: (state, input) => {
        const effects = step(state, input as never);
        if (state.running === null && input.type === 'io') this.#noteRepair(input.event as DiskEvent, effects);
        return effects;
      },
      flush: (state, stamp) => {
        const effects = flush?.(state, stamp) ?? [];
        if (state.running === null) return effects;
        this.#noteInstall(effects);
        this.#listen(state.running.replica);
        return effects;
      },
    } as Behaviour<never, StoreState>;
  }

  /** The last segment is written anew at each start; with fewer bytes than were read, if its end was torn. */
  #noteRepair(event: DiskEvent, effects: readonly Effect[]): void {
    if (event.type !== 'read' || event.bytes === null) return;
    for (const { file, bytes } of replaced(effects)) {
      if (file.startsWith('segment-') && bytes < event.bytes.length) this.#evidence.marks.add('torn tail cut');
    }
  }

  #noteInstall(effects: readonly Effect[]): void {
    for (const { file } of replaced(effects)) {
      if (file.startsWith('snapshot-')) this.#evidence.marks.add('snapshot installed');
    }
  }

  #listen(replica: Replica): void {
    const status = replica.status();
    this.statuses.set(replica.id, status);
    this.#noteLeader(status);
    const listening = this.#listening.get(replica) ?? this.#begin(replica, status);
    if (status.lastIndex < listening.lastIndex) this.#evidence.marks.add('log truncated');
    listening.lastIndex = status.lastIndex;
    for (;;) {
      const pulled = replica.pullWatch(listening.watcher, 1_000, 1e6);
      if (pulled === null) return;
      if (pulled.type === 'cancelled') {
        listening.watcher = this.#watch(replica, pulled.compactRevision + 1);
        continue;
      }
      this.#record(replica.id, pulled.events.map(changeOf));
      if (!pulled.more) return;
    }
  }

  #begin(replica: Replica, { compactRevision, lastIndex }: StoreStatus): Listening {
    const listening = { watcher: this.#watch(replica, Math.max(compactRevision, 1) + 1), lastIndex };
    this.#listening.set(replica, listening);
    return listening;
  }

  #watch(replica: Replica, from: number): WatcherId {
    return replica.watch({ range: everyKey, startRevision: from as Revision });
  }

  #record(replica: number, changes: readonly ReturnType<typeof changeOf>[]): void {
    for (let start = 0; start < changes.length; ) {
      const revision = changes[start]?.revision ?? 0;
      let end = start + 1;
      while (changes[end]?.revision === revision) end += 1;
      const wrong = this.#journal.add(revision, changes.slice(start, end), this.#nowMs());
      if (wrong !== null) this.#evidence.violations.push(`replica ${replica}: ${wrong}`);
      start = end;
    }
  }

  #noteLeader({ role, term, id }: StoreStatus): void {
    if (role !== 'leader') return;
    const known = this.#leaders.get(term);
    if (known === undefined) {
      this.#leaders.set(term, id);
      this.#evidence.marks.add('leader elected');
    } else if (known !== id) this.#evidence.violations.push(`replicas ${known} and ${id} both lead in term ${term}`);
  }
}

function replaced(effects: readonly Effect[]): { readonly file: string; readonly bytes: number }[] {
  return effects.flatMap((effect) => {
    if (effect.type !== 'io') return [];
    const command = effect.command as DiskCommand;
    if (command.type !== 'replace') return [];
    return [{ file: command.file, bytes: command.chunks.reduce((total, chunk) => total + chunk.length, 0) }];
  });
}
