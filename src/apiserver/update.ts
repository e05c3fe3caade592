/**
 * PUT and PATCH, of the object or of its status. A put with a resourceVersion must meet that very version; one without replaces
 * whatever is there; a patch is applied again to the newer version when it comes too late.
 * Models apiserver pkg/endpoints/handlers/{update,patch}.go and pkg/registry/generic/registry/store.go Update.
 */
import type { Flow } from '../actor/flow.ts';
import { invalid } from '../api/field-error.ts';
import { cloneJson, type Json, type JsonObject, type Mutable } from '../api/json.ts';
import { applyJsonPatch } from '../api/json-patch.ts';
import { applyMergePatch } from '../api/merge-patch.ts';
import { type AnyObject, finalizersOf, type ObjectMeta } from '../api/object-meta.ts';
import type { FieldValidationMode } from '../api/request.ts';
import {
  badRequest,
  conflict,
  invalidObject,
  isBadRequest,
  notFound,
  unprocessablePatch,
} from '../api/status-errors.ts';
import { applyStrategicMergePatch } from '../api/strategic-merge-patch.ts';
import { must } from '../base/assert.ts';
import { patchOptions, writeOptions } from '../http/options.ts';
import type { Decoded } from '../kinds/decode.ts';
import { rbacGroup } from '../kinds/role/types.ts';
import { admitChange } from './admission/admit.ts';
import { allocate } from './allocation.ts';
import { type Answer, complete } from './answer.ts';
import type { CacheEntry } from './cache-entry.ts';
import { bodyOf, type Call, callForm, decodeBody, decodeServedObject, patchTypeOf } from './call.ts';
import { type ServedResource, strategyOf } from './catalog.ts';
import { type Changed, change, changeIfPresent, type Decision, type Target } from './change.ts';
import { toServed, toStored } from './conversion.ts';
import { createObject, placeInNamespace } from './create.ts';
import type { Environment } from './environment.ts';
import { entriesAfter, type Ownership, type Part, settleManagedFields, updateBy } from './field-ownership.ts';
import { rendered } from './form.ts';
import { checkGrant } from './rbac/check-grant.ts';

const strictComplaint = 'strict decoding error';
const shownPatchLengthMax = 1024;

export function targetOf(call: Call, isDryRun: boolean): Target {
  const { namespace, name, fence } = call.request;
  return { served: call.served, namespace: call.served.info.isNamespaced ? namespace : '', name, fence, isDryRun };
}

export function* handleUpdate(environment: Environment, call: Call, part: Part): Flow<Answer> {
  const options = writeOptions(call.query, 'UpdateOptions');
  const body = bodyOf(call);
  const { object, warnings } = decodeBody(environment, call, body, options.fieldValidation);
  placeInNamespace(object, call.served, call.request.namespace);
  checkName(call, object);
  const target = targetOf(call, options.isDryRun);
  const ownership = updateBy(call, options.fieldManager, body);
  const changed = yield* changeIfPresent(environment, target, (current) => {
    checkGrantOver(environment, call, current, object);
    return decideUpdate(environment, target, current, cloneJson(object), part, ownership);
  });
  if (changed.type !== 'absent') return answerChanged(environment, call, changed, warnings);
  if (part !== 'object' || !call.served.stored.strategy.allowsCreateOnUpdate) {
    throw notFound(call.served.info, call.request.name);
  }
  delete (object.metadata as Mutable<ObjectMeta>).resourceVersion;
  checkGrant(environment, call, object, null);
  const bytes = yield* createObject(environment, { ...target, object, ownership });
  return complete(201, rendered(environment, callForm(call), bytes), warnings);
}

export function* handlePatch(environment: Environment, call: Call, part: Part): Flow<Answer> {
  const type = patchTypeOf(call);
  const options = patchOptions(
    call.query,
    type === 'json' ? 'jsonPatch' : type === 'merge' ? 'mergePatch' : 'strategicMergePatch',
  );
  const patch = bodyOf(call);
  const target = targetOf(call, options.isDryRun);
  let warnings: readonly string[] = [];
  const changed = yield* change(environment, target, (current) => {
    const patched = applyPatch(environment, call, type, servedTree(call.served, current), patch);
    const decoded = decodePatched(environment, call, patched, options.fieldValidation);
    warnings = decoded.warnings;
    checkName(call, decoded.object);
    checkGrantOver(environment, call, current, decoded.object);
    const ownership = updateBy(call, options.fieldManager, patched);
    return decideUpdate(environment, target, current, decoded.object, part, ownership);
  });
  return answerChanged(environment, call, changed, warnings);
}

/** A tree that a patch may be applied to, which shares what it leaves alone with it. */
function servedTree(served: ServedResource, current: CacheEntry): JsonObject {
  const isOwn = served.isConverted || served.custom !== null;
  return (isOwn ? toServed(served, current.decode()) : current.object) as unknown as JsonObject;
}

