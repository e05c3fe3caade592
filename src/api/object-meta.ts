/**
 * The shape that all Kubernetes objects share, and questions about it.
 *
 * Types are read-only: an object that came from the API is never changed in place, since caches share it. Code that owns a
 * freshly decoded tree writes through `Mutable` or `setDefault` of json.ts.
 */
import type { Json } from './json.ts';

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** One owner of fields, and which. Read and written by src/api/managed-fields. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: 'Apply' | 'Update';
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: Json;
  readonly subresource?: string;
}

export type StringMap = Readonly<Record<string, string>>;

export interface ObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly selfLink?: string;
  readonly uid?: string;
  /** Opaque: compared for equality by clients, spliced in when an object leaves the API server. */
  readonly resourceVersion?: string;
  /** Grows by one with each change of the desired state. */
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** Any object whose kind is not known at compile time. */
export interface AnyObject extends KubeObject {
  readonly spec?: unknown;
  readonly status?: unknown;
}

export interface ListMeta {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

const none: StringMap = Object.freeze({});

export function nameOf(object: KubeObject): string {
  return object.metadata.name ?? '';
}

/** Returns the namespace; empty for objects of cluster scope. */
export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? '';
}

export function uidOf(object: KubeObject): string {
  return object.metadata.uid ?? '';
}

export function labelsOf(object: KubeObject): StringMap {
  return object.metadata.labels ?? none;
}

export function annotationsOf(object: KubeObject): StringMap {
  return object.metadata.annotations ?? none;
}

export function generationOf(object: KubeObject): number {
  return object.metadata.generation ?? 0;
}

export function finalizersOf(object: KubeObject): readonly string[] {
  return object.metadata.finalizers ?? [];
}

export function ownerReferencesOf(object: KubeObject): readonly OwnerReference[] {
  return object.metadata.ownerReferences ?? [];
}

/** Returns the one owner that manages the object, if any. Validation admits at most one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === uidOf(owner);
}

/** Tells whether deletion was asked for and waits for finalizers or a grace period. */
export function isBeingDeleted(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return finalizersOf(object).includes(finalizer);
}

/** Returns an owner reference by which `owner` controls a dependent, as controllers write it. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: nameOf(owner),
    uid: uidOf(owner),
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Returns `namespace/name`, or the bare name at cluster scope: the key of informers and work queues. */
export function objectKey(object: KubeObject): string {
  const namespace = namespaceOf(object);
  return namespace === '' ? nameOf(object) : `${namespace}/${nameOf(object)}`;
}
