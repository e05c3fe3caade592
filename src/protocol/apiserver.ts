/**
 * What an API server understands. Not HTTP: the gateway has parsed the URL and negotiated the form; controllers, scheduler and kubelets send
 * the same requests without ever making a URL. Objects travel as JSON bytes, made once and carried untouched.
 */
import type { Protocol } from '../actor/protocol.ts';
import type { SessionItem } from './runtime.ts';
import type { SessionInput, SessionInputOutcome, SessionSize } from './session.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** Who asks, as far as the gateway or the sender can tell; the API server turns it into a user. */
export type Credentials =
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'certificate'; readonly user: string; readonly groups: readonly string[] }
  /** A part of the cluster, over a link that only the cluster can open. */
  | { readonly type: 'component'; readonly user: string; readonly groups: readonly string[] }
  | { readonly type: 'anonymous' };

/** As whom a request is to act instead of as its sender. Empty parts were not given. */
export interface Impersonation {
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/**
 * Makes a write conditional on an election: it commits only if the store key `key` still has this create revision. A deposed master's late
 * write is refused by the store with 409 Conflict.
 */
export interface Fence {
  readonly key: string;
  readonly createRevision: number;
}

/**
 * The form of the answer. `table` and `metadata` are Kubernetes' `as=Table` and `as=PartialObjectMetadata`; `lean` is the object without its
 * managed fields, for the cluster's own caches.
 */
export type OutputForm = 'object' | 'lean' | 'table' | 'metadata';

/** The media types of patches. */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface ResourceRequest {
  readonly type: 'resource';
  readonly verb: Verb;
  readonly group: string;
  readonly version: string;
  /** Plural, lower case: `deployments`. */
  readonly resource: string;
  readonly subresource: string;
  /** Empty for cluster-scoped requests and for all namespaces. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
  /** What follows a proxy subresource, percent-encoded as it came, without the slash in front; absent when nothing does. */
  readonly subpath?: string;
  /** Query parameters as given, by name; the API server validates them. */
  readonly parameters: Readonly<Record<string, string>>;
  /** All values of parameters that were given more than once, such as the words of a command; absent when there are none. */
  readonly repeated?: Readonly<Record<string, readonly string[]>>;
  readonly output: OutputForm;
  readonly body: RequestBody | null;
  readonly credentials: Credentials;
  readonly impersonation?: Impersonation;
  readonly userAgent: string;
  readonly fence: Fence | null;
}

/** `patch` says which patch a PATCH body is; null for other verbs. */
export interface RequestBody {
  readonly encoding: 'json' | 'yaml' | 'protobuf';
  readonly patch: PatchType | null;
  readonly bytes: Uint8Array;
}

/** Discovery, health, version, OpenAPI. */
export interface NonResourceRequest {
  readonly type: 'nonResource';
  /** The HTTP method in lower case; `get` unless told otherwise. */
  readonly verb?: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly accept: string;
  /** The ETag of the version that the client has; answered with 304 when that is still the one. */
  readonly ifNoneMatch?: string;
  readonly credentials: Credentials;
  readonly impersonation?: Impersonation;
}

export type ApiRequest = ResourceRequest | NonResourceRequest;

/** `bytes` is a Kubernetes object, list, Table or Status as JSON, unless `contentType` says otherwise. */
export interface ApiResponse {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** Texts of `Warning: 299` headers. */
  readonly warnings: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** The head comes first and once; chunks follow. A watch's chunks hold whole lines, one JSON event each. */
export type ApiStreamItem =
  | {
      readonly type: 'head';
      readonly status: number;
      readonly contentType: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array };

/** Opens exec, attach or a connection to a port, as `request` says. */
export interface ApiSessionRequest {
  readonly request: ResourceRequest;
  /** Chosen by who asks, unique in the cluster; input is sent under it. */
  readonly sessionId: string;
  /** For portforward: the port to connect to; null only asks whether there could be a connection. Else null. */
  readonly port: number | null;
}

/** `accepted` or `refused` comes first and once, and `refused` alone. */
export type ApiSessionItem =
  | { readonly type: 'accepted' }
  | { readonly type: 'refused'; readonly response: ApiResponse }
  | SessionItem;

/** What the balancer wants to know of an API server. */
export interface ApiServerReadiness {
  /** As /readyz has it. */
  readonly isReady: boolean;
  /** The replica of its own master leads the store: writes are fewer messages away than from anywhere else. */
  readonly isAtLeader: boolean;
}

export interface ApiServerProtocol extends Protocol {
  readonly tells: {
    /** The terminal of a session has another size, in characters. */
    readonly resizeSession: SessionSize;
  };
  readonly asks: {
    /** Answered when the program has taken the bytes, which is the sender's sign to send more; `notFound` once the session has ended. */
    readonly sendInput: { readonly request: SessionInput; readonly reply: SessionInputOutcome };
    /** Everything that is answered at once: all but watches and logs. */
    readonly call: { readonly request: ApiRequest; readonly reply: ApiResponse };
    readonly readiness: { readonly request: null; readonly reply: ApiServerReadiness };
  };
  readonly streams: {
    /** Watches and followed logs: ends with `completed` when the API server has no more to say. */
    readonly open: { readonly request: ResourceRequest; readonly item: ApiStreamItem };
    /** The first credit is at least 1. `peerFailed` when a part of the way died. Unsubscribing ends the session. */
    readonly session: { readonly request: ApiSessionRequest; readonly item: ApiSessionItem };
  };
}

/** How long a single API call may take before its asker gives up, as the 34 s of kube-apiserver's request timeout. */
export const apiCallTimeoutMs = 34_000;
