/** One line of a watch, as Kubernetes frames it, and the list+watch request that brings such lines. */

import type { Memo } from '../actor/memo.ts';
import type { GroupVersionResource } from '../api/group-version.ts';
import { freezeJson } from '../api/json.ts';
import type { KubeObject } from '../api/object-meta.ts';
import type { Status } from '../api/status.ts';
import { utf8Text } from '../base/bytes.ts';
import type { Credentials, OutputForm, ResourceRequest } from '../protocol/apiserver.ts';

export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Everything up to its resourceVersion has been delivered. */
  | { readonly type: 'BOOKMARK'; readonly object: KubeObject }
  /** The last event of a watch. */
  | { readonly type: 'ERROR'; readonly object: Status };

/** Marks the bookmark that ends the initial events of a streaming list. */
const initialEventsEnd = 'k8s.io/initial-events-end';

/** Parses a chunk of whole lines. The objects are frozen: caches share them, and so do all readers of the same line through `memo`. */
export function parseWatchEvents<T extends KubeObject>(chunk: Uint8Array, memo: Memo): readonly WatchEvent<T>[] {
  const events: WatchEvent<T>[] = [];
  for (const line of utf8Text(chunk).split('\n')) {
    if (line !== '') events.push(memo.get(line, parseLine) as WatchEvent<T>);
  }
  return events;
}

function parseLine(line: string): WatchEvent<KubeObject> {
  return freezeJson(JSON.parse(line) as WatchEvent<KubeObject>);
}

export function isInitialEventsEnd(bookmark: KubeObject): boolean {
  return bookmark.metadata.annotations?.[initialEventsEnd] === 'true';
}

/**
 * Returns the store revision that an object carries as its resourceVersion; 0 when it carries none. Clients must not compare resource
 * versions in Kubernetes; here all of them are revisions of one store, and informers are part of the same cluster.
 */
export function revisionOf(object: KubeObject): number {
  return Number(object.metadata.resourceVersion ?? 0);
}

export interface WatchSelection {
  readonly resource: GroupVersionResource;
  /** Empty or absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly output?: Extract<OutputForm, 'object' | 'metadata'>;
}

/** Where a watch starts: with everything there is, not older than `revision`, or behind `revision`. */
export interface WatchStart {
  readonly type: 'list' | 'resume';
  readonly revision: number;
  readonly timeoutSeconds: number;
}

/** Builds the request of a watch; a list is a watch that begins with what there is (KEP-3157). */
export function watchRequest(
  selection: WatchSelection,
  start: WatchStart,
  sender: { readonly credentials: Credentials; readonly userAgent: string },
): ResourceRequest {
  const parameters: Record<string, string> = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(start.timeoutSeconds),
  };
  if (start.type === 'list') {
    parameters['sendInitialEvents'] = 'true';
    parameters['resourceVersionMatch'] = 'NotOlderThan';
  }
  if (start.revision > 0) parameters['resourceVersion'] = String(start.revision);
  if (selection.labelSelector !== undefined) parameters['labelSelector'] = selection.labelSelector;
  if (selection.fieldSelector !== undefined) parameters['fieldSelector'] = selection.fieldSelector;
  const { group, version, resource } = selection.resource;
  return {
    type: 'resource',
    verb: 'watch',
    group,
    version,
    resource,
    subresource: '',
    namespace: selection.namespace ?? '',
    name: '',
    parameters,
    // Nobody who keeps a cache reads managed fields.
    output: selection.output === 'metadata' ? 'metadata' : 'lean',
    body: null,
    credentials: sender.credentials,
    userAgent: sender.userAgent,
    fence: null,
  };
}
