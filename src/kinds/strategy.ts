/**
 * How objects of a kind come to be and change. One strategy for every kind: the rules that all share, with the answers of the
 * kind's own behaviour where it has one. The API server calls, in this order, on a tree it owns:
 *   create: setDefaults, prepareForCreate, (admission), validateCreate;
 *   update: setDefaults, prepareForUpdate, (admission), validateUpdate;
 *   status: setDefaults, prepareForStatusUpdate, (admission), validateStatusUpdate.
 * What is taken over from `old` is shared with it, and `old` with the caches: admission replaces values, it never mutates them.
 * Models apiserver pkg/registry/rest/create.go and update.go.
 */
import type { FieldError } from '../api/field-error.ts';
import type { SelectableFields } from '../api/field-selector.ts';
import { equalSemantic, type Mutable } from '../api/json.ts';
import { checkSubdomain, type NameCheck } from '../api/names.ts';
import { type AnyObject, nameOf, namespaceOf, type ObjectMeta } from '../api/object-meta.ts';
import type { KindBehaviour } from './behaviour.ts';
import { behaviourOf } from './behaviours.ts';
import {
  type CreationFacts,
  fillMetadata,
  keepMetadata,
  validateMetadata,
  validateMetadataUpdate,
  validateOwnFinalizers,
} from './object-meta-rules.ts';
import { hasStatus, type ResourceInfo } from './registry.ts';

export class KindStrategy {
  readonly info: ResourceInfo;
  readonly #behaviour: KindBehaviour<AnyObject>;

  constructor(info: ResourceInfo, behaviour: KindBehaviour<AnyObject> = behaviourOf(info)) {
    this.info = info;
    this.#behaviour = behaviour;
  }

  get checkName(): NameCheck {
    return this.#behaviour.checkName ?? checkSubdomain;
  }

  get allowsCreateOnUpdate(): boolean {
    return this.#behaviour.allowsCreateOnUpdate ?? false;
  }

  /** Every field that a field selector may use. */
  get fieldLabels(): readonly string[] {
    const { fieldLabels = [], fieldAliases = {} } = this.#behaviour;
    return ['metadata.name', 'metadata.namespace', ...fieldLabels, ...Object.keys(fieldAliases)];
  }

  /** Returns what a field of `fieldLabels` is called where objects are stored. */
  storedLabel(label: string): string {
    return this.#behaviour.fieldAliases?.[label] ?? label;
  }

  selectableFields(object: AnyObject): SelectableFields {
    const common = { 'metadata.name': nameOf(object), 'metadata.namespace': namespaceOf(object) };
    return this.#behaviour.selectableFields === undefined
      ? common
      : { ...common, ...this.#behaviour.selectableFields(object) };
  }

  setDefaults(object: AnyObject): void {
    this.#behaviour.setDefaults?.(object);
  }

  prepareForCreate(object: AnyObject, facts: CreationFacts): void {
    const metadata = object.metadata as Mutable<ObjectMeta>;
    fillMetadata(object, facts);
    if (this.#behaviour.hasGeneration === true) metadata.generation = 1;
    else delete metadata.generation;
    if (hasStatus(this.info) && this.#behaviour.keepsStatusOnCreate !== true && object.status !== undefined) {
      (object as Mutable<AnyObject>).status = {};
    }
    this.#behaviour.prepareForCreate?.(object);
  }

  /** Keeps the stored status and counts the generation. */
  prepareForUpdate(object: AnyObject, old: AnyObject): void {
    keepMetadata(object, old);
    if (hasStatus(this.info)) takeField(object, old, 'status');
    this.#behaviour.prepareForUpdate?.(object, old);
    this.#countGeneration(object, old);
  }

  /** Keeps everything but the status, and the metadata that may be written along with it. */
  prepareForStatusUpdate(object: AnyObject, old: AnyObject): void {
    keepMetadata(object, old);
    for (const name of Object.keys({ ...old, ...object })) {
      if (name !== 'status' && name !== 'metadata') takeField(object, old, name);
    }
    takeField(object.metadata, old.metadata, 'ownerReferences');
    this.#behaviour.prepareForStatusUpdate?.(object, old);
  }

  validateCreate(object: AnyObject): FieldError[] {
    return this.#validateMetadata(object).concat(
      this.#behaviour.validate?.(object) ?? [],
      this.#behaviour.validateCreate?.(object) ?? [],
    );
  }

  validateUpdate(object: AnyObject, old: AnyObject): FieldError[] {
    return validateMetadataUpdate(object, old).concat(
      this.#validateMetadata(object),
      this.#behaviour.validate?.(object) ?? [],
      this.#behaviour.validateUpdate?.(object, old) ?? [],
    );
  }

  validateStatusUpdate(object: AnyObject, old: AnyObject): FieldError[] {
    return validateMetadataUpdate(object, old).concat(
      this.#validateMetadata(object),
      this.#behaviour.validateStatusUpdate?.(object, old) ?? [],
    );
  }

  /** Rules of a version that is not the stored one; see behaviour.ts. */
  validateServed(stored: AnyObject, old: AnyObject | null): FieldError[] {
    return this.#behaviour.validateServed?.(stored, old) ?? [];
  }

  #validateMetadata(object: AnyObject): FieldError[] {
    const errors = validateMetadata(object, this.info.isNamespaced, this.checkName);
    const { finalizers } = object.metadata;
    if (finalizers === undefined || this.#behaviour.allowsAnyFinalizer === true) return errors;
    return errors.concat(validateOwnFinalizers(finalizers, 'metadata.finalizers'));
  }

  /** Anything but metadata is desired state, and but the status where that is a subresource. */
  #countGeneration(object: AnyObject, old: AnyObject): void {
    if (this.#behaviour.hasGeneration !== true) return;
    const isStatusApart = hasStatus(this.info);
    const isSame = Object.keys({ ...old, ...object }).every(
      (name) =>
        name === 'metadata' ||
        (name === 'status' && isStatusApart) ||
        equalSemantic(object[name as keyof AnyObject], old[name as keyof AnyObject]),
    );
    const generation = old.metadata.generation ?? 0;
    (object.metadata as Mutable<ObjectMeta>).generation = isSame ? generation : generation + 1;
  }
}

function takeField(object: object, old: object, name: string): void {
  const value = (old as Record<string, unknown>)[name];
  if (value === undefined) delete (object as Record<string, unknown>)[name];
  else (object as Record<string, unknown>)[name] = value;
}
