/** A resource request as handlers take it: found in the catalog, allowed, its query parsed on demand by each verb. */

import { parseBody } from '../api/body.ts';
import { everyField, formatFieldSelector } from '../api/field-selector.ts';
import { formatGroupVersionResource, type GroupVersionKind } from '../api/group-version.ts';
import type { Json } from '../api/json.ts';
import { scanJson } from '../api/json-scan.ts';
import { formatLabelSelector } from '../api/label-selector.ts';
import type { AnyObject } from '../api/object-meta.ts';
import type { DeleteOptions, FieldValidationMode, IncludeObject, ListOptions } from '../api/request.ts';
import { badRequest, requestEntityTooLarge, unsupportedMediaType } from '../api/status-errors.ts';
import { utf8Text } from '../base/bytes.ts';
import { deleteOptions } from '../http/options.ts';
import type { Query } from '../http/query.ts';
import { decodeCustom } from '../kinds/customresource/decode.ts';
import { type Decoded, decodeObject, unusable } from '../kinds/decode.ts';
import { decodeProtobuf } from '../kinds/decode-protobuf.ts';
import { deleteOptionsOfBody } from '../kinds/delete-options.ts';
import { builtInSchemas } from '../kinds/schema.ts';
import type { RequestBody, ResourceRequest } from '../protocol/apiserver.ts';
import type { User } from './authentication.ts';
import type { ServedResource } from './catalog.ts';
import type { Environment } from './environment.ts';
import { type Form, formOf } from './form.ts';
import { bodyBytesMax } from './limits.ts';
import { type Selection, selectionOf } from './selection.ts';

export interface Call {
  readonly request: ResourceRequest;
  readonly served: ServedResource;
  readonly user: User;
  readonly query: Query;
}

const deleteOptionsKind = { group: '', version: 'v1', kind: 'DeleteOptions' };

export function queryOf({ parameters, repeated = {} }: Pick<ResourceRequest, 'parameters' | 'repeated'>): Query {
  return new Map(Object.entries(parameters).map(([name, value]) => [name, repeated[name] ?? [value]]));
}

/**
 * Returns the body as a tree; protobuf that does not say its kind is of the `expected` one.
 * Throws StatusError BadRequest when there is none or it does not parse.
 */
export function bodyOf(call: Call, expected: GroupVersionKind = call.served.info): Json {
  const { bytes, encoding } = presentBody(call);
  if (encoding === 'protobuf' && call.served.custom !== null && expected === call.served.info) {
    throw unsupportedMediaType(['application/json', 'application/yaml']);
  }
  return encoding === 'protobuf' ? decodeProtobuf(bytes, expected, builtInSchemas) : parseBody(bytes, encoding);
}

/** Throws StatusError BadRequest when there is no body, and RequestEntityTooLarge. */
export function presentBody(call: Call): RequestBody {
  const { body } = call.request;
  if (body === null || body.bytes.length === 0) throw badRequest('the body of the request was empty');
  if (body.bytes.length > bodyBytesMax) throw requestEntityTooLarge(`limit is ${bodyBytesMax}`);
  return body;
}

/** Decodes a tree as an object of the version that is served. Throws StatusError BadRequest. */
export function decodeServedObject(
  { schemas }: Environment,
  { info, custom }: ServedResource,
  tree: Json,
  mode: FieldValidationMode,
): Decoded<AnyObject> {
  return custom === null ? decodeObject(tree, info, schemas, mode) : decodeCustom(tree, custom.version, schemas, mode);
}

/**
 * Decodes the whole object that a body holds. A field that stands twice in it is looked for when the client asks for validation by name: the text
 * has to be read once more for that. Throws StatusError BadRequest.
 */
export function decodeBody(
  environment: Environment,
  call: Call,
  tree: Json,
  mode: FieldValidationMode,
): Decoded<AnyObject> {
  const duplicates = mode === 'Ignore' || !call.query.has('fieldValidation') ? [] : duplicatesOf(call);
  if (mode === 'Strict' && duplicates.length > 0) {
    throw unusable(call.served.info, `strict decoding error: ${duplicates.join(', ')}`);
  }
  const { object, warnings } = decodeServedObject(environment, call.served, tree, mode);
  return { object, warnings: [...duplicates, ...warnings] };
}

function duplicatesOf({ request: { body } }: Call): readonly string[] {
  if (body?.encoding !== 'json') return [];
  return scanJson(utf8Text(body.bytes)).duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`);
}

/** Tells whether a patch is a server-side apply. */
export function isApply(call: Call): boolean {
  return call.request.body?.patch === 'apply';
}

/** Returns the type of a patch that is no apply. Throws StatusError UnsupportedMediaType for a body that is none. */
export function patchTypeOf(call: Call): 'json' | 'merge' | 'strategic' {
  const type = call.request.body?.patch ?? null;
  if (type === null || type === 'apply') {
    throw unsupportedMediaType([
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/strategic-merge-patch+json',
    ]);
  }
  // Custom kinds have no strategies for merging.
  if (type === 'strategic' && call.served.custom !== null) {
    throw unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json']);
  }
  return type;
}

export function callForm(call: Call, includeObject: IncludeObject = 'Metadata'): Form {
  return formOf(call.served, call.request.output, includeObject);
}

/** Returns what the path and the selectors select. Throws StatusError BadRequest for a field that cannot be selected by. */
export function callSelection(call: Call, options: ListOptions): Selection {
  const { labelSelector: labels, fieldSelector: fields } = options;
  const known = call.served.strategy.fieldLabels;
  const unknown = fields.requirements.find(({ field }) => !known.includes(field));
  if (unknown !== undefined) {
    const name = JSON.stringify(formatGroupVersionResource(call.served.info));
    const labelText = JSON.stringify(formatLabelSelector(labels));
    const fieldText = JSON.stringify(formatFieldSelector(fields));
    throw badRequest(
      `Unable to find ${name} that match label selector ${labelText}, field selector ${fieldText}: ` +
        `field label not supported: ${unknown.field}`,
    );
  }
  const { strategy } = call.served;
  const requirements = fields.requirements.map((each) => ({ ...each, field: strategy.storedLabel(each.field) }));
  return selectionOf(
    call.served.info.isNamespaced ? call.request.namespace : '',
    call.request.name,
    labels,
    requirements.length === 0 ? everyField : { requirements },
  );
}

/** Options of a deletion: those of the body, else those of the query. */
export function callDeleteOptions(environment: Environment, call: Call): DeleteOptions {
  const { body } = call.request;
  if (body === null || body.bytes.length === 0) return deleteOptions(call.query);
  const options = deleteOptionsOfBody(bodyOf(call, deleteOptionsKind), environment.schemas);
  return call.query.has('dryRun') ? { ...options, isDryRun: deleteOptions(call.query).isDryRun } : options;
}
