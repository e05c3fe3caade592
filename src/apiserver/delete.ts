/**
 * DELETE. An object goes at once unless something holds it: finalizers, or for pods the grace that their containers have to end. Then it
 * is only marked, and goes with the change that removes the last hold.
 * Models apiserver pkg/registry/rest/delete.go BeforeDelete and pkg/registry/generic/registry/store.go Delete.
 */
import type { Flow } from '../actor/flow.ts';
import type { Mutable } from '../api/json.ts';
import { type AnyObject, finalizersOf, type ObjectMeta, uidOf } from '../api/object-meta.ts';
import type { DeleteOptions, PropagationPolicy } from '../api/request.ts';
import { successStatus } from '../api/status.ts';
import { conflict } from '../api/status-errors.ts';
import { must } from '../base/assert.ts';
import type { WallMs } from '../base/brand.ts';
import { utf8Text } from '../base/bytes.ts';
import { parseTimestamp, timestampSeconds } from '../base/time.ts';
import type { Pod } from '../kinds/pod/types.ts';
import { admitNamespaceDeletion } from './admission/namespace-lifecycle.ts';
import { type Answer, complete, completeJson } from './answer.ts';
import type { CacheEntry } from './cache-entry.ts';
import { type Call, callDeleteOptions, callForm } from './call.ts';
import type { ServedResource } from './catalog.ts';
import { type Changed, change, type Decision, type Target } from './change.ts';
import { holdDefinition } from './definition-termination.ts';
import type { Environment } from './environment.ts';
import { rendered } from './form.ts';
import { targetOf } from './update.ts';

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

/** Resources whose deletion answers with the object itself, not with a Status. */
const returnsObject: ReadonlySet<string> = new Set([
  '/pods',
  '/services',
  '/serviceaccounts',
  '/resourcequotas',
  '/podtemplates',
  '/persistentvolumes',
  '/persistentvolumeclaims',
]);

/** Resources whose dependents are orphaned unless the client says otherwise, for old clients' sake. */
const orphansByDefault: ReadonlySet<string> = new Set(['/replicationcontrollers', 'batch/jobs']);

export function* handleDelete(environment: Environment, call: Call): Flow<Answer> {
  const options = callDeleteOptions(environment, call);
  const changed = yield* deleteObject(environment, targetOf(call, options.isDryRun), options);
  return answerDeleted(environment, call, changed);
}

/** Deletes an object, or marks it. Throws StatusError NotFound, Conflict or Forbidden. */
export function* deleteObject(environment: Environment, target: Target, options: DeleteOptions): Flow<Changed> {
  admitNamespaceDeletion(target.served, target.name);
  return yield* change(environment, target, (current) =>
    decideDeletion(target.served, current, options, environment.stamp.wallMs),
  );
}

function answerDeleted(environment: Environment, call: Call, changed: Changed): Answer {
  const bytes = must(changed.type === 'absent' ? undefined : changed.bytes, 'a deleted object');
  const { group, resource } = call.served.info;
  if (changed.type !== 'removed' || returnsObject.has(`${group}/${resource}`)) {
    return complete(200, rendered(environment, callForm(call), bytes));
  }
  const uid = uidOf(JSON.parse(utf8Text(bytes)) as AnyObject);
  const details = { name: call.request.name, ...(group === '' ? {} : { group }), kind: resource, uid };
  return completeJson(200, successStatus(details));
}

function decideDeletion(served: ServedResource, current: CacheEntry, options: DeleteOptions, wallMs: WallMs): Decision {
  const object = current.decode();
  checkPreconditions(served, current, object, options);
  const metadata = object.metadata as Mutable<ObjectMeta>;
  const grace = graceOf(served, object, options);
  if (grace.type === 'pending') return { type: 'keep' };
  const finalizers = finalizersAfter(served, object, options.propagationPolicy);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  if (served.stored.custom === null && object.kind === 'CustomResourceDefinition') holdDefinition(object, wallMs);
  const waitsForNamespace = object.kind === 'Namespace' && namespaceFinalizers(object).length > 0;
  if (grace.seconds === 0 && finalizersOf(object).length === 0 && !waitsForNamespace) return { type: 'remove' };
  mark(object, grace.seconds, wallMs);
  if (object.kind === 'Namespace') (object as Mutable<AnyObject>).status = terminating(object.status);
  return { type: 'write', object };
}

