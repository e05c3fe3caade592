/**
 * The BlobServer port: a plain HTTP listener and a folder of blobs behind it. The head of a request comes alone; its body, and that of an answer,
 * goes between socket and folder without passing the actor, which only says where to. Commands with an `id` or an `exchange` complete with one
 * event that carries it; those about files are carried out in the order in which they were given.
 *
 *   FOLDER/blobs/HEX          a blob, by the digest of its bytes
 *   FOLDER/documents/NAME     small files of the actor's own
 *   FOLDER/uploads/NAME       blobs that are not complete; removed when the port opens
 */

export interface BlobRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

type Headers = Readonly<Record<string, string>>;

export type BlobServerCommand =
  | { readonly type: 'load' }
  /** `port` 0: any free one. */
  | { readonly type: 'listen'; readonly host: string; readonly port: number }
  /** What of the request's body was not taken is thrown away. An answer to HEAD names the length of a body that is not sent. */
  | {
      readonly type: 'respond';
      readonly exchange: number;
      readonly status: number;
      readonly headers: Headers;
      readonly body: Uint8Array;
    }
  /** Answers with a part of a blob. */
  | {
      readonly type: 'sendBlob';
      readonly exchange: number;
      readonly status: number;
      readonly headers: Headers;
      readonly hex: string;
      readonly start: number;
      readonly length: number;
    }
  /** Completes with `body` or `tooLarge`; not at all if the client goes. */
  | { readonly type: 'takeBody'; readonly exchange: number; readonly bytesMax: number }
  /** Appends the body to an upload, all of it or nothing. Completes with `appended`, `tooLarge` or `bodyFailed`, also when the client goes. */
  | { readonly type: 'appendBody'; readonly exchange: number; readonly upload: string; readonly bytesMax: number }
  /** Makes an upload a blob, if that is its digest; removes it if not. Completes with `sealed`. */
  | { readonly type: 'seal'; readonly id: number; readonly upload: string; readonly digest: string }
  | { readonly type: 'removeUpload'; readonly upload: string }
  | { readonly type: 'putBlob'; readonly id: number; readonly hex: string; readonly bytes: Uint8Array }
  | { readonly type: 'removeBlob'; readonly hex: string }
  /** Replaces a document, durably. */
  | { readonly type: 'putDocument'; readonly id: number; readonly name: string; readonly bytes: Uint8Array };

export type BlobServerEvent =
  | {
      readonly type: 'loaded';
      readonly documents: readonly { readonly name: string; readonly bytes: Uint8Array }[];
      readonly blobs: readonly string[];
    }
  | { readonly type: 'loadFailed'; readonly message: string }
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  | { readonly type: 'listenFailed'; readonly message: string }
  | { readonly type: 'request'; readonly exchange: number; readonly request: BlobRequest }
  | { readonly type: 'body'; readonly exchange: number; readonly bytes: Uint8Array; readonly digest: string }
  /** `sizeBytes` of the whole upload so far. */
  | { readonly type: 'appended'; readonly exchange: number; readonly sizeBytes: number }
  | { readonly type: 'tooLarge'; readonly exchange: number }
  /** The folder did not take the body. */
  | { readonly type: 'bodyFailed'; readonly exchange: number; readonly message: string }
  /** The exchange is over: answered, or the client is gone. */
  | { readonly type: 'closed'; readonly exchange: number }
  | { readonly type: 'sealed'; readonly id: number; readonly isMatch: boolean; readonly sizeBytes: number }
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** What the actor that has this port is started with, among other things. */
export interface BlobServerArgs {
  readonly folder: string;
}
