/** What a kubelet is told and what it wants done, as data. */
import type { StringMap } from '../api/object-meta.ts';
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import type { Pod, PodStatus, ResourceList } from '../kinds/pod/types.ts';
import type { KubeletLimits } from './limits.ts';
import type { ObjectNeed } from './object-shelf.ts';
import type { PodEvent, RuntimeCall } from './turn.ts';
import type { TokenDemand } from './volume-verdict.ts';

export interface KubeletOptions {
  readonly nodeName: string;
  readonly hostIp: string;
  readonly limits: KubeletLimits;
  /** What pods may use. */
  readonly allocatable: ResourceList;
  /** Those that the node registers with. */
  readonly labels?: StringMap;
  /** Pods that run because the node's description says so, completed. */
  readonly staticPods?: readonly Pod[];
}

/** When an input arrived. */
export interface Moment {
  readonly monotonicMs: MonotonicMs;
  readonly wallMs: WallMs;
}

/** A question to the runtime, to be answered with `answered` or `unanswered` under its id. */
export interface NumberedCall extends Pick<RuntimeCall, 'type' | 'request' | 'timeoutMs'> {
  readonly id: number;
}

/** A token to be asked of the API server, answered like a question to the runtime. */
export interface NumberedDemand {
  readonly id: number;
  readonly demand: TokenDemand;
}

/** What the actor has to do now. */
export interface KubeletWork {
  readonly calls: readonly NumberedCall[];
  readonly tokens: readonly NumberedDemand[];
  /** Objects to be watched from now on, and no more. */
  readonly opened: readonly ObjectNeed[];
  readonly closed: readonly ObjectNeed[];
  readonly events: readonly { readonly pod: Pod; readonly event: PodEvent }[];
  /** Pods whose status changed, or that may be deleted now; see `desired`. */
  readonly changed: ReadonlySet<string>;
  readonly wantsList: boolean;
  /** An image was pulled. */
  readonly hasPulled: boolean;
  /** The API does not show the static pods as it should; see `mirrorSteps`. */
  readonly wantsMirrors: boolean;
}

/** What memory a node has to have left, and for how long a shortage is told behind its end. */
export interface MemoryThreshold {
  readonly availableBytes: number;
  readonly transitionMs: number;
}

/** What the API should say of a pod. `deletable`: and then the object should go. */
export interface DesiredPod {
  readonly pod: Pod;
  readonly status: PodStatus;
  readonly deletable: boolean;
}
