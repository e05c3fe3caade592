/** POST: a new object. Models apiserver pkg/endpoints/handlers/create.go and pkg/registry/rest/create.go BeforeCreate. */
import type { Flow } from '../actor/flow.ts';
import { cloneJson, type Mutable } from '../api/json.ts';
import type { AnyObject, ObjectMeta } from '../api/object-meta.ts';
import {
  alreadyExists,
  badRequest,
  generateNameConflict,
  invalidObject,
  notServed,
  serviceUnavailable,
} from '../api/status-errors.ts';
import { writeOptions } from '../http/options.ts';
import type { Fence } from '../protocol/apiserver.ts';
import { admitNew } from './admission/admit.ts';
import { admitContent } from './admission/namespace-lifecycle.ts';
import { chargeQuotas } from './admission/quota.ts';
import { allocate, allocationError, allocationsOf, usesPool } from './allocation.ts';
import { type Answer, complete } from './answer.ts';
import { bodyOf, type Call, callForm, decodeBody } from './call.ts';
import { type ServedResource, storageKey, strategyOf } from './catalog.ts';
import { encoded } from './change.ts';
import { toStored } from './conversion.ts';
import type { Environment } from './environment.ts';
import { entriesOfNew, type Ownership, setManagedFields, updateBy } from './field-ownership.ts';
import { rendered } from './form.ts';
import { newUid } from './identity.ts';
import { allocationAttemptsMax, generateNameAttemptsMax } from './limits.ts';
import { checkGrant } from './rbac/check-grant.ts';
import { commit } from './write.ts';

export interface Creation {
  readonly served: ServedResource;
  /** In the served version; is taken over. */
  readonly object: AnyObject;
  readonly namespace: string;
  readonly fence: Fence | null;
  readonly isDryRun: boolean;
  readonly ownership: Ownership;
}

export function* handleCreate(environment: Environment, call: Call): Flow<Answer> {
  const options = writeOptions(call.query, 'CreateOptions');
  const body = bodyOf(call);
  const { object, warnings } = decodeBody(environment, call, body, options.fieldValidation);
  const { namespace, fence } = call.request;
  placeInNamespace(object, call.served, namespace);
  if ((object.metadata.resourceVersion ?? '') !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  checkGrant(environment, call, object, null);
  const bytes = yield* createObject(environment, {
    served: call.served,
    object,
    namespace,
    fence,
    isDryRun: options.isDryRun,
    ownership: updateBy(call, options.fieldManager, body),
  });
  return complete(201, rendered(environment, callForm(call), bytes), warnings);
}

/** Creates an object and returns its bytes. Throws StatusError. */
export function* createObject(environment: Environment, creation: Creation): Flow<Uint8Array> {
  const { served, namespace } = creation;
  const base = toStored(served, creation.object);
  const { name = '', generateName = '' } = base.metadata;
  const isGenerated = name === '' && generateName !== '';
  yield* admitContent(environment, served, namespace, name);
  let tried = '';
  for (let attempt = 0; attempt < (isGenerated ? generateNameAttemptsMax : 1); attempt += 1) {
    const object = yield* prepared(environment, creation, isGenerated ? cloneJson(base) : base);
    const isThere = environment.cache.get(served.stored, namespace, object.metadata.name ?? '') !== undefined;
    if (attempt === 0 && !isThere) yield* chargeQuotas(environment, served, object, creation.isDryRun);
    const bytes = yield* insert(environment, creation, object);
    if (bytes !== null) return bytes;
    tried = object.metadata.name ?? '';
  }
  throw isGenerated ? generateNameConflict(served.info, tried, 1) : alreadyExists(served.info, tried);
}

/** Fills the namespace of the request in. Throws StatusError BadRequest when the object names another. */
export function placeInNamespace(object: AnyObject, served: ServedResource, namespace: string): void {
  const metadata = object.metadata as Mutable<ObjectMeta>;
  const own = metadata.namespace ?? '';
  if (!served.info.isNamespaced) {
    if (own === '') delete metadata.namespace;
    return;
  }
  if (own !== '' && own !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = namespace;
}

/** Defaults, fills and validates the stored version. */
function* prepared(environment: Environment, { served, ownership }: Creation, object: AnyObject): Flow<AnyObject> {
  const { info } = served.stored;
  const strategy = strategyOf(served);
  const { random, stamp } = environment;
  strategy.setDefaults(object);
  const entries = entriesOfNew(environment, served, object, ownership);
  strategy.prepareForCreate(object, { uid: newUid(random), wallMs: stamp.wallMs, random });
  yield* admitNew(environment, served, object);
  const errors = strategy.validateCreate(object);
  if (served.isConverted) errors.push(...served.strategy.validateServed(object, null));
  if (errors.length > 0) throw invalidObject(info, object.metadata.name ?? '', errors);
  setManagedFields(object, entries);
  return object;
}

/** Returns the bytes, or null when the name is taken. */
function* insert(environment: Environment, creation: Creation, object: AnyObject): Flow<Uint8Array | null> {
  const { served, namespace, fence, isDryRun } = creation;
  const { stored } = served;
  const key = storageKey(stored, stored.info.isNamespaced ? namespace : '', object.metadata.name ?? '');
  const asked = allocationsOf(stored, object);
  for (let attempt = 0; attempt < allocationAttemptsMax; attempt += 1) {
    const candidate = usesPool(stored) ? cloneJson(object) : object;
    allocate(stored, candidate, (each) => environment.cache.isAllocated(each), environment.random);
    const next = encoded(candidate);
    if (isDryRun) {
      if (environment.cache.get(stored, namespace, object.metadata.name ?? '') !== undefined) return null;
      return next.bytes;
    }
    const written = yield* commit(environment, { stored, key, previous: null, next, fence });
    if (written.type === 'committed') return written.bytes;
    if (written.type === 'stale') return null;
    // The definition went while the request was on its way.
    if (written.type === 'refused') throw notServed();
    if (asked.includes(written.key)) throw allocationError(object, written.key);
  }
  throw serviceUnavailable('no free address was found, please try again', 1);
}
