/**
 * Rules of metadata that hold for every kind: what the server fills in, what a client may set, what never changes.
 * Models apiserver pkg/registry/rest (create.go, update.go, meta.go) and apimachinery pkg/api/validation/objectmeta.go.
 */

import { at, child, type FieldError, forbiddenField, invalid, required, tooLong } from '../api/field-error.ts';
import type { Mutable } from '../api/json.ts';
import { validateLabels } from '../api/label-selector.ts';
import { checkLabel, checkQualifiedName, generateName, type NameCheck } from '../api/names.ts';
import type { KubeObject, ObjectMeta, OwnerReference, StringMap } from '../api/object-meta.ts';
import type { WallMs } from '../base/brand.ts';
import { utf8 } from '../base/bytes.ts';
import type { Random } from '../base/random.ts';
import { timestampSeconds } from '../base/time.ts';
import { checkedImmutable, checkedName } from './field-checks.ts';

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
export const annotationsBytesMax = 256 * 1024;

/** What the server decides about a new object. */
export interface CreationFacts {
  readonly uid: string;
  readonly wallMs: WallMs;
  readonly random: Random;
}

/**
 * Fills the metadata of a new object that the caller owns: name from generateName, uid, creation time; drops what only the
 * server sets. managedFields stay as given.
 */
export function fillMetadata(object: KubeObject, facts: CreationFacts): void {
  const metadata = object.metadata as Mutable<ObjectMeta>;
  const { generateName: base = '' } = metadata;
  if ((metadata.name ?? '') === '' && base !== '') metadata.name = generateName(base, facts.random);
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.resourceVersion;
  metadata.uid = facts.uid;
  metadata.creationTimestamp = timestampSeconds(facts.wallMs);
}

/** Takes over from `old` what a client may leave out or cannot change, so that an update need not repeat it. */
export function keepMetadata(object: KubeObject, old: KubeObject): void {
  const metadata = object.metadata as Mutable<ObjectMeta>;
  delete metadata.selfLink;
  for (const name of [
    'uid',
    'creationTimestamp',
    'generation',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const) {
    const value = old.metadata[name];
    if (name === 'uid' && metadata.uid !== undefined && metadata.uid !== '') continue;
    if (value === undefined) delete metadata[name];
    else (metadata as Record<string, unknown>)[name] = value;
  }
}

export function validateMetadata(object: KubeObject, isNamespaced: boolean, checkName: NameCheck): FieldError[] {
  const { metadata } = object;
  const path = 'metadata';
  const errors: FieldError[] = [];
  const { name = '', namespace = '', generateName: base = '' } = metadata;
  if (base !== '') errors.push(...checkedName(child(path, 'generateName'), withoutDash(base), checkName));
  if (name === '') errors.push(required(child(path, 'name'), 'name or generateName is required'));
  else errors.push(...checkedName(child(path, 'name'), name, checkName));
  if (isNamespaced && namespace === '') errors.push(required(child(path, 'namespace')));
  else if (isNamespaced) errors.push(...checkedName(child(path, 'namespace'), namespace, checkLabel));
  else if (namespace !== '') errors.push(forbiddenField(child(path, 'namespace'), 'not allowed on this type'));
  errors.push(...validateLabels(metadata.labels ?? {}, child(path, 'labels')));
  errors.push(...validateAnnotations(metadata.annotations ?? {}, child(path, 'annotations')));
  errors.push(...validateOwners(metadata.ownerReferences ?? [], child(path, 'ownerReferences')));
  return errors.concat(validateFinalizers(metadata.finalizers ?? [], child(path, 'finalizers')));
}

function validateFinalizers(finalizers: readonly string[], path: string): FieldError[] {
  const errors = finalizers.flatMap((finalizer) => checkedName(path, finalizer, checkQualifiedName));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const detail = 'finalizer orphan and foregroundDeletion cannot be both set';
    errors.push(invalid(path, finalizers, detail));
  }
  return errors;
}

/** Finalizers of Kubernetes' own kinds are its own or have a domain. Models pkg/apis/core/validation validateKubeFinalizerName. */
export function validateOwnFinalizers(finalizers: readonly string[], path: string): FieldError[] {
  const detail = 'name is neither a standard finalizer name nor is it fully qualified';
  return finalizers.flatMap((finalizer, index) =>
    finalizer.includes('/') || standardFinalizers.has(finalizer) ? [] : invalid(at(path, index), finalizer, detail),
  );
}

/** `object` has been through keepMetadata. */
export function validateMetadataUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['name', 'namespace', 'uid'] as const) {
    errors.push(...checkedImmutable(child('metadata', name), object.metadata[name] ?? '', old.metadata[name] ?? ''));
  }
  if (old.metadata.deletionTimestamp !== undefined) {
    const former = old.metadata.finalizers ?? [];
    const added = (object.metadata.finalizers ?? []).filter((finalizer) => !former.includes(finalizer));
    if (added.length > 0) {
      const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
      errors.push(forbiddenField('metadata.finalizers', detail));
    }
  }
  return errors;
}

export function validateAnnotations(annotations: StringMap, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    errors.push(...checkQualifiedName(key.toLowerCase()).map((complaint) => invalid(path, key, complaint)));
    bytes += key.length + value.length;
  }
  // Characters are a lower bound of bytes, so the exact size is needed only near the limit.
  if (bytes * 3 > annotationsBytesMax) {
    bytes = Object.entries(annotations).reduce((sum, [key, value]) => sum + utf8(key).length + utf8(value).length, 0);
  }
  if (bytes > annotationsBytesMax) errors.push(tooLong(path, annotationsBytesMax));
  return errors;
}

function validateOwners(owners: readonly OwnerReference[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller: OwnerReference | undefined;
  for (const [index, owner] of owners.entries()) {
    const place = at(path, index);
    for (const name of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if ((owner[name] ?? '') === '') {
        errors.push(
          invalid(
            child(place, name),
            owner[name] ?? '',
            name === 'apiVersion' ? 'version must not be empty' : 'must not be empty',
          ),
        );
      }
    }
    if (owner.kind === 'Event' && (owner.apiVersion === 'v1' || owner.apiVersion === 'events.k8s.io/v1')) {
      const group = owner.apiVersion === 'v1' ? '/v1' : owner.apiVersion;
      errors.push(invalid(place, owner, `${group}, Kind=Event is disallowed from being an owner`));
    }
    if (owner.controller !== true) continue;
    if (controller !== undefined) {
      const detail =
        'Only one reference can have Controller set to true. ' +
        `Found "true" in references for ${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`;
      errors.push(invalid(path, owners, detail));
    }
    controller = owner;
  }
  return errors;
}

/** A generated name continues after the base, so the base may end where a name may not. */
function withoutDash(base: string): string {
  return base.length > 1 && base.endsWith('-') ? `${base.slice(0, -1)}a` : base;
}
