/**
 * A client's upgraded connection as sessions, whatever carries it: channels of a WebSocket, SPDY streams, SPDY inside a WebSocket. Pure: bytes of the client
 * become events, output of programs becomes writes. Bytes that make no sense end the connection with `broken`, never with an exception.
 *
 * exec and attach have one session, number 0; portforward has one for each connection to a port.
 */

export type WireEvent =
  /** All streams are there: output may come. */
  | { readonly type: 'ready' }
  /** The client wants a connection to `port`; from now on `session` names it. */
  | { readonly type: 'connect'; readonly session: number; readonly port: number }
  | { readonly type: 'input'; readonly session: number; readonly bytes: Uint8Array; readonly isEnd: boolean }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number }
  /** The client wants no more of a session. */
  | { readonly type: 'closed'; readonly session: number }
  | { readonly type: 'broken'; readonly message: string };

/** How a session ended. */
export type SessionEnd =
  | { readonly type: 'exited'; readonly exitCode: number }
  | { readonly type: 'failed'; readonly message: string };

/** One message, or the next bytes of the connection. `session`: whose output it was, so that more may come once it has left; else null. */
export interface WireWrite {
  readonly bytes: Uint8Array;
  readonly session: number | null;
}

export interface Wire {
  /** The connection is open. */
  start(): readonly WireEvent[];
  receive(bytes: Uint8Array): readonly WireEvent[];
  output(session: number, stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  /** Nothing follows of this session. */
  finish(session: number, end: SessionEnd): void;
  /** The program has taken so much of its input. */
  taken(session: number, bytes: number): void;
  /** What has to be written, in order. */
  takeWrites(): readonly WireWrite[];
  /** Everything is said: the connection may be closed once it is written. */
  readonly isOver: boolean;
  /** Why the connection has to be broken off instead of being ended, or empty; for wires that cannot say so themselves. */
  readonly failure?: string;
}

/** Which streams a command has. */
export interface CommandStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}
