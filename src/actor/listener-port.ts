/**
 * The Listener port: an HTTPS server as commands and events. An exchange is one request and its answer. Bodies arrive whole, up to the
 * listener's limit; answers leave whole (`respond`) or piece by piece (`begin`, `write`, `end`).
 *
 * A request that wants its connection upgraded comes as `upgrade`. It is answered like any other, or by `switch`: from then on `write` sends and
 * `received` brings bytes, or messages of a WebSocket, as they are, both ways and no faster than the other side goes along.
 *
 * A request that is meant for the port of a pod comes as `forward`, and its body stays with the client. It is answered like any other, or by `switch`:
 * from then on the listener is an HTTP client that speaks to the port through `received` and `write`, and passes on what it is answered.
 */

export interface HttpRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  /** Lower-case names; repeated headers are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers that may come more than once, each time with a value of its own: those of impersonation. Absent when there are none. */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  readonly body: Uint8Array;
  /** From a client certificate that the cluster's authority signed; null without one. */
  readonly certificate: { readonly user: string; readonly groups: readonly string[] } | null;
  /** A certificate was shown that somebody else signed, or that has run out. */
  readonly isCertificateFalse?: boolean;
}

export type HttpHeaders = Readonly<Record<string, string | readonly string[]>>;

export type ListenerCommand =
  | {
      readonly type: 'listen';
      readonly host: string;
      readonly port: number;
      readonly certificate: string;
      readonly key: string;
      readonly authority: string;
      readonly bodyBytesMax: number;
    }
  | {
      readonly type: 'respond';
      readonly exchange: number;
      readonly status: number;
      readonly headers: HttpHeaders;
      readonly body: Uint8Array;
    }
  | { readonly type: 'begin'; readonly exchange: number; readonly status: number; readonly headers: HttpHeaders }
  /** Upgrades the connection. For a WebSocket `subprotocol` is the chosen one, or empty; for bytes `headers` are those of the answer 101. */
  | { readonly type: 'switch'; readonly exchange: number; readonly to: 'websocket'; readonly subprotocol: string }
  | { readonly type: 'switch'; readonly exchange: number; readonly to: 'bytes'; readonly headers: HttpHeaders }
  /** Passes the request on: `target` and `headers` are for the port; `prefix` is the path under which the client sees what is there. */
  | {
      readonly type: 'switch';
      readonly exchange: number;
      readonly to: 'port';
      readonly isSecure: boolean;
      readonly target: string;
      readonly prefix: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** So many more messages, or pieces of at most 64 KiB, of an upgraded connection may come. Nothing comes unless it was allowed. */
  | { readonly type: 'receive'; readonly exchange: number; readonly messages: number }
  /** Completes with `written`, once the bytes have left: a slow client slows its writer down. */
  | { readonly type: 'write'; readonly exchange: number; readonly bytes: Uint8Array }
  /** With a `failure` the answer is broken off: its client must not take it for complete. */
  | { readonly type: 'end'; readonly exchange: number; readonly failure?: string }
  /** Accept nothing more; what is under way goes on. */
  | { readonly type: 'drain' };

export type ListenerEvent =
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'request'; readonly exchange: number; readonly request: HttpRequest }
  /** A request that wants an upgrade; its body is empty. */
  | { readonly type: 'upgrade'; readonly exchange: number; readonly request: HttpRequest }
  /** A request for the port of a pod; `body` is empty, whatever the client is about to send. */
  | { readonly type: 'forward'; readonly exchange: number; readonly request: HttpRequest }
  /** The port of a `forward` could not be reached, or said nothing that is HTTP: the exchange waits for an answer. */
  | { readonly type: 'unreached'; readonly exchange: number; readonly message: string }
  | { readonly type: 'received'; readonly exchange: number; readonly bytes: Uint8Array }
  /** The body was larger than allowed; the exchange waits for its answer. */
  | { readonly type: 'tooLarge'; readonly exchange: number }
  | { readonly type: 'written'; readonly exchange: number }
  /** The client is gone, or the answer is complete. The exchange is over. */
  | { readonly type: 'closed'; readonly exchange: number };
