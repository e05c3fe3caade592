/**
 * What a container runtime understands: the Container Runtime Interface of Kubernetes as actor messages. Kubelet and runtime are two
 * actors, so containers outlive a kubelet; whoever comes after finds them by `list` and hears of changes from the stream `events`.
 *
 * Every request is idempotent where CRI's is: stopping what is stopped, or removing what is gone, succeeds.
 * Models cri-api runtime/v1 api.proto. Deviates: `probe` asks the runtime to look at a port or a path of a container, because addresses of
 * pods exist for real only in some runtimes.
 */
import type { Mount, ProbeAction, VolumeContent, VolumeFile } from '../actor/programs-port.ts';
import type { Protocol } from '../actor/protocol.ts';
import type { WallMs } from '../base/brand.ts';

export type { Mount, ProbeAction, VolumeContent, VolumeFile };

/** An expected failure. `message` is for people and ends up in conditions and events. */
export interface RuntimeFailure {
  readonly type: 'failed';
  readonly code: RuntimeFailureCode;
  readonly message: string;
}

export type RuntimeFailureCode =
  /** No such sandbox, container or image. */
  | 'notFound'
  /** The image cannot be pulled. */
  | 'pullFailed'
  /** The container is not in a state that allows this. */
  | 'wrongState'
  /** The container could not be started, for example because its command does not exist. */
  | 'startFailed'
  | 'timedOut'
  | 'unsupported';

export type RuntimeOutcome<Result extends object> = ({ readonly type: 'done' } & Result) | RuntimeFailure;

type Empty = Readonly<Record<never, never>>;

export interface SandboxConfig {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Grows when the sandbox of the same pod is made again. */
  readonly attempt: number;
  readonly hostname: string;
  readonly nodeName: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** The pod's own address; null when it uses the host's. */
  readonly podIp: string | null;
  /** Lines for the hosts file of its containers. */
  readonly hostAliases: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
  /** Which of a node's ways to run containers is meant, as RuntimeClass.handler names it; empty: the node's default. */
  readonly runtimeHandler: string;
}

export interface SandboxStatus {
  readonly id: string;
  readonly config: SandboxConfig;
  readonly state: 'ready' | 'stopped';
  readonly createdAtMs: WallMs;
}

export interface ContainerConfig {
  readonly name: string;
  /** The restart count that this instance stands for. */
  readonly attempt: number;
  readonly image: string;
  readonly imageId: string;
  /** Empty: the image's own. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDirectory: string;
  /** Somebody waits for its end: the containers behind an init container, or a Job. A simulated one that nobody says more of then ends at once. */
  readonly isExpectedToEnd: boolean;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** Bytes; 0 means no limit. */
  readonly memoryLimitBytes: number;
  /** Thousandths of a processor; 0 means no limit. */
  readonly cpuLimitMillis: number;
  /** Volumes of the pod, each set by `setVolume` before the container is created. */
  readonly mounts: readonly Mount[];
  /** Its standard input stays open for `attach`. */
  readonly stdin: boolean;
  /** The standard input ends with the first `attach` that ends. */
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  /** The file whose content becomes `RuntimeContainer.message`. */
  readonly terminationMessagePath: string;
  /** `FallbackToLogsOnError`: the end of the log, when the file is empty and the container failed. */
  readonly terminationMessagePolicy: 'File' | 'FallbackToLogsOnError';
}

/**
 * What a session yields: output of a program, then how it ended. `exited` and `failed` come last, once. With a terminal all output is
 * `stdout`. A connection to a port yields `stdout` alone, and `exited` with 0 when the other side has closed.
 */
export type SessionItem =
  | { readonly type: 'stdout' | 'stderr'; readonly bytes: Uint8Array }
  | { readonly type: 'exited'; readonly exitCode: number }
  | { readonly type: 'failed'; readonly code: RuntimeFailureCode; readonly message: string };

/** What all sessions have. */
export interface SessionRequest {
  /** Chosen by who asks, unique; input is sent under it. */
  readonly sessionId: string;
}

