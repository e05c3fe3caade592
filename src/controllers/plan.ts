/**
 * What a reconciler wants done, as data: writes in groups, events to record, and when to look again. The writes of a group may go at once;
 * the next group goes only when all of the one before have succeeded. A plan that was not carried out whole is made anew after a back-off.
 */
import type { GroupVersionResource } from '../api/group-version.ts';
import { type KubeObject, nameOf, namespaceOf } from '../api/object-meta.ts';
import type { PatchType } from '../protocol/apiserver.ts';

export interface Write {
  /**
   * `get` is a premise: that no object with this uid exists. So is `list`: that nothing listed contradicts. If something does, the plan is
   * dropped and made anew later.
   */
  readonly verb: 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'get' | 'list';
  readonly resource: GroupVersionResource;
  readonly subresource: string;
  readonly namespace: string;
  /** Empty for creations and collections. */
  readonly name: string;
  readonly body: unknown;
  readonly patch: PatchType | null;
  readonly parameters: Readonly<Record<string, string>>;
  /** The object that is deleted, or that must not exist; empty for other verbs. */
  readonly uid: string;
  /** Refusals that mean that nothing is left to do: 404 for a deletion. */
  readonly accepts: readonly number[];
  /** Of the premise `list`: tells whether an object proves it wrong. */
  readonly contradicts?: (object: KubeObject) => boolean;
}

export interface EventRecord {
  readonly object: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** For machines, as in `SuccessfulCreate`. */
  readonly reason: string;
  readonly message: string;
  /** Tells of what the last plan failed on: recorded even if this one fails as well. */
  readonly isOfFailure?: boolean;
}

export interface Plan {
  readonly groups: readonly (readonly Write[])[];
  readonly requeueAfterMs?: number;
  /** Recorded when the plan has been carried out; of failure, at once. */
  readonly events?: readonly EventRecord[];
}

export const nothingToDo: Plan = { groups: [] };

/** Returns a plan without empty groups. */
export function plan(
  groups: readonly (readonly Write[])[],
  rest: { readonly requeueAfterMs?: number; readonly events?: readonly EventRecord[] } = {},
): Plan {
  return { groups: groups.filter((group) => group.length > 0), ...rest };
}

const plain = { subresource: '', patch: null, parameters: {}, uid: '', accepts: [] } as const;

export function create(resource: GroupVersionResource, object: KubeObject, accepts: readonly number[] = []): Write {
  return { ...plain, verb: 'create', resource, namespace: namespaceOf(object), name: '', body: object, accepts };
}

/** Replaces an object. Its resourceVersion makes a stale write fail with a conflict. */
export function update(resource: GroupVersionResource, object: KubeObject, subresource = ''): Write {
  const place = { namespace: namespaceOf(object), name: nameOf(object) };
  return { ...plain, verb: 'update', resource, subresource, ...place, body: object };
}

/** Changes parts of an object. Without a resourceVersion in `body` it never conflicts. */
export function patch(
  resource: GroupVersionResource,
  object: KubeObject,
  body: unknown,
  options: { readonly type?: PatchType; readonly subresource?: string; readonly accepts?: readonly number[] } = {},
): Write {
  return {
    ...plain,
    verb: 'patch',
    resource,
    subresource: options.subresource ?? '',
    namespace: namespaceOf(object),
    name: nameOf(object),
    body,
    patch: options.type ?? 'merge',
    accepts: options.accepts ?? [],
  };
}

/** A premise of the groups behind it: the object that a cache does not show does not exist either. Without a uid, nothing of that name. */
export function mustBeAbsent(resource: GroupVersionResource, namespace: string, name: string, uid: string): Write {
  return { ...plain, verb: 'get', resource, namespace, name, body: null, uid, accepts: [404] };
}

/** A premise of the groups behind it: none of these objects contradicts, those that a cache does not show yet included. */
export function mustHaveNone<T extends KubeObject>(
  resource: GroupVersionResource,
  namespace: string,
  contradicts: (object: T) => boolean,
): Write {
  const asked = contradicts as (object: KubeObject) => boolean;
  return { ...plain, verb: 'list', resource, namespace, name: '', body: null, contradicts: asked };
}

/** A premise of the groups behind it: the object is still as the cache shows it. A patch that changes nothing is not written. */
export function mustBeCurrent(resource: GroupVersionResource, object: KubeObject): Write {
  const { uid, resourceVersion } = object.metadata;
  return patch(resource, object, { metadata: { uid, resourceVersion } });
}

/** Deletes everything of one resource in a namespace. */
export function removeAll(resource: GroupVersionResource, namespace: string): Write {
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };
  return { ...plain, verb: 'deletecollection', resource, namespace, name: '', body, accepts: [404, 405] };
}

export interface DeleteOptions {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  /** Deletes only if nothing has changed since. */
  readonly resourceVersion?: string;
}

/** Deletes this very object: another one under its name is left alone. */
export function remove(resource: GroupVersionResource, object: KubeObject, options: DeleteOptions = {}): Write {
  const { resourceVersion, ...rest } = options;
  const uid = object.metadata.uid ?? '';
  return {
    ...plain,
    verb: 'delete',
    resource,
    namespace: namespaceOf(object),
    name: nameOf(object),
    body: {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      ...rest,
    },
    uid,
    // Gone already, or another object by now: what was to be deleted does not exist. A lost resourceVersion race is a real conflict.
    accepts: resourceVersion === undefined ? [404, 409] : [404],
  };
}
