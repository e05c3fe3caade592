/**
 * A disk that lies the way disks do. Bytes reach the page cache when their command begins and are durable when it completes; a crash in
 * between keeps them up to any byte, and what lies behind that byte may be garbage, as where a file was made longer before its blocks were
 * written. Deletions since the last sync may be undone, the latest first. What was synced survives. Syncing takes time and may fail. The
 * disk belongs to an actor's path and outlives the actor.
 */

import type { DiskCommand, DiskEvent } from '../actor/disk-port.ts';
import type { Port } from '../actor/ports.ts';
import { must, unreachable } from '../base/assert.ts';
import { concatBytes } from '../base/bytes.ts';
import type { Random } from '../base/random.ts';

export interface DiskFaults {
  readonly latencyMinMs: number;
  readonly latencyMaxMs: number;
  /** Probability that a sync fails, 0 to 1. */
  readonly syncFailure: number;
  /** Probability that a crash leaves garbage in place of lost bytes, 0 to 1. */
  readonly tornGarbage: number;
}

interface SimulatedFile {
  /** In pieces: joining them at each sync would cost the square of the file. */
  durable: Uint8Array[];
  /** Appended since the last sync. */
  volatile: Uint8Array[];
}

/** Runs `effect` after `delayMs` of virtual time. */
export type Schedule = (delayMs: number, effect: () => void) => void;

export class SimulatedDisk {
  faults: DiskFaults = { latencyMinMs: 0.05, latencyMaxMs: 1, syncFailure: 0, tornGarbage: 0.3 };
  readonly #files = new Map<string, SimulatedFile>();
  /** Deleted since the last sync, in order. */
  #deleted: { readonly name: string; readonly file: SimulatedFile }[] = [];
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
    let isBroken = false;
    const life = this.#life;
    const runFirst = (): void => {
      const command = must(queue[0], 'a command to run');
      if (!isBroken) this.#begin(command);
      this.#schedule(this.#latencyMs(), () => {
        if (!isOpen || life !== this.#life) return;
        queue.shift();
        const event = isBroken ? failed(command.id) : this.#complete(command);
        isBroken ||= event.type === 'failed' && !(command.type === 'replace' && command.isOptional);
        emit(event);
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

  /** Its actor is gone; what reached the page cache stays readable, and may still be lost in a later crash. */
  abandon(): void {
    this.#life += 1;
  }

  /** The machine went down: unsynced bytes are kept up to a random point of each file. */
  crash(): void {
    this.#life += 1;
    for (const file of this.#files.values()) {
      if (file.volatile.length === 0) continue;
      file.durable.push(this.#torn(concatBytes(file.volatile)));
      file.volatile = [];
    }
    const undone = this.#deleted.slice(this.#random.integer(0, this.#deleted.length));
    for (const { name, file } of undone) if (!this.#files.has(name)) this.#files.set(name, file);
    this.#deleted = [];
  }

  #torn(pending: Uint8Array): Uint8Array {
    const kept = pending.subarray(0, this.#random.integer(0, pending.length));
    if (!this.#random.chance(this.faults.tornGarbage)) return kept;
    const garbage = new Uint8Array(this.#random.integer(0, pending.length - kept.length));
    // Half of the time the blocks were never written and read as zeros.
    if (this.#random.chance(0.5))
      for (let at = 0; at < garbage.length; at += 1) garbage[at] = this.#random.integer(0, 255);
    return concatBytes([kept, garbage]);
  }

  /** All is lost, as with a replaced machine. */
  wipe(): void {
    this.#life += 1;
    this.#deleted = [];
    this.#files.clear();
  }

  #latencyMs(): number {
    const { latencyMinMs, latencyMaxMs } = this.faults;
    return latencyMinMs + (latencyMaxMs - latencyMinMs) * this.#random.fraction();
  }

  /** What a command does at once: appended bytes are in the page cache, from where a crash may lose them. */
  #begin(command: DiskCommand): void {
    if (command.type !== 'append' && command.type !== 'create') return;
    const known = command.type === 'append' ? this.#files.get(command.file) : undefined;
    const file = known ?? { durable: [], volatile: [] };
    this.#files.set(command.file, file);
    file.volatile.push(command.bytes.slice());
  }

  #complete(command: DiskCommand): DiskEvent {
    const { id } = command;
    switch (command.type) {
      case 'list':
        return { type: 'listed', id, files: [...this.#files.keys()].sort() };
      case 'read':
        return { type: 'read', id, bytes: this.#read(command.file) };
      case 'append':
      case 'create':
        return command.sync ? this.#sync(command.file, id) : { type: 'done', id };
      case 'replace':
        if (this.#random.chance(this.faults.syncFailure)) return failed(id);
        this.#files.set(command.file, { durable: [concatBytes(command.chunks)], volatile: [] });
        this.#deleted = [];
        return { type: 'done', id };
      case 'delete': {
        const file = this.#files.get(command.file);
        if (file !== undefined) this.#deleted.push({ name: command.file, file });
        this.#files.delete(command.file);
        return { type: 'done', id };
      }
      default:
        return unreachable(command);
    }
  }

  #sync(name: string, id: number): DiskEvent {
    const file = must(this.#files.get(name), 'a file to sync');
    if (this.#random.chance(this.faults.syncFailure)) return failed(id);
    file.durable.push(...file.volatile);
    file.volatile = [];
    this.#deleted = [];
    return { type: 'done', id };
  }

  #read(name: string): Uint8Array | null {
    const file = this.#files.get(name);
    return file === undefined ? null : concatBytes([...file.durable, ...file.volatile]);
  }
}

function failed(id: number): DiskEvent {
  return { type: 'failed', id, message: 'simulated disk failure' };
}