/** Throws StatusError Conflict when the object is not the one, or the version, that the options are about. */
export function checkPreconditions(
  { info }: ServedResource,
  current: CacheEntry,
  object: AnyObject,
  { preconditions }: DeleteOptions,
): void {
  const { uid, resourceVersion } = preconditions;
  const named = { group: info.group, resource: info.kind };
  if (uid !== undefined && uid !== uidOf(object)) {
    const cause =
      `the UID in the precondition (${uid}) does not match the UID in record (${uidOf(object)}). ` +
      'The object might have been deleted and then recreated';
    throw conflict(named, current.name, cause);
  }
  if (resourceVersion !== undefined && resourceVersion !== String(current.revision)) {
    const cause =
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record ` +
      `(${current.revision}). The object might have been modified`;
    throw conflict(named, current.name, cause);
  }
}

type Grace =
  | { readonly type: 'decided'; readonly seconds: number }
  /** A deletion that is as soon as this one is under way. */
  | { readonly type: 'pending' };

/** Only pods end gracefully. A grace that runs may be shortened, never made longer. */
function graceOf({ stored }: ServedResource, object: AnyObject, options: DeleteOptions): Grace {
  if (stored.info.group !== '' || stored.info.resource !== 'pods') return { type: 'decided', seconds: 0 };
  const asked = options.gracePeriodSeconds === undefined ? undefined : atLeastOneIfNegative(options.gracePeriodSeconds);
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds !== undefined) {
    if (asked === undefined || asked >= deletionGracePeriodSeconds) return { type: 'pending' };
    return { type: 'decided', seconds: asked };
  }
  const { spec, status } = object as unknown as Pod;
  const own = asked ?? spec.terminationGracePeriodSeconds ?? 30;
  const isIdle = (spec.nodeName ?? '') === '' || status?.phase === 'Succeeded' || status?.phase === 'Failed';
  return { type: 'decided', seconds: isIdle ? 0 : own };
}

function atLeastOneIfNegative(seconds: number): number {
  return seconds < 0 ? 1 : seconds;
}

/** Sets deletion time and grace. A grace that is shortened counts from when the deletion was asked for. */
function mark(object: AnyObject, graceSeconds: number, wallMs: WallMs): void {
  const metadata = object.metadata as Mutable<ObjectMeta>;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, generation } = metadata;
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds === graceSeconds) return;
  const endMs = deletionTimestamp === undefined ? undefined : parseTimestamp(deletionTimestamp);
  const beganMs = endMs === undefined ? wallMs : ((endMs - deletionGracePeriodSeconds * 1000) as WallMs);
  metadata.deletionTimestamp = timestampSeconds((beganMs + graceSeconds * 1000) as WallMs);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (deletionTimestamp === undefined && generation !== undefined) metadata.generation = generation + 1;
}

/** The garbage collector's finalizers follow from the policy; those of others stay. */
function finalizersAfter(
  { info }: ServedResource,
  object: AnyObject,
  policy: PropagationPolicy | undefined,
): readonly string[] {
  const present = finalizersOf(object);
  const others = present.filter((each) => each !== orphanFinalizer && each !== foregroundFinalizer);
  switch (policy ?? defaultPolicy(info, present)) {
    case 'Orphan':
      return [...others, orphanFinalizer];
    case 'Foreground':
      return [...others, foregroundFinalizer];
    case 'Background':
      return others;
  }
}

function defaultPolicy(
  info: { readonly group: string; readonly resource: string },
  present: readonly string[],
): PropagationPolicy {
  if (present.includes(orphanFinalizer)) return 'Orphan';
  if (present.includes(foregroundFinalizer)) return 'Foreground';
  return orphansByDefault.has(`${info.group}/${info.resource}`) ? 'Orphan' : 'Background';
}

function namespaceFinalizers(object: AnyObject): readonly string[] {
  return ((object.spec ?? {}) as { readonly finalizers?: readonly string[] }).finalizers ?? [];
}

function terminating(status: unknown): object {
  return { ...(status as object | undefined), phase: 'Terminating' };
}
