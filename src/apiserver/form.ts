/** The forms in which objects leave an API server: themselves, tables for kubectl, metadata alone; in the version that was asked for. */

import { apiVersionOf, type GroupVersionKind } from '../api/group-version.ts';
import type { AnyObject, ListMeta } from '../api/object-meta.ts';
import type { IncludeObject } from '../api/request.ts';
import { partialMetadata } from '../api/table.ts';
import { concatBytes, utf8, utf8Text } from '../base/bytes.ts';
import { type WatchEventType, watchFrame } from '../http/watch-frame.ts';
import type { OutputForm } from '../protocol/apiserver.ts';
import type { ServedResource } from './catalog.ts';
import { toServed } from './conversion.ts';
import type { Environment } from './environment.ts';
import { withoutManagedFields, withResourceVersion } from './splice.ts';
import type { CacheEvent } from './watch-cache.ts';

export interface Form {
  readonly served: ServedResource;
  readonly output: OutputForm;
  readonly includeObject: IncludeObject;
  /** Equal for forms that yield equal bytes. */
  readonly key: string;
}

export function formOf(served: ServedResource, output: OutputForm, includeObject: IncludeObject): Form {
  const { group, version } = served.info;
  const epoch = served.custom === null ? '' : `/${served.custom.version.epoch}`;
  return { served, output, includeObject, key: `${group}/${version}/${output}/${includeObject}${epoch}` };
}

/** Returns one object in a form; `bytes` are those of the cache. */
export function rendered(environment: Environment, form: Form, bytes: Uint8Array): Uint8Array {
  const { served, output } = form;
  if (output === 'object') return wholeObject(served, bytes);
  if (output === 'lean') return withoutManagedFields(wholeObject(served, bytes));
  return summary(environment, form, decodeServed(served, bytes));
}

/** Forms that leave most of an object away. */
function summary(environment: Environment, form: Form, object: AnyObject): Uint8Array {
  if (form.output === 'metadata') return utf8(JSON.stringify(partialMetadata(object)));
  const { resourceVersion = '' } = object.metadata;
  return utf8(JSON.stringify(tableOf(environment, form, [object], { resourceVersion })));
}

function wholeObject(served: ServedResource, bytes: Uint8Array): Uint8Array {
  if (served.custom !== null) return served.custom.shown(bytes);
  return served.isConverted ? utf8(JSON.stringify(decodeServed(served, bytes))) : bytes;
}

/** Returns a list of objects in a form. */
export function renderedList(
  environment: Environment,
  form: Form,
  items: readonly Uint8Array[],
  metadata: ListMeta,
): Uint8Array {
  const { served, output } = form;
  if (output === 'table') {
    const objects = items.map((bytes) => decodeServed(served, bytes));
    return utf8(JSON.stringify(tableOf(environment, form, objects, metadata)));
  }
  const kind: GroupVersionKind =
    output === 'metadata' ? { group: 'meta.k8s.io', version: 'v1', kind: 'PartialObjectMetadata' } : served.info;
  const parts: Uint8Array[] = [listHead(kind, metadata)];
  for (const [index, bytes] of items.entries()) {
    if (index > 0) parts.push(comma);
    parts.push(rendered(environment, form, bytes));
  }
  parts.push(listTail);
  return concatBytes(parts);
}

/** Returns the frame of an event in a form. Frames are made once and shared. `bytes` must follow from event and type. */
export function eventFrame(environment: Environment, form: Form, type: WatchEventType, event: CacheEvent): Uint8Array {
  const key = `${type} ${form.key}`;
  const known = event.frames.get(key);
  if (known !== undefined) return known;
  const frame = watchFrame(type, renderedEvent(environment, form, type, event));
  event.frames.set(key, frame);
  return frame;
}

function renderedEvent(environment: Environment, form: Form, type: WatchEventType, event: CacheEvent): Uint8Array {
  const { served, output } = form;
  const isWhole = output === 'object' || output === 'lean' || served.isConverted || served.custom !== null;
  if (isWhole || type === 'DELETED' || event.entry === null) return rendered(environment, form, bytesOf(event, type));
  return summary(environment, form, event.entry.object);
}

/** Returns a bookmark: an object of the kind that has nothing but a resourceVersion. */
export function bookmarkFrame(form: Form, revision: number, endsInitialEvents: boolean): Uint8Array {
  const annotations = endsInitialEvents ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
  const { info } = form.served;
  const object =
    form.output === 'object' || form.output === 'lean'
      ? { kind: info.kind, apiVersion: apiVersionOf(info), metadata }
      : { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  if (form.output !== 'table') return watchFrame('BOOKMARK', utf8(JSON.stringify(object)));
  const row = { cells: [], object };
  const table = {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: String(revision) },
    columnDefinitions: [],
    rows: [row],
  };
  return watchFrame('BOOKMARK', utf8(JSON.stringify(table)));
}

function decodeServed(served: ServedResource, bytes: Uint8Array): AnyObject {
  if (served.custom !== null) return JSON.parse(utf8Text(served.custom.shown(bytes))) as AnyObject;
  return toServed(served, JSON.parse(utf8Text(bytes)) as AnyObject);
}

const comma = utf8(',');
const listTail = utf8(']}');

/** The object that an event of that type shows: what is gone is shown as it last was, at the revision of its going. */
function bytesOf(event: CacheEvent, type: WatchEventType): Uint8Array {
  if (type !== 'DELETED' && event.entry !== null) return event.entry.bytes;
  const last = event.previous ?? event.entry;
  return withResourceVersion(last === null ? new Uint8Array(0) : last.bytes, event.revision);
}

function listHead(kind: GroupVersionKind, metadata: ListMeta): Uint8Array {
  const head = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata });
  return utf8(`${head.slice(0, -1)},"items":[`);
}

function tableOf(
  environment: Environment,
  { served, includeObject }: Form,
  objects: readonly AnyObject[],
  metadata: ListMeta,
): object {
  const { wallMs } = environment.stamp;
  if (served.custom !== null) return served.custom.version.columns.table(objects, metadata, includeObject, wallMs);
  return environment.columns.table(served.info, objects, metadata, includeObject, wallMs);
}
