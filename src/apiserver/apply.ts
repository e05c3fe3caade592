/**
 * PATCH of type apply: the client says what it wants to have set, and owns that. An object that does not exist is created.
 * Models apiserver pkg/endpoints/handlers/patch.go applyPatcher and apimachinery pkg/util/managedfields/internal/structuredmerge.go.
 */
import type { Flow } from '../actor/flow.ts';
import type { JsonObject, Mutable } from '../api/json.ts';
import { type Applied, applyConfiguration } from '../api/managed-fields/apply.ts';
import { fieldConflictError } from '../api/managed-fields/conflict-message.ts';
import { noFields } from '../api/managed-fields/field-set.ts';
import { fieldsLastApplied, upgradingManager, withNote } from '../api/managed-fields/last-applied.ts';
import { entriesOf, managersOf } from '../api/managed-fields/managers.ts';
import type { AnyObject, ManagedFieldsEntry, ObjectMeta } from '../api/object-meta.ts';
import type { PatchOptions } from '../api/request.ts';
import { conflict, isAlreadyExists, notFound } from '../api/status-errors.ts';
import { patchOptions } from '../http/options.ts';
import { type Answer, complete } from './answer.ts';
import { configurationOf } from './apply-body.ts';
import { authorizeRequest } from './authorization.ts';
import { type Call, callForm, decodeServedObject } from './call.ts';
import { changeIfPresent } from './change.ts';
import { toServed } from './conversion.ts';
import { createObject, placeInNamespace } from './create.ts';
import type { Environment } from './environment.ts';
import { type Part, versionsOf, writerOf } from './field-ownership.ts';
import { rendered } from './form.ts';
import { changeAttemptsMax } from './limits.ts';
import { checkGrant } from './rbac/check-grant.ts';
import { answerChanged, checkGrantOver, checkName, decideUpdate, targetOf } from './update.ts';

interface AppliedObject {
  /** In the served version, decoded. */
  readonly object: AnyObject;
  readonly entries: readonly ManagedFieldsEntry[];
}

export function* handleApply(environment: Environment, call: Call, part: Part): Flow<Answer> {
  const options = patchOptions(call.query, 'applyPatch');
  const { configuration, warnings } = configurationOf(call, call.served.info, environment.shapes, options);
  const target = targetOf(call, options.isDryRun);
  for (let attempt = 1; ; attempt += 1) {
    const changed = yield* changeIfPresent(environment, target, (current) => {
      const live = toServed(call.served, current.decode());
      const { object, entries } = applied(environment, call, options, configuration, live, part);
      checkGrantOver(environment, call, current, object);
      return decideUpdate(environment, target, current, object, part, { type: 'applied', entries });
    });
    if (changed.type !== 'absent') return answerChanged(environment, call, changed, warnings);
    if (part !== 'object') throw notFound(call.served.info, call.request.name);
    const { object, entries } = applied(environment, call, options, configuration, null, part);
    checkCreation(call, object);
    // Who may change what is there may not therefore make something new.
    yield* authorizeRequest(environment, call.user, { ...call.request, verb: 'create' });
    checkGrant(environment, call, object, null);
    try {
      const bytes = yield* createObject(environment, { ...target, object, ownership: { type: 'applied', entries } });
      return complete(201, rendered(environment, callForm(call), bytes), warnings);
    } catch (error: unknown) {
      // Somebody else created it meanwhile, so there is something to apply to.
      if (!isAlreadyExists(error) || attempt === changeAttemptsMax) throw error;
    }
  }
}

/** Whoever expects a certain object does not want another one made. */
function checkCreation({ served, request }: Call, { metadata }: AnyObject): void {
  const { uid = '', resourceVersion = '' } = metadata;
  if (uid !== '') {
    const cause = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(served.info, request.name, cause);
  }
  if (resourceVersion !== '') throw conflict(served.info, request.name);
}

/** Applies to the live object, or to nothing. `live` is in the served version and taken over. */
export function applied(
  environment: Environment,
  call: Call,
  options: PatchOptions,
  configuration: JsonObject,
  live: AnyObject | null,
  part: Part,
): AppliedObject {
  const entries = live?.metadata.managedFields ?? [];
  if (live !== null) delete (live.metadata as Mutable<ObjectMeta>).managedFields;
  const tree = live as unknown as JsonObject | null;
  const result = resolve(environment, call, options, configuration, tree, entries, part);
  const { object } = decodeServedObject(environment, call.served, result.object, 'Ignore');
  checkName(call, object);
  placeInNamespace(object, call.served, call.request.namespace);
  return { object, entries: entriesOf(result.managers) };
}

/** Throws StatusError Conflict when fields are owned by others. */
function resolve(
  environment: Environment,
  call: Call,
  options: PatchOptions,
  configuration: JsonObject,
  live: JsonObject | null,
  entries: readonly ManagedFieldsEntry[],
  part: Part,
): Applied & { readonly type: 'applied' } {
  const { served, request } = call;
  const shape = environment.shapes.kind(served.info);
  const writer = writerOf(environment, served, options.fieldManager, request.subresource, part);
  const managers = managersOf(entries);
  const isUpgrading = options.fieldManager === upgradingManager && live !== null;
  const conceded = isUpgrading ? fieldsLastApplied(shape, live, writer.apiVersion) : noFields;
  const application = { live, configuration, managers, isForced: options.isForced, conceded };
  const result = applyConfiguration(application, shape, writer, versionsOf(environment, served));
  if (result.type === 'conflict') throw fieldConflictError(result.conflicts);
  return isUpgrading ? { ...result, object: withNote(result.object, configuration) } : result;
}
