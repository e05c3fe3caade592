/**
 * What others ask of a kubelet: the logs of its containers, which the API server relays (GET pods/NAME/log), and sessions with them (exec,
 * attach, portforward, proxy).
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

export interface KubeletProtocol extends Protocol {
  readonly tells: {
    /** The terminal of a session has another size, in characters. */
    readonly resizeSession: SessionSize;
  };
  readonly asks: {
    /** Answered when the program has taken the bytes, which is the sender's sign to send more; `notFound` once the session has ended. */
    readonly sendInput: { readonly request: SessionInput; readonly reply: SessionInputOutcome };
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
