/** What others ask of a kubelet: the logs of its containers. The API server relays them (GET pods/NAME/log). */
import type { Protocol } from '../actor/protocol.ts';

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
  readonly timestamps: boolean;
  readonly limitBytes: number | null;
}

/**
 * `bytes` holds whole lines. With a `status` other than 200, which only the first and only item of a stream has, it holds what a client
 * should read instead: why there are no such logs.
 */
export interface KubeletLogsItem {
  readonly bytes: Uint8Array;
  readonly status: number;
}

export interface KubeletProtocol extends Protocol {
  readonly tells: {
    /** The machine is about to be shut down: pods are stopped by their importance within the grace, critical ones in the last part of it. */
    readonly shutDown: { readonly graceMs: number; readonly criticalMs: number };
  };
  readonly asks: object;
  readonly streams: {
    /** Ends with `completed` when the logs end; `peerFailed` when the runtime died. */
    readonly logs: { readonly request: KubeletLogsRequest; readonly item: KubeletLogsItem };
  };
}
