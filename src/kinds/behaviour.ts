/**
 * What a kind may say about itself beyond the tables. Everything is optional: what is left out is answered by strategy.ts.
 * Models apiserver pkg/registry/rest strategies, with the questions that differ between kinds only.
 */
import type { FieldError } from '../api/field-error.ts';
import type { SelectableFields } from '../api/field-selector.ts';
import type { NameCheck } from '../api/names.ts';
import type { AnyObject, KubeObject } from '../api/object-meta.ts';

export interface KindBehaviour<T extends KubeObject> {
  /** Whether metadata.generation counts changes of the desired state. */
  readonly hasGeneration?: boolean;
  /** Whether a PUT may create the object. */
  readonly allowsCreateOnUpdate?: boolean;
  /** Whether a client that creates the object may bring its status. */
  readonly keepsStatusOnCreate?: boolean;
  /** Whether a finalizer may be a plain word: those of Kubernetes' own kinds have a domain. */
  readonly allowsAnyFinalizer?: boolean;
  readonly checkName?: NameCheck;
  /** Fields, besides metadata.name and metadata.namespace, that field selectors may use. */
  readonly fieldLabels?: readonly string[];
  /** Fields that are known by another name in the version that stores the objects: their names here and there. */
  readonly fieldAliases?: Readonly<Record<string, string>>;
  /** Values of `fieldLabels`. */
  selectableFields?(object: T): SelectableFields;
  /** Fills absent fields. Idempotent. The caller owns `object`. */
  setDefaults?(object: T): void;
  prepareForCreate?(object: T): void;
  /** Runs after status and generation are settled. */
  prepareForUpdate?(object: T, old: T): void;
  /** Runs after metadata is settled and everything else is kept, for a write to the status subresource. */
  prepareForStatusUpdate?(object: T, old: T): void;
  /** Of new and of changed objects. */
  validate?(object: T): FieldError[];
  /** Of new objects, in addition to `validate`. */
  validateCreate?(object: T): FieldError[];
  /** In addition to `validate`. */
  validateUpdate?(object: T, old: T): FieldError[];
  /** What this version demands beyond the one that stores the objects, of objects in the latter. `old` is null for new ones. */
  validateServed?(stored: AnyObject, old: AnyObject | null): FieldError[];
  /** Instead of all the above, for a write to the status subresource. */
  validateStatusUpdate?(object: T, old: T): FieldError[];
}
