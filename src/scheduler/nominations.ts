/**
 * Pods that have no node yet, and for which room was made on one. Others are judged as if these ran there already, unless they come first.
 * Models kubernetes pkg/scheduler/backend/queue/nominator.go.
 */
import type { PodInfo } from './pod-info.ts';

const none: ReadonlyMap<string, PodInfo> = new Map();

export class Nominations {
  readonly #nodeOf = new Map<string, string>();
  readonly #byNode = new Map<string, Map<string, PodInfo>>();

  get size(): number {
    return this.#nodeOf.size;
  }

  nodeNameOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  /** The pods that are nominated to a node, by uid. */
  on(nodeName: string): ReadonlyMap<string, PodInfo> {
    return this.#byNode.get(nodeName) ?? none;
  }

  /** Nominates `pod` to that node, and to no other any more. */
  set(pod: PodInfo, nodeName: string): void {
    this.delete(pod.uid);
    this.#nodeOf.set(pod.uid, nodeName);
    this.#byNode.set(nodeName, (this.#byNode.get(nodeName) ?? new Map<string, PodInfo>()).set(pod.uid, pod));
  }

  delete(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }
}
