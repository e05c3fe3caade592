/** A disk of one replica: writes wait until they are synced, and a crash loses them, but for a torn piece of the first. */
import { concatBytes } from '../../../src/base/bytes.ts';
import type { Random } from '../../../src/base/random.ts';
import type { DiskWrite } from '../../../src/store/disk-plan.ts';

interface PendingPersist {
  readonly number: number;
  readonly writes: readonly DiskWrite[];
  readonly dueTick: number;
}

export class SimulatedDisk {
  readonly files = new Map<string, Uint8Array>();
  #pending: PendingPersist[] = [];

  begin(number: number, writes: readonly DiskWrite[], dueTick: number): void {
    this.#pending.push({ number, writes, dueTick });
  }

  /** Makes durable what is due, and returns the number of the last persist among it. */
  complete(tick: number): number | null {
    let last: number | null = null;
    while (this.#pending[0] !== undefined && this.#pending[0].dueTick <= tick) {
      for (const write of this.#pending[0].writes) this.#apply(write);
      last = this.#pending[0].number;
      this.#pending.shift();
    }
    return last;
  }

  /** Loses what was not synced, except that a part of the oldest append may have reached the disk. */
  crash(random: Random): void {
    const torn = this.#pending[0]?.writes[0];
    this.#pending = [];
    if (torn === undefined || torn.type === 'replace' || random.chance(0.3)) return;
    this.#apply({ ...torn, bytes: torn.bytes.subarray(0, random.integer(0, torn.bytes.length)) });
  }

  #apply(write: DiskWrite): void {
    if (write.type === 'replace') this.files.set(write.file, concatBytes(write.chunks));
    else if (write.type === 'create') this.files.set(write.file, write.bytes);
    else this.files.set(write.file, concatBytes([this.files.get(write.file) as Uint8Array, write.bytes]));
  }
}