export interface ExecRequest extends SessionRequest {
  readonly containerId: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Joins the container's own streams: output from now on. */
export type AttachRequest = Omit<ExecRequest, 'command'>;

/** Connects to a port of a pod, as from within it. */
export interface ConnectRequest extends SessionRequest {
  readonly sandboxId: string;
  readonly port: number;
}

export type ContainerState = 'created' | 'running' | 'exited';

export interface RuntimeContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly podUid: string;
  readonly config: ContainerConfig;
  readonly state: ContainerState;
  readonly createdAtMs: WallMs;
  /** Null until it was started. */
  readonly startedAtMs: WallMs | null;
  /** Null until it has ended. */
  readonly finishedAtMs: WallMs | null;
  /** 0 until it has ended. */
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`; empty until it has ended. */
  readonly reason: string;
  /** What the container left as its termination message. */
  readonly message: string;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** What a container uses. Rates are means over the last `windowMs`. */
export interface ContainerUsage {
  readonly containerId: string;
  readonly podUid: string;
  /** The container's name in its pod. */
  readonly name: string;
  /** Billionths of a processor. */
  readonly cpuNanocores: number;
  /** Billionths of a second of a processor's time since the container started. */
  readonly cpuNanoseconds: number;
  readonly workingSetBytes: number;
}

export interface RuntimeUsage {
  /** Up to where the rates go. */
  readonly measuredAtMs: WallMs;
  readonly windowMs: number;
  /** Of the node as a whole, what runs beside containers included where the runtime can see it. */
  readonly node: Pick<ContainerUsage, 'cpuNanocores' | 'cpuNanoseconds' | 'workingSetBytes'>;
  /** Of containers that run, and that have run long enough to be measured. */
  readonly containers: readonly ContainerUsage[];
}

/** An image that is on the node. */
export interface RuntimeImage {
  readonly id: string;
  /** The ones with a digest, then the ones with a tag. */
  readonly names: readonly string[];
  readonly sizeBytes: number;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Null: all lines. */
  readonly tailLines: number | null;
  /** Lines from this instant on; null: all. */
  readonly sinceMs: WallMs | null;
  readonly timestamps: boolean;
  /** Null: no limit. */
  readonly limitBytes: number | null;
  /** What was written to it alone; absent: both. */
  readonly stream?: 'stdout' | 'stderr';
}

export interface RuntimeProtocol extends Protocol {
  readonly tells: {
    /** The terminal of a session has another size, in characters. */
    readonly resizeSession: { readonly sessionId: string; readonly columns: number; readonly rows: number };
  };
  readonly asks: {
    readonly version: { readonly request: null; readonly reply: { readonly name: string; readonly version: string } };
    /** Makes and starts the sandbox of a pod; a ready one with the same uid and attempt is returned as it is. */
    readonly runPodSandbox: {
      readonly request: { readonly config: SandboxConfig };
      readonly reply: RuntimeOutcome<{ readonly sandboxId: string }>;
    };
    /** Kills what still runs in it. */
    readonly stopPodSandbox: {
      readonly request: { readonly sandboxId: string };
      readonly reply: RuntimeOutcome<Empty>;
    };
    /** Removes its containers and their logs with it. */
    readonly removePodSandbox: {
      readonly request: { readonly sandboxId: string };
      readonly reply: RuntimeOutcome<Empty>;
    };
    /** `imageId` is null when the image is not on the node. `note` is for people: what they should know of the image; empty: nothing. */
    readonly imageStatus: {
      readonly request: { readonly image: string; readonly runtimeHandler: string };
      readonly reply: RuntimeOutcome<{ readonly imageId: string | null; readonly note: string }>;
    };
    /** The images that the runtime keeps. What has no files of its own, a module or a program of ours, is none. */
    readonly listImages: {
      readonly request: null;
      readonly reply: RuntimeOutcome<{ readonly images: readonly RuntimeImage[] }>;
    };
    readonly pullImage: {
      readonly request: {
        readonly image: string;
        readonly sandbox: SandboxConfig;
        /** For the image's registry, tried in order. */
        readonly credentials?: readonly { readonly username: string; readonly password: string }[];
      };
      readonly reply: RuntimeOutcome<{ readonly imageId: string; readonly sizeBytes: number; readonly note: string }>;
    };
    /** Makes a volume of a pod, or changes what it holds. Idempotent; a container can mount it from then on. */
    readonly setVolume: {
      readonly request: { readonly podUid: string; readonly name: string; readonly content: VolumeContent };
      readonly reply: RuntimeOutcome<Empty>;
    };
    /** Removes the volumes of a pod whose sandboxes are gone; persistent ones and paths of the machine keep what they hold. */
    readonly removeVolumes: {
      readonly request: { readonly podUid: string };
      readonly reply: RuntimeOutcome<Empty>;
    };
    readonly createContainer: {
      readonly request: { readonly sandboxId: string; readonly config: ContainerConfig };
      readonly reply: RuntimeOutcome<{ readonly containerId: string }>;
    };
    readonly startContainer: {
      readonly request: { readonly containerId: string };
      readonly reply: RuntimeOutcome<Empty>;
    };
    /** Asks the container to end, kills it after `graceMs`, and answers when it has ended. A later call with less grace shortens it. */
    readonly stopContainer: {
      readonly request: { readonly containerId: string; readonly graceMs: number };
      readonly reply: RuntimeOutcome<Empty>;
    };
    /**
     * Changes the limits of a running container without starting it again. `unsupported` when that cannot be: the limits are what they were. A container
     * that has ended is left alone.
     */
    readonly updateContainerResources: {
      readonly request: { readonly containerId: string } & Pick<ContainerConfig, 'memoryLimitBytes' | 'cpuLimitMillis'>;
      readonly reply: RuntimeOutcome<Empty>;
    };
    readonly removeContainer: {
      readonly request: { readonly containerId: string };
      readonly reply: RuntimeOutcome<Empty>;
    };
    readonly list: {
      readonly request: null;
      readonly reply: {
        readonly sandboxes: readonly SandboxStatus[];
        readonly containers: readonly RuntimeContainer[];
      };
    };
    /** What the node and its running containers use. */
    readonly stats: { readonly request: null; readonly reply: RuntimeOutcome<RuntimeUsage> };
    readonly execSync: {
      readonly request: {
        readonly containerId: string;
        readonly command: readonly string[];
        readonly timeoutMs: number;
      };
      readonly reply: RuntimeOutcome<ExecResult>;
    };
    readonly probe: {
      readonly request: {
        readonly containerId: string;
        readonly action: ProbeAction;
        readonly timeoutMs: number;
      };
      readonly reply: RuntimeOutcome<{ readonly isSuccessful: boolean; readonly message: string }>;
    };
    /**
     * Input of a session: answered when the program has taken it, which is the sender's sign to send more. `isEnd`: nothing follows
     * these bytes. `notFound` when the session has ended.
     */
    readonly sendInput: {
      readonly request: { readonly sessionId: string; readonly bytes: Uint8Array; readonly isEnd: boolean };
      readonly reply: RuntimeOutcome<Empty>;
    };
  };
  readonly streams: {
    /** Ends with `completed` when the container has ended, or at once without `follow`; `rejected` for an unknown container. */
    readonly logs: {
      readonly request: { readonly containerId: string; readonly options: LogOptions };
      readonly item: { readonly bytes: Uint8Array };
    };
    /** Runs a command in a container. Unsubscribing kills it. */
    readonly exec: { readonly request: ExecRequest; readonly item: SessionItem };
    /** Unsubscribing leaves the container running. */
    readonly attach: { readonly request: AttachRequest; readonly item: SessionItem };
    readonly connect: { readonly request: ConnectRequest; readonly item: SessionItem };
    /** Containers whose state has changed, each as it is now. Begins with the next change: `list` tells what is. */
    readonly events: { readonly request: null; readonly item: RuntimeContainer };
  };
}

/** An answer to anything but `stopContainer`, pulls and exec, which say how long they may take, comes within this. */
export const runtimeCallTimeoutMs = 10_000;
/** As the image pull progress deadline of kubelet. */
export const pullTimeoutMs = 60_000;
