/**
 * What others ask of a kubelet: the logs of its containers, which the API server relays (GET pods/NAME/log), sessions with them (exec,
 * attach, portforward, proxy), and what its node and its pods use, which the API server gathers (metrics.k8s.io).
 */
import type { Protocol } from '../actor/protocol.ts';
import type { WallMs } from '../base/brand.ts';
import type { KubeletSessionItem, SessionInput, SessionInputOutcome, SessionRequest, SessionSize } from './session.ts';

export interface KubeletLogsRequest {
  readonly namespace: string;
  readonly pod: string;
  /** Guards against a pod that was made again under the same name; empty: whichever is there. */
  readonly uid: string;
  readonly container: string;
  readonly follow: boolean;
  /** The instance before the present one. */
  readonly previous: boolean;
  /** Null: no limit. */
  readonly tailLines: number | null;
  readonly sinceSeconds: number | null;
  /** Lines from this instant on, if `sinceSeconds` does not say it; absent: all. */
  readonly sinceMs?: WallMs;
  readonly timestamps: boolean;
  readonly limitBytes: number | null;
  /** What was written to it alone; absent: both. */
  readonly stream?: 'stdout' | 'stderr';
}

/**
 * `bytes` holds whole lines. With a `status` other than 200, which only the first and only item of a stream has, it holds what a client
 * should read instead: why there are no such logs.
 */
export interface KubeletLogsItem {
  readonly bytes: Uint8Array;
  readonly status: number;
}

/** Rates are means over the last `windowMs` before `measuredAtMs`. */
export interface Usage {
  /** Billionths of a processor. */
  readonly cpuNanocores: number;
  /** Billionths of a second of a processor's time since the start. */
  readonly cpuNanoseconds: number;
  readonly workingSetBytes: number;
}

export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Those that run and were measured. */
  readonly containers: readonly (Usage & { readonly name: string })[];
}

export type UsageSummary =
  | {
      readonly type: 'measured';
      readonly measuredAtMs: WallMs;
      readonly windowMs: number;
      readonly node: Usage;
      /** Pods that the kubelet knows and that have a measured container. */
      readonly pods: readonly PodUsage[];
    }
  /** The container runtime does not answer, or cannot measure. */
  | { readonly type: 'unknown'; readonly message: string };

export interface KubeletPageRequest {
  readonly verb: string;
  /** Begins with a slash; percent-encoded as it came. */
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface KubeletPage {
  /** Of an HTTP answer. */
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export interface KubeletProtocol extends Protocol {
  readonly tells: {
    /** The machine is about to be shut down: pods are stopped by their importance within the grace, critical ones in the last part of it. */
    readonly shutDown: { readonly graceMs: number; readonly criticalMs: number };
    /** The terminal of a session has another size, in characters. */
    readonly resizeSession: SessionSize;
  };
  readonly asks: {
    /** Answered when the program has taken the bytes, which is the sender's sign to send more; `notFound` once the session has ended. */
    readonly sendInput: { readonly request: SessionInput; readonly reply: SessionInputOutcome };
    /** What the kubelet's own port would serve, for nodes/proxy. */
    readonly page: { readonly request: KubeletPageRequest; readonly reply: KubeletPage };
    /** Models the Summary API of kubelet (pkg/kubelet/server/stats), as far as metrics-server reads it. */
    readonly summary: { readonly request: null; readonly reply: UsageSummary };
  };
  readonly streams: {
    /**
     * `accepted`, then what the runtime yields; or `refused` alone. The first credit is at least 1. `peerFailed` when the runtime died.
     * Unsubscribing ends the session.
     */
    readonly session: { readonly request: SessionRequest; readonly item: KubeletSessionItem };
    /** Ends with `completed` when the logs end; `peerFailed` when the runtime died. */
    readonly logs: { readonly request: KubeletLogsRequest; readonly item: KubeletLogsItem };
  };
}
