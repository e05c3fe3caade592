/**
 * The Disk port: a folder of flat files that belongs to one actor and outlives it. Commands complete in the order in which they were
 * given, each with one event that carries its id. A failed sync leaves the file in an unknown state: never repeat it, stop. From a failed
 * write on, every command fails until the port is opened again, so that nothing is ever written behind a hole.
 */

export type DiskCommand =
  /** The names of all files, sorted. */
  | { readonly type: 'list'; readonly id: number }
  | { readonly type: 'read'; readonly id: number; readonly file: string }
  /** Starts a file anew with these bytes, whatever it held; `sync` as for append. */
  | {
      readonly type: 'create';
      readonly id: number;
      readonly file: string;
      readonly bytes: Uint8Array;
      readonly sync: boolean;
    }
  /** Appends to a file, which is created if absent; `sync`: complete only once the bytes and the file's existence are durable. */
  | {
      readonly type: 'append';
      readonly id: number;
      readonly file: string;
      readonly bytes: Uint8Array;
      readonly sync: boolean;
    }
  /** Replaces a whole file atomically and durably: after a crash it holds either all of the old or all of the new. */
  | {
      readonly type: 'replace';
      readonly id: number;
      readonly file: string;
      readonly chunks: readonly Uint8Array[];
      /** Nothing behind it relies on it: if it fails, what follows is carried out all the same. */
      readonly isOptional: boolean;
    }
  /** Deletes a file; absent ones are ignored. */
  | { readonly type: 'delete'; readonly id: number; readonly file: string };

export type DiskEvent =
  | { readonly type: 'listed'; readonly id: number; readonly files: readonly string[] }
  /** `bytes` is null when there is no such file. */
  | { readonly type: 'read'; readonly id: number; readonly bytes: Uint8Array | null }
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };
