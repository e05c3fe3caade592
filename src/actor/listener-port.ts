/**
 * The Listener port: an HTTPS server as commands and events. An exchange is one request and its answer. Bodies arrive whole, up to the
 * listener's limit; answers leave whole (`respond`) or piece by piece (`begin`, `write`, `end`).
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
  /** Completes with `written`, once the bytes have left: a slow client slows its writer down. */
  | { readonly type: 'write'; readonly exchange: number; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly exchange: number }
  /** Accept nothing more; what is under way goes on. */
  | { readonly type: 'drain' };

export type ListenerEvent =
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'request'; readonly exchange: number; readonly request: HttpRequest }
  /** The body was larger than allowed; the exchange waits for its answer. */
  | { readonly type: 'tooLarge'; readonly exchange: number }
  | { readonly type: 'written'; readonly exchange: number }
  /** The client is gone, or the answer is complete. The exchange is over. */
  | { readonly type: 'closed'; readonly exchange: number };
