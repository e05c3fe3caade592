/**
 * Sessions on their way through the cluster: exec, attach and connections to ports, from the gateway over the API server and the kubelet to the
 * runtime. Output is a stream, whose reader's credit is passed on from end to end; input is an ask per chunk, whose answer says that the
 * program took it. So nobody on the way holds more than a few chunks.
 */
import type { RuntimeFailure, RuntimeOutcome, SessionItem } from './runtime.ts';

/** Bytes of one item of output or one chunk of input, at most. */
export const sessionChunkBytesMax = 32 * 1024;
/** How long a program may leave its input unread; kubelet's --streaming-connection-idle-timeout. */
export const sessionInputTimeoutMs = 4 * 60 * 60 * 1000;

/** What in a pod a session is with. */
export type SessionTarget =
  | ({ readonly type: 'exec'; readonly command: readonly string[] } & ContainerStreams)
  | ({ readonly type: 'attach' } & ContainerStreams)
  | { readonly type: 'connect'; readonly port: number }
  /** Asks only whether the pod is there: accepted, then over. */
  | { readonly type: 'reach' };

export interface ContainerStreams {
  readonly container: string;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface SessionRequest {
  /** Chosen by who asks, unique in the cluster; input is sent under it. */
  readonly sessionId: string;
  readonly namespace: string;
  readonly pod: string;
  /** Guards against a pod that was made again under the same name; empty: whichever is there. */
  readonly uid: string;
  readonly target: SessionTarget;
}

/** `accepted` or `refused` comes first and once, and `refused` alone. `status` is that of an HTTP answer. */
export type KubeletSessionItem =
  | { readonly type: 'accepted' }
  | { readonly type: 'refused'; readonly status: number; readonly message: string }
  | SessionItem;

export interface SessionInput {
  readonly sessionId: string;
  readonly bytes: Uint8Array;
  /** Nothing follows these bytes. */
  readonly isEnd: boolean;
}

export interface SessionSize {
  readonly sessionId: string;
  readonly columns: number;
  readonly rows: number;
}

export type SessionInputOutcome = RuntimeOutcome<Readonly<Record<never, never>>>;

export function noSession(sessionId: string): RuntimeFailure {
  return { type: 'failed', code: 'notFound', message: `no session ${sessionId}` };
}
