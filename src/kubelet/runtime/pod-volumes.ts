/**
 * The volumes of pods until their sandboxes say which runtime they are for: a simulated pod needs no files on a disk. From then on a volume
 * that is set is made at once.
 */
import type { VolumeContent } from '../../protocol/runtime.ts';

export class PodVolumes {
  readonly #kept = new Map<string, Map<string, VolumeContent>>();
  readonly #made = new Set<string>();

  /** Tells whether volumes of the pod are to be made at once; otherwise this one is kept. */
  set(podUid: string, name: string, content: VolumeContent): boolean {
    if (this.#made.has(podUid)) return true;
    const kept = this.#kept.get(podUid) ?? new Map<string, VolumeContent>();
    this.#kept.set(podUid, kept.set(name, content));
    return false;
  }

  /** The pod has a sandbox here: returns what has to be made now. */
  take(podUid: string): readonly (readonly [string, VolumeContent])[] {
    const kept = [...(this.#kept.get(podUid) ?? [])];
    this.#kept.delete(podUid);
    this.#made.add(podUid);
    return kept;
  }

  forget(podUid: string): void {
    this.#kept.delete(podUid);
    this.#made.delete(podUid);
  }
}
