/**
 * A node as the scheduler sees it: the object, and the sums over the pods that run or are assumed on it. Plugins read; only the
 * snapshot writes. Models kubernetes pkg/scheduler/framework/types.go NodeInfo.
 */

import { labelsOf, nameOf, type StringMap } from '../api/object-meta.ts';
import { assert } from '../base/assert.ts';
import type { Node } from '../kinds/node/types.ts';
import { normalizeImageName } from '../kinds/pod/image-name.ts';
import type { Taint } from '../kinds/pod/scheduling-types.ts';
import type { HostPort, PodInfo } from './pod-info.ts';
import { type Amounts, addAmounts, amountsOf } from './resources.ts';

const noTaints: readonly Taint[] = [];
const noImages: ReadonlyMap<string, number> = new Map();

export class NodeInfo {
  readonly name: string;
  #node: Node;
  #labels: StringMap;
  #allocatable: Amounts;
  #images: ReadonlyMap<string, number>;
  readonly #pods = new Map<string, PodInfo>();
  readonly #requested = new Map<string, number>();
  readonly #scoringRequested = new Map<string, number>();
  readonly #ports = new Map<number, HostPort[]>();

  constructor(node: Node) {
    this.name = nameOf(node);
    this.#node = node;
    this.#labels = labelsOf(node);
    this.#allocatable = amountsOf(node.status?.allocatable);
    this.#images = imagesOf(node);
  }

  get node(): Node {
    return this.#node;
  }

  get labels(): StringMap {
    return this.#labels;
  }

  get taints(): readonly Taint[] {
    return this.#node.spec?.taints ?? noTaints;
  }

  /** Bytes per image that the node has, under each of its names. */
  get images(): ReadonlyMap<string, number> {
    return this.#images;
  }

  get allocatable(): Amounts {
    return this.#allocatable;
  }

  /** What the pods of the node ask for together. */
  get requested(): Amounts {
    return this.#requested;
  }

  /** The same with small amounts for pods that ask for nothing. */
  get scoringRequested(): Amounts {
    return this.#scoringRequested;
  }

  get pods(): ReadonlyMap<string, PodInfo> {
    return this.#pods;
  }

  /** Tells whether a pod of this node holds `wanted`, at the same address or at all of them. */
  hasPort(wanted: HostPort): boolean {
    return (this.#ports.get(wanted.port) ?? []).some(
      ({ protocol, address }) =>
        protocol === wanted.protocol &&
        (address === wanted.address || address === '0.0.0.0' || wanted.address === '0.0.0.0'),
    );
  }

  replace(node: Node): void {
    assert(nameOf(node) === this.name, 'a node keeps its name', { name: this.name });
    this.#node = node;
    this.#labels = labelsOf(node);
    this.#allocatable = amountsOf(node.status?.allocatable);
    this.#images = imagesOf(node);
  }

  /** Takes over a newer version of a pod that shares the sums of the one that was added. */
  refresh(pod: PodInfo): void {
    assert(this.#pods.has(pod.uid), 'only a counted pod is refreshed', { key: pod.key });
    this.#pods.set(pod.uid, pod);
  }

  add(pod: PodInfo): void {
    assert(!this.#pods.has(pod.uid), 'a pod is counted once', { key: pod.key });
    this.#pods.set(pod.uid, pod);
    addAmounts(this.#requested, pod.requests);
    addAmounts(this.#scoringRequested, pod.scoringRequests);
    for (const port of pod.hostPorts) this.#ports.set(port.port, [...(this.#ports.get(port.port) ?? []), port]);
  }

  /** `pod` must be the very value that was added. */
  remove(pod: PodInfo): void {
    assert(this.#pods.get(pod.uid) === pod, 'only a counted pod is removed', { key: pod.key });
    this.#pods.delete(pod.uid);
    addAmounts(this.#requested, pod.requests, -1);
    addAmounts(this.#scoringRequested, pod.scoringRequests, -1);
    for (const port of pod.hostPorts) {
      const rest = (this.#ports.get(port.port) ?? []).filter((held) => held !== port);
      if (rest.length === 0) this.#ports.delete(port.port);
      else this.#ports.set(port.port, rest);
    }
  }
}

function imagesOf(node: Node): ReadonlyMap<string, number> {
  const images = node.status?.images ?? [];
  if (images.length === 0) return noImages;
  return new Map(
    images.flatMap(({ names = [], sizeBytes = 0 }) =>
      names.map((name) => [normalizeImageName(name), sizeBytes] as const),
    ),
  );
}
