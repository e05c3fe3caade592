/**
 * Reads a replica's folder before it starts: segments, then the repair of the last one, then the snapshot that they name. A small step
 * machine over the disk port; what the bytes mean is decided in src/store.
 */
import type { DiskCommand, DiskEvent } from '../../src/actor/disk-port.ts';
import { assert, must } from '../../src/base/assert.ts';
import { readDirectory, snapshotFile } from '../../src/store/disk-plan.ts';
import { type RecoveredLog, recoverLog, type SegmentFile } from '../../src/store/log-recovery.ts';
import { decideStart, type ReplicaStart } from '../../src/store/replica-start.ts';
import type { StoreArgs } from './store-args.ts';

/** `reading`: wait for the events of these commands. `refused`: the replica must not start. */
export type RecoveryStep =
  | { readonly type: 'reading'; readonly commands: readonly DiskCommand[] }
  | { readonly type: 'ready'; readonly start: ReplicaStart }
  | { readonly type: 'refused'; readonly reason: string };

export class Recovery {
  readonly #args: StoreArgs;
  /** Segments to be read, in order, and what has been read of them. */
  #segments: readonly { readonly file: string; readonly sequence: number }[] = [];
  readonly #files: SegmentFile[] = [];
  #log: RecoveredLog | null = null;
  #isRepairing = false;

  constructor(args: StoreArgs) {
    this.#args = args;
  }

  begin(): RecoveryStep {
    return { type: 'reading', commands: [{ type: 'list', id: 0 }] };
  }

  /** Takes the event of the command given last. */
  take(event: DiskEvent): RecoveryStep {
    if (event.type === 'failed') return { type: 'refused', reason: `the log cannot be read: ${event.message}` };
    if (event.type === 'listed') {
      this.#segments = readDirectory(event.files).segments;
      return this.#next();
    }
    if (event.type === 'read' && this.#log === null) {
      const { sequence } = must(this.#segments[this.#files.length], 'a read that nobody asked for');
      this.#files.push({ sequence, bytes: must(event.bytes, 'a listed segment is gone') });
      return this.#next();
    }
    if (this.#isRepairing) {
      this.#isRepairing = false;
      return this.#readState();
    }
    assert(event.type === 'read', 'a disk event out of turn', { type: event.type });
    if (event.bytes === null) return { type: 'refused', reason: 'the snapshot that the log names is lost' };
    return this.#ready([event.bytes]);
  }

  #next(): RecoveryStep {
    const next = this.#segments[this.#files.length];
    if (next !== undefined) return read(next.file);
    const { clusterId, id, intent } = this.#args;
    const decision = decideStart(recoverLog({ clusterId, replica: id }, this.#files), intent);
    if (decision.type === 'refused') return decision;
    if (decision.type !== 'recover') return { type: 'ready', start: decision };
    this.#log = decision.log;
    return this.#repair(decision.log);
  }

  /**
   * Writes the last segment anew, without a torn tail. Also when it is whole: its end may never have been synced and be read from the
   * page cache of a machine that outlived this replica's last life, or after a failed sync, which a second one would not make good. What is
   * believed from here on must be durable. Earlier segments were synced before the next one was begun.
   */
  #repair({ repair }: RecoveredLog): RecoveryStep {
    const last = this.#files[this.#files.length - 1];
    if (last === undefined || (repair === null && !this.#args.isDurable)) return this.#readState();
    assert(repair === null || repair.sequence === last.sequence, 'only the last segment is torn', { ...repair });
    const { file } = must(this.#segments[this.#files.length - 1], 'the last segment');
    this.#isRepairing = true;
    const chunks = [repair === null ? last.bytes : last.bytes.subarray(0, repair.bytes)];
    return { type: 'reading', commands: [{ type: 'replace', id: 0, file, chunks, isOptional: false }] };
  }

  #readState(): RecoveryStep {
    const { snapshot } = must(this.#log, 'a recovered log');
    return snapshot.index > 1 ? read(snapshotFile(snapshot)) : this.#ready([]);
  }

  #ready(state: readonly Uint8Array[]): RecoveryStep {
    return { type: 'ready', start: { type: 'recovered', log: must(this.#log, 'a recovered log'), state } };
  }
}

function read(file: string): RecoveryStep {
  return { type: 'reading', commands: [{ type: 'read', id: 0, file }] };
}
