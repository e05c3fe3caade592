/**
 * The Programs port: real programs, their folders, volumes and sockets, as commands and events. A program is a worker thread, a process of the
 * machine, or a connection to a port, all under numbers that the actor chooses. Commands with an `id` complete with one event that carries
 * it. When the port closes, or the thread or the process under it dies, every program is ended and every folder removed.
 */

/** How a program runs. */
export type ProgramType = 'worker' | 'process';

export interface ProgramSpec {
  readonly type: ProgramType;
  /** The container whose root folder, made by `makeFolder`, the program sees. */
  readonly container: string;
  readonly podUid: string;
  /** What the container was made of; null for a command that is run beside its program. */
  readonly image: string | null;
  /** Replaces what the image starts; empty: the image's own. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** Within the root folder; empty: the root. */
  readonly workingDirectory: string;
  readonly hostname: string;
  /** The pod's address; null when it has none of its own. */
  readonly address: string | null;
  /** Bytes; 0 means no limit. */
  readonly memoryLimitBytes: number;
  /** A program without input reads the end at once. */
  readonly stdin: boolean;
  readonly tty: boolean;
  /** The file of the container whose content `exited` tells; empty: none. */
  readonly messagePath: string;
}

/** A volume, or a part of it, at a path of a container. */
export interface Mount {
  readonly volume: string;
  readonly containerPath: string;
  /** Relative, without `..`; empty: the whole volume. */
  readonly subPath: string;
  readonly isReadOnly: boolean;
}

/** What a volume of a pod holds. */
export type VolumeContent =
  /** Empty at first; lives as long as the pod. `sizeLimitBytes` 0 means no limit. */
  | { readonly type: 'empty'; readonly isMemory: boolean; readonly sizeLimitBytes: number }
  /** Exactly these files. Setting it again replaces all of them at once, as readers see it. */
  | { readonly type: 'files'; readonly files: readonly VolumeFile[] }
  /** Outlives the pod and the node: whoever sets the same handle finds what was written. */
  | { readonly type: 'persistent'; readonly handle: string; readonly isReadOnly: boolean }
  /** A path of the machine. `hostPathType` as in the API; empty: no check. */
  | { readonly type: 'host'; readonly path: string; readonly hostPathType: string };

export interface VolumeFile {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/** What is looked at from outside. */
export type ProbeAction =
  | {
      readonly type: 'http';
      readonly host: string;
      readonly port: number;
      readonly path: string;
      readonly isTls: boolean;
      readonly headers: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly type: 'tcp'; readonly host: string; readonly port: number }
  | { readonly type: 'grpc'; readonly port: number; readonly service: string };

export type ProgramsCommand =
  | {
      readonly type: 'findImage';
      readonly id: number;
      readonly program: ProgramType;
      readonly image: string;
      /** For its registry, tried in order. */
      readonly credentials: readonly { readonly username: string; readonly password: string }[];
    }
  | {
      readonly type: 'setVolume';
      readonly id: number;
      readonly podUid: string;
      readonly name: string;
      readonly content: VolumeContent;
    }
  | { readonly type: 'removeVolumes'; readonly id: number; readonly podUid: string }
  | {
      readonly type: 'makeFolder';
      readonly id: number;
      readonly container: string;
      readonly podUid: string;
      /** As `image` told it: what is in the folder at first; empty: nothing. */
      readonly imageId: string;
      readonly mounts: readonly Mount[];
    }
  | { readonly type: 'removeFolder'; readonly id: number; readonly container: string }
  | { readonly type: 'start'; readonly program: number; readonly spec: ProgramSpec }
  /** `host`: the pod's address; null: the machine's. */
  | { readonly type: 'connect'; readonly program: number; readonly host: string | null; readonly port: number }
  /** Completes when the program has taken the bytes. */
  | {
      readonly type: 'write';
      readonly id: number;
      readonly program: number;
      readonly bytes: Uint8Array;
      readonly isEnd: boolean;
    }
  /** So many bytes of its output are dealt with: it may write as many more. */
  | { readonly type: 'taken'; readonly program: number; readonly bytes: number }
  | { readonly type: 'signal'; readonly program: number; readonly signal: 'SIGTERM' | 'SIGKILL' }
  /** A process may hold so much memory from now on; 0: as much as there is. A thread cannot be limited anew. */
  | { readonly type: 'limit'; readonly program: number; readonly memoryLimitBytes: number }
  | { readonly type: 'resize'; readonly program: number; readonly columns: number; readonly rows: number }
  /** Reads what programs that run have used; what cannot be read is left out. */
  | { readonly type: 'measure'; readonly id: number; readonly programs: readonly number[] }
  | {
      readonly type: 'probe';
      readonly id: number;
      readonly address: string | null;
      readonly probe: ProbeAction;
      readonly timeoutMs: number;
    };

export type ProgramsEvent =
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  /** `imageId` is empty for what has no files of its own; `note`: what people should know of the image, as a sentence; empty: nothing. */
  | {
      readonly type: 'image';
      readonly id: number;
      readonly imageId: string;
      readonly sizeBytes: number;
      readonly note: string;
    }
  | { readonly type: 'probed'; readonly id: number; readonly isSuccessful: boolean; readonly message: string }
  | { readonly type: 'measured'; readonly id: number; readonly readings: readonly ProgramReading[] }
  | { readonly type: 'started'; readonly program: number }
  | { readonly type: 'startFailed'; readonly program: number; readonly message: string }
  /** At most `outputWindowBytes` of a program are on their way at once. */
  | {
      readonly type: 'output';
      readonly program: number;
      readonly stream: 'stdout' | 'stderr';
      readonly bytes: Uint8Array;
    }
  /** Comes once, last. `message`: of the file at `messagePath`. */
  | {
      readonly type: 'exited';
      readonly program: number;
      readonly exitCode: number;
      readonly isOutOfMemory: boolean;
      readonly message: string;
    };

export interface ProgramReading {
  readonly program: number;
  /** Time of processors since its start, in billionths of a second. */
  readonly cpuNanoseconds: number;
  /** What it holds now. */
  readonly memoryBytes: number;
}

/** What the actor that has this port is started with, among other things. */
export interface ProgramsArgs {
  readonly programs?: ProgramsSettings;
}

export interface ProgramsSettings {
  /** Modules of the user's by image name: `file:` URLs. */
  readonly images: Readonly<Record<string, string>>;
  /** Made when the first pod comes, removed at the end. */
  readonly folder: string;
  /** Holds a folder per persistent volume, and stays. */
  readonly volumesFolder: string;
}

/** How much output of a program may be under way; one that writes more waits. */
export const outputWindowBytes = 256 * 1024;
/** Of a termination message, as the kubelet reads it. */
export const messageBytesMax = 4_096;