/** Only roles and bindings are compared with what was there. */
export function checkGrantOver(environment: Environment, call: Call, current: CacheEntry, next: AnyObject): void {
  if (call.request.group === rbacGroup) checkGrant(environment, call, next, current.object);
}

export function answerChanged(
  environment: Environment,
  call: Call,
  changed: Changed,
  warnings: readonly string[] = [],
): Answer {
  const bytes = changed.type === 'absent' ? undefined : changed.bytes;
  return complete(200, rendered(environment, callForm(call), must(bytes, 'a changed object')), warnings);
}

/** `object` is in the served version and taken over. */
export function decideUpdate(
  environment: Environment,
  { served }: Target,
  current: CacheEntry,
  object: AnyObject,
  part: Part,
  ownership: Ownership,
): Decision {
  const { stored } = served;
  const { resourceVersion = '', uid = '' } = object.metadata;
  if (resourceVersion !== '' && resourceVersion !== String(current.revision)) throw conflict(served.info, current.name);
  const old = current.object;
  const actualUid = old.metadata.uid ?? '';
  if (uid !== '' && uid !== actualUid) {
    const cause = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${actualUid}`;
    throw conflict(served.info, current.name, cause);
  }
  const next = toStored(served, object);
  const strategy = strategyOf(served);
  strategy.setDefaults(next);
  const entries = entriesAfter(environment, served, old, next, ownership, part);
  prepareUpdate(served, next, old, part, () => admitChange(environment, served, next, old));
  if (part === 'object') {
    allocate(stored, next, (key) => environment.cache.isAllocated(key), environment.random);
  }
  settleManagedFields(next, old, entries);
  return settled(next);
}

/** Keeps, admits and validates what an update of that part may touch. Throws StatusError Invalid, or Forbidden. */
function prepareUpdate(served: ServedResource, next: AnyObject, old: AnyObject, part: Part, admit: () => void): void {
  const strategy = strategyOf(served);
  if (part === 'status') strategy.prepareForStatusUpdate(next, old);
  else strategy.prepareForUpdate(next, old);
  if (part === 'object') admit();
  const errors = part === 'status' ? strategy.validateStatusUpdate(next, old) : strategy.validateUpdate(next, old);
  if (served.isConverted) errors.push(...served.strategy.validateServed(next, old));
  if (errors.length > 0) throw invalidObject(strategy.info, next.metadata.name ?? '', errors);
}

/** An object whose deletion waited for this change goes away with it. */
export function settled(object: AnyObject): Decision {
  return isDone(object) ? { type: 'finish', object } : { type: 'write', object };
}

/** Tells whether nothing holds an object any more whose deletion was asked for. */
function isDone(object: AnyObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0 || finalizersOf(object).length > 0)
    return false;
  if (object.kind !== 'Namespace') return true;
  const { finalizers = [] } = (object.spec ?? {}) as { readonly finalizers?: readonly string[] };
  return finalizers.length === 0;
}

export function checkName(call: Call, object: AnyObject): void {
  const { name } = call.request;
  const own = object.metadata.name ?? '';
  if (own === '') {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (own !== name) throw badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`);
}

/** Applies a patch to a tree in the served version. Throws StatusError BadRequest or Invalid. */
export function applyPatch(
  environment: Environment,
  call: Call,
  type: 'json' | 'merge' | 'strategic',
  tree: JsonObject,
  patch: Json,
): Json {
  if (type === 'json') {
    const result = applyJsonPatch(tree, patch);
    if (result.type === 'patched') return result.value;
    throw result.type === 'malformed' ? badRequest(result.message) : unprocessablePatch(result.message);
  }
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw badRequest('the body of a merge patch must be an object');
  }
  if (type === 'merge') return applyMergePatch(tree, patch);
  const struct = must(environment.schemas.kind(call.served.info), `schema of ${call.served.info.kind}`);
  return applyStrategicMergePatch(tree, patch, environment.schemas.patchShape(struct));
}

/** What the patch made is the client's doing: a wrong type in it is a 422, as in Kubernetes. */
function decodePatched(
  environment: Environment,
  call: Call,
  tree: Json,
  mode: FieldValidationMode,
): Decoded<AnyObject> {
  try {
    return decodeServedObject(environment, call.served, tree, mode);
  } catch (error: unknown) {
    if (!isBadRequest(error) || error.message.includes(strictComplaint)) throw error;
    const shown = JSON.stringify(tree).slice(0, shownPatchLengthMax);
    const cause = error.message.replace(/^\S+ in version "[^"]*" cannot be handled as a \S+: /, '');
    throw invalidObject({ group: '', kind: '' }, '', [invalid('patch', shown, cause)]);
  }
}
