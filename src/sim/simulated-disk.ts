/**
 * A disk that lies the way disks do. What was appended but not synced may be lost, wholly or from any byte on, when its thread crashes;
 * what was synced survives. Syncing takes time and may fail. The disk belongs to an actor's path and outlives the actor.
 */

import type { DiskCommand, DiskEvent } from '../actor/disk-port.ts';
import type { Port } from '../actor/ports.ts';
import { assert, unreachable } from '../base/assert.ts';
import { concatBytes, emptyBytes } from '../base/bytes.ts';
import type { Random } from '../base/random.ts';

export interface DiskFaults {
  readonly latencyMinMs: number;
  readonly latencyMaxMs: number;
  /** Probability that a sync fails, 0 to 1. */
  readonly syncFailure: number;
}

interface SimulatedFile {
  durable: Uint8Array;
  /** Appended since the last sync. */
  volatile: Uint8Array[];
}

/** Runs `effect` after `delayMs` of virtual time. */
export type Schedule = (delayMs: number, effect: () => void) => void;

export class SimulatedDisk {
  faults: DiskFaults = { latencyMinMs: 0.05, latencyMaxMs: 1, syncFailure: 0 };
  readonly #files = new Map<string, SimulatedFile>();
  readonly #random: Random;
  readonly #schedule: Schedule;
  /** Counts crashes: completions of an earlier life are void. */
  #life = 0;

  constructor(random: Random, schedule: Schedule) {
    this.#random = random;
    this.#schedule = schedule;
  }

  /** Opens the disk for an actor. Commands run one after another, each after its latency. */
  open(emit: (event: unknown) => void): Port {
    const queue: DiskCommand[] = [];
    let isOpen = true;
    const life = this.#life;
    const runFirst = (): void => {
      this.#schedule(this.#latencyMs(), () => {
        if (!isOpen || life !== this.#life) return;
        const command = queue.shift();
        assert(command !== undefined, 'a disk completion without its command');
        emit(this.#carryOut(command));
        if (queue.length > 0) runFirst();
      });
    };
    return {
      handle: (command) => {
        queue.push(command as DiskCommand);
        if (queue.length === 1) runFirst();
      },
      close: () => {
        isOpen = false;
      },
    };
  }

  /** The thread died: unsynced bytes are kept up to a random point of each file. */
  crash(): void {
    this.#life += 1;
    for (const file of this.#files.values()) {
      const pending = concatBytes(file.volatile);
      const kept = pending.subarray(0, this.#random.integer(0, pending.length));
      file.durable = concatBytes([file.durable, kept]);
      file.volatile = [];
    }
  }

  /** All is lost, as with a replaced machine. */
  wipe(): void {
    this.#life += 1;
    this.#files.clear();
  }

  #latencyMs(): number {
    const { latencyMinMs, latencyMaxMs } = this.faults;
    return latencyMinMs + (latencyMaxMs - latencyMinMs) * this.#random.fraction();
  }

  #carryOut(command: DiskCommand): DiskEvent {
    const { id } = command;
    switch (command.type) {
      case 'list':
        return { type: 'listed', id, files: [...this.#files.keys()].sort() };
      case 'read':
        return { type: 'read', id, bytes: this.#read(command.file) };
      case 'append':
        return this.#append(command);
      case 'create':
        // A crash before the sync may leave nothing of the new file, as its folder entry is not durable either.
        this.#files.set(command.file, { durable: emptyBytes, volatile: [] });
        return this.#append({ ...command, type: 'append' });
      case 'replace':
        this.#files.set(command.file, { durable: concatBytes(command.chunks), volatile: [] });
        return { type: 'done', id };
      case 'delete':
        this.#files.delete(command.file);
        return { type: 'done', id };
      default:
        return unreachable(command);
    }
  }

  #append({ id, file: name, bytes, sync }: Extract<DiskCommand, { type: 'append' }>): DiskEvent {
    const file = this.#files.get(name) ?? { durable: emptyBytes, volatile: [] };
    this.#files.set(name, file);
    file.volatile.push(bytes.slice());
    if (!sync) return { type: 'done', id };
    if (this.#random.chance(this.faults.syncFailure)) return { type: 'failed', id, message: 'simulated sync failure' };
    file.durable = concatBytes([file.durable, ...file.volatile]);
    file.volatile = [];
    return { type: 'done', id };
  }

  #read(name: string): Uint8Array | null {
    const file = this.#files.get(name);
    return file === undefined ? null : concatBytes([file.durable, ...file.volatile]);
  }
}
