/**
 * A request to the API as the gateway hands it on: parsed from a URL by src/http, or made directly by a controller. Plain data.
 * Models apiserver pkg/endpoints/request/requestinfo.go and apimachinery pkg/apis/meta/v1 ListOptions and its kin.
 */
import type { FieldSelector } from './field-selector.ts';
import type { GroupVersionResource } from './group-version.ts';
import type { LabelSelector } from './label-selector.ts';

export type ResourceVerb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface ResourceRequest extends GroupVersionResource {
  readonly type: 'resource';
  readonly verb: ResourceVerb;
  /** Empty for the resource itself. */
  readonly subresource: string;
  /** What follows a proxy subresource, percent-encoded as it came, without the slash in front. */
  readonly subpath: string;
  /** Empty at cluster scope, and for a list over all namespaces. */
  readonly namespace: string;
  /** Empty for a collection. */
  readonly name: string;
}

export interface NonResourceRequest {
  readonly type: 'nonResource';
  /** The HTTP method in lower case. */
  readonly verb: string;
  readonly path: string;
}

export type RequestInfo = ResourceRequest | NonResourceRequest;

/** The encodings of a body that holds an object. */
export type ObjectFormat = 'json' | 'yaml' | 'protobuf';
export type PatchFormat = 'jsonPatch' | 'mergePatch' | 'strategicMergePatch' | 'applyPatch';
export type BodyFormat = ObjectFormat | PatchFormat;

/** What an answer shall look like. Discovery documents choose among `discovery` versions. */
export interface OutputForm {
  readonly format: ObjectFormat;
  readonly shape:
    | { readonly type: 'object' }
    | { readonly type: 'table'; readonly version: 'v1' | 'v1beta1' }
    | { readonly type: 'partialMetadata'; readonly version: 'v1' | 'v1beta1'; readonly isList: boolean }
    | { readonly type: 'aggregatedDiscovery'; readonly version: 'v2' | 'v2beta1' };
}

export type IncludeObject = 'Metadata' | 'Object' | 'None';

export interface ListOptions {
  readonly labelSelector: LabelSelector;
  readonly fieldSelector: FieldSelector;
  /** Empty: most recent; `0`: any; else see `resourceVersionMatch`. */
  readonly resourceVersion: string;
  /** Empty, `Exact` or `NotOlderThan`, once validated. */
  readonly resourceVersionMatch: string;
  /** 0 means no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly timeoutSeconds: number | undefined;
  /** For tables. */
  readonly includeObject: IncludeObject;
}

export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks: boolean;
  /** Undefined: as the resourceVersion says. */
  readonly sendInitialEvents: boolean | undefined;
}

export type FieldValidationMode = 'Strict' | 'Warn' | 'Ignore';

export interface WriteOptions {
  readonly isDryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidationMode;
}

export interface PatchOptions extends WriteOptions {
  /** For server-side apply: take over fields of other managers. */
  readonly isForced: boolean;
}

export type PropagationPolicy = 'Foreground' | 'Background' | 'Orphan';

export interface DeleteOptions {
  readonly isDryRun: boolean;
  /** Undefined: as the kind says. */
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: PropagationPolicy | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
}
