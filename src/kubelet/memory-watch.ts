/** Watches a node's memory: who has to go when it is short, whom the node refuses meanwhile, and when the shortage is over. */
import { parseQuantity, valueOf } from '../api/quantity.ts';
import { qosClassOf } from '../kinds/pod/quality.ts';
import { tolerates } from '../kinds/pod/toleration.ts';
import type { Pod, ResourceList } from '../kinds/pod/types.ts';
import type { Refusal } from './admission.ts';
import { type Candidate, evictedFirst, evictionMessage } from './eviction.ts';
import type { KubeletLimits } from './limits.ts';

const pressureTaint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' } as const;

export class MemoryWatch {
  readonly #limits: KubeletLimits;
  readonly #capacityBytes: number;
  #hasPressure = false;
  #shortAtMs = 0;

  /** Without a memory capacity nothing is ever short. */
  constructor(limits: KubeletLimits, capacity: ResourceList) {
    this.#limits = limits;
    const memory = parseQuantity(capacity['memory'] ?? '0');
    this.#capacityBytes = memory === undefined ? 0 : valueOf(memory);
  }

  get hasPressure(): boolean {
    return this.#hasPressure;
  }

  /** Takes what all pods use now; returns the one to be evicted, and what to tell it, or null. */
  measured(candidates: readonly Candidate[], nowMs: number): { readonly pod: Pod; readonly message: string } | null {
    if (this.#capacityBytes === 0) return null;
    const thresholdBytes = this.#limits.evictionMemoryBytes;
    const availableBytes = candidates.reduce((left, { usedBytes }) => left - usedBytes, this.#capacityBytes);
    if (availableBytes >= thresholdBytes) {
      this.#hasPressure &&= nowMs < this.#shortAtMs + this.#limits.pressureTransitionMs;
      return null;
    }
    this.#hasPressure = true;
    this.#shortAtMs = nowMs;
    const first = evictedFirst(candidates);
    if (first === undefined) return null;
    return { pod: first.pod, message: evictionMessage(first, { availableBytes, thresholdBytes }) };
  }

  /** A pod that asked for nothing is not taken while memory is short, unless it tolerates that. */
  refusalOf(pod: Pod): Refusal | null {
    if (!this.#hasPressure || qosClassOf(pod) !== 'BestEffort') return null;
    if ((pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, pressureTaint))) return null;
    return { reason: 'Evicted', message: 'The node had condition: [MemoryPressure]. ' };
  }
}
