/** What the thread of a container and the thread of its node say to each other, and what the former is born with. */

export interface ContainerBirth {
  readonly container: string;
  /** The root folder on the machine. */
  readonly root: string;
  readonly mounts: readonly {
    readonly containerPath: string;
    readonly source: string;
    readonly isReadOnly: boolean;
  }[];
  /** A program of ours by name, or the URL of a module. */
  readonly start:
    | { readonly type: 'builtIn'; readonly name: string }
    | { readonly type: 'module'; readonly url: string }
    | { readonly type: 'tool' };
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  readonly hostname: string;
  /** The address at which it listens, and which `localhost` means to it. */
  readonly address: string;
  /** Its pod is not one of the host's network: what it listens at, wherever it meant to, is its address. */
  readonly hasOwnNetwork: boolean;
  /** Its standard input may bring something. */
  readonly stdin: boolean;
  readonly tty: boolean;
  /** One 32-bit cell: bytes of output that are under way. The thread waits while there are too many. */
  readonly outputBytes: SharedArrayBuffer;
}

export type ToContainer =
  | { readonly type: 'input'; readonly id: number; readonly bytes: Uint8Array; readonly isEnd: boolean }
  | { readonly type: 'signal'; readonly signal: 'SIGTERM' }
  /** Wants to know what the thread holds: answered by `holds`. */
  | { readonly type: 'measure' }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number }
  /** Null: the key is taken by memory of another size. */
  | { readonly type: 'memory'; readonly id: number; readonly buffer: SharedArrayBuffer | null };

export type FromContainer =
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly type: 'inputTaken'; readonly id: number }
  | { readonly type: 'wantMemory'; readonly id: number; readonly key: string; readonly bytes: number }
  /** The program is there and runs from now on. `thread`: its number as the machine counts threads; 0 where that is not known. */
  | { readonly type: 'started'; readonly thread: number; readonly memoryBytes: number }
  | { readonly type: 'holds'; readonly memoryBytes: number }
  /** There is no such program; the thread ends. */
  | { readonly type: 'notFound'; readonly message: string };
