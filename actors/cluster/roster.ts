/**
 * Which masters a cluster has, and how far those are that come or go. It is written down before anything is done that it tells of, so that
 * whatever a killed process was at is finished or taken back when the cluster starts again. A name is never given twice, and with it a
 * replica's id: who lost its log must not come back as itself.
 *
 *   joining -> promoting -> member -> leaving -> abandoned -> (struck off)
 *      \___________\_____________________/________^
 */
import { BehaviorSubject, type Observable } from 'rxjs';

/**
 * `joining`: it may be a learner, and has never had a vote. `promoting`: it may have one. `member`: it serves. `leaving`: it may still have a
 * vote. `abandoned`: nothing of it runs; it may still be a learner.
 */
export type MasterPhase = 'joining' | 'promoting' | 'member' | 'leaving' | 'abandoned';

export interface RosterEntry {
  readonly name: string;
  readonly phase: MasterPhase;
}

/** As it is written down. */
export interface RosterRecord {
  readonly masters: readonly RosterEntry[];
  /** The number of the next master. */
  readonly next: number;
}

export function masterName(index: number): string {
  return `master-${index}`;
}

/** The roster of a cluster that is founded with so many masters. */
export function foundingRoster(masters: number): RosterRecord {
  const entries = Array.from({ length: masters }, (_, index) => ({
    name: masterName(index),
    phase: 'member' as const,
  }));
  return { masters: entries, next: masters };
}

export class Roster {
  readonly #keep: (record: RosterRecord) => Promise<void>;
  readonly #record$: BehaviorSubject<RosterRecord>;

  /** `keep` resolves when the record is as durable as the cluster's logs. */
  constructor(record: RosterRecord, keep: (record: RosterRecord) => Promise<void>) {
    this.#record$ = new BehaviorSubject(record);
    this.#keep = keep;
  }

  get record(): RosterRecord {
    return this.#record$.value;
  }

  /** The record now, and after each change. */
  get record$(): Observable<RosterRecord> {
    return this.#record$;
  }

  /** Masters that serve, in the order in which they came. */
  members(): string[] {
    return this.in('member');
  }

  /** Masters whose replicas run, or should. */
  replicas(): string[] {
    return this.in('joining', 'promoting', 'member', 'leaving');
  }

  in(...phases: readonly MasterPhase[]): string[] {
    return this.record.masters.flatMap(({ name, phase }) => (phases.includes(phase) ? [name] : []));
  }

  phaseOf(name: string): MasterPhase | undefined {
    return this.record.masters.find((entry) => entry.name === name)?.phase;
  }

  /** Tells whether there was a master of that name, which is gone. */
  isFormer(name: string): boolean {
    const number = /^master-(0|[1-9]\d*)$/.exec(name)?.[1];
    return number !== undefined && Number(number) < this.record.next && this.phaseOf(name) === undefined;
  }

  /** Enters a new master, which is joining, and returns its name. */
  async enter(): Promise<string> {
    const { masters, next } = this.record;
    const name = masterName(next);
    await this.#change({ masters: [...masters, { name, phase: 'joining' }], next: next + 1 });
    return name;
  }

  async set(name: string, phase: MasterPhase): Promise<void> {
    if (this.phaseOf(name) === phase) return;
    const masters = this.record.masters.map((entry) => (entry.name === name ? { name, phase } : entry));
    await this.#change({ ...this.record, masters });
  }

  async strike(name: string): Promise<void> {
    await this.#change({ ...this.record, masters: this.record.masters.filter((entry) => entry.name !== name) });
  }

  async #change(record: RosterRecord): Promise<void> {
    await this.#keep(record);
    this.#record$.next(record);
  }
}
