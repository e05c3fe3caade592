/**
 * How a protocol is written down. A protocol file under src/protocol declares three maps; the types here turn them into the bodies
 * that travel and into typed asks. Bodies are plain data; the tag is `type`.
 *
 *   interface StoreProtocol extends Protocol {
 *     tells: { raft: RaftMessage };
 *     asks: { range: { request: RangeRequest; reply: RangeReply } };
 *     streams: { watch: { request: WatchRequest; item: WatchItem } };
 *   }
 */

export interface Protocol {
  readonly tells: object;
  readonly asks: object;
  readonly streams: object;
}

/** The body of a tell: `{ type, message }`. */
export type Tell<P extends Protocol> = {
  [Type in keyof P['tells'] & string]: { readonly type: Type; readonly message: P['tells'][Type] };
}[keyof P['tells'] & string];

/** The body of an ask: `{ type, request }`. */
export type Ask<P extends Protocol> = {
  [Type in keyof P['asks'] & string]: { readonly type: Type; readonly request: RequestOf<P['asks'][Type]> };
}[keyof P['asks'] & string];

/** The body that opens a stream: `{ type, request }`. */
export type Subscribe<P extends Protocol> = {
  [Type in keyof P['streams'] & string]: { readonly type: Type; readonly request: RequestOf<P['streams'][Type]> };
}[keyof P['streams'] & string];

export type RequestOf<Exchange> = Exchange extends { readonly request: infer Request } ? Request : never;
export type ReplyOf<Exchange> = Exchange extends { readonly reply: infer Reply } ? Reply : never;

/** Any body as it travels. */
export interface Body {
  readonly type: string;
  readonly message?: unknown;
  readonly request?: unknown;
}
