/** Memory that the containers of one pod share, by key, as shared memory of System V; no other pod sees it. */

import { sharedMemoryBytesMax } from './limits.ts';

export class SharedMemory {
  readonly #pods = new Map<string, Map<string, SharedArrayBuffer>>();

  /** Returns the pod's memory of that key, made when it is first asked for; null when there is one of another size, or no room. */
  get(podUid: string, key: string, bytes: number): SharedArrayBuffer | null {
    const pod = this.#pods.get(podUid) ?? new Map<string, SharedArrayBuffer>();
    this.#pods.set(podUid, pod);
    const known = pod.get(key);
    if (known !== undefined) return known.byteLength === bytes ? known : null;
    const used = [...pod.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (!Number.isSafeInteger(bytes) || bytes <= 0 || used + bytes > sharedMemoryBytesMax) return null;
    const made = new SharedArrayBuffer(bytes);
    pod.set(key, made);
    return made;
  }

  forget(podUid: string): void {
    this.#pods.delete(podUid);
  }
}
