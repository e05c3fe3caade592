/**
 * One version of a custom kind, made from its definition: names and verbs, and, read from the definition only when somebody needs them, the
 * schema, the columns, the paths of its fields. Immutable: a changed definition makes new ones.
 * Models apiextensions-apiserver pkg/apiserver/customresource_handler.go getOrCreateServingInfoFor.
 */
import { fieldOf, type Json, type JsonObject } from '../../api/json.ts';
import { findFirst, type JsonPath, parseJsonPath } from '../../api/json-path.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import { must } from '../../base/assert.ts';
import type {
  CustomResourceDefinition,
  DefinitionNames,
  DefinitionVersion,
  ScalePaths,
} from '../customresourcedefinition/types.ts';
import { hasCondition } from '../customresourcedefinition/types.ts';
import type { ResourceInfo, SubresourceInfo, Verb } from '../registry.ts';
import { RuleChecker } from '../structural/rules.ts';
import { type StructuralSchema, structuralSchema } from '../structural/schema.ts';
import { CustomColumns } from './columns.ts';

/** Reads the definition anew; what is kept of it is small. */
export type ReadDefinition = () => CustomResourceDefinition;

const allVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
/** Of a kind whose definition is going. */
const lastVerbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'watch'];
const partVerbs: readonly Verb[] = ['get', 'patch', 'update'];

export interface SelectableField {
  /** As field selectors name it: `spec.color`. */
  readonly label: string;
  readonly path: JsonPath;
}

export class CustomVersion {
  readonly info: ResourceInfo;
  /** The name of the definition. */
  readonly definition: string;
  /** Which state of the definition's spec this was made from. */
  readonly epoch: string;
  readonly isTerminating: boolean;
  /** The text of a Warning header for whoever uses a deprecated version; null for others. */
  readonly warning: string | null;
  readonly scale: ScalePaths | undefined;
  readonly hasStatus: boolean;
  readonly selectable: readonly SelectableField[];
  readonly #name: string;
  readonly #read: ReadDefinition;
  #schema: StructuralSchema | undefined;
  #columns: CustomColumns | undefined;
  #rules: RuleChecker | undefined;

  constructor(definition: CustomResourceDefinition, version: DefinitionVersion, read: ReadDefinition) {
    const { metadata, spec } = definition;
    this.info = infoOf(definition, version);
    this.definition = metadata.name ?? '';
    this.isTerminating = hasCondition(definition, 'Terminating');
    // A request to delete counts as a change, but changes nothing of what is served.
    const deletions = metadata.deletionTimestamp === undefined ? 0 : 1;
    this.epoch = `${metadata.uid ?? ''}/${(metadata.generation ?? 0) - deletions}`;
    this.warning = version.deprecated === true ? (version.deprecationWarning ?? standardWarning(this.info)) : null;
    this.scale = version.subresources?.scale;
    this.hasStatus = version.subresources?.status !== undefined;
    this.selectable = (version.selectableFields ?? []).map(({ jsonPath }) => ({
      label: jsonPath.replace(/^\./, ''),
      path: parseJsonPath(jsonPath) ?? [],
    }));
    this.#name = version.name;
    this.#read = read;
    must(spec.versions.includes(version) ? version : undefined, 'a version of its own definition');
  }

  get schema(): StructuralSchema {
    this.#schema ??= structuralSchema(this.schemaTree());
    return this.#schema;
  }

  /** Evaluates the rules of the schema; keeps their programs. */
  get rules(): RuleChecker {
    this.#rules ??= new RuleChecker();
    return this.#rules;
  }

  get columns(): CustomColumns {
    this.#columns ??= new CustomColumns(this.#version().additionalPrinterColumns);
    return this.#columns;
  }

  /** Returns the schema as the definition has it, for documents; a fresh tree. */
  schemaTree(): JsonObject {
    return this.#version().schema?.openAPIV3Schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  }

  /** Returns the values of the selectable fields of an object. */
  fieldsOf(object: AnyObject): Readonly<Record<string, string>> {
    const pairs = this.selectable.map(({ label, path }) => [label, textOf(findFirst(path, object as unknown as Json))]);
    return Object.fromEntries(pairs) as Record<string, string>;
  }

  #version(): DefinitionVersion {
    return must(
      this.#read().spec.versions.find(({ name }) => name === this.#name),
      `version ${this.#name} of ${this.definition}`,
    );
  }
}

function textOf(value: Json | undefined): string {
  return value === undefined || value === null ? '' : String(value);
}

function standardWarning({ group, version, kind }: ResourceInfo): string {
  return `${group}/${version} ${kind} is deprecated`;
}

function infoOf(definition: CustomResourceDefinition, version: DefinitionVersion): ResourceInfo {
  const { spec, status } = definition;
  // What others took stays theirs; what was accepted before still holds.
  const accepted = status?.acceptedNames;
  const names: DefinitionNames = accepted === undefined || accepted.kind === '' ? spec.names : accepted;
  const place = { group: spec.group, version: version.name };
  return {
    ...place,
    resource: spec.names.plural,
    kind: names.kind,
    isNamespaced: spec.scope === 'Namespaced',
    singular: names.singular ?? '',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: hasCondition(definition, 'Terminating') ? lastVerbs : allVerbs,
    subresources: subresourcesOf(version, { ...place, kind: names.kind }),
  };
}

function subresourcesOf(
  { subresources }: DefinitionVersion,
  kind: SubresourceInfo['kind'],
): readonly SubresourceInfo[] {
  const found: SubresourceInfo[] = [];
  if (subresources?.scale !== undefined) {
    const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
    found.push({ name: 'scale', kind: scaleKind, verbs: partVerbs });
  }
  if (subresources?.status !== undefined) found.push({ name: 'status', kind, verbs: partVerbs });
  return found;
}

/** Returns the value at a path of plain fields; undefined when there is none. */
export function valueAt(object: unknown, path: string): Json | undefined {
  return findFirst(parseJsonPath(path) ?? [], object as Json);
}

/** Sets the value at a path of plain fields, making the objects on the way. The caller owns `object`. */
export function setValueAt(object: JsonObject, names: readonly string[], value: Json): void {
  let place = object;
  for (const name of names.slice(0, -1)) {
    const inner = fieldOf(place, name);
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) place = inner;
    else {
      const fresh: JsonObject = {};
      place[name] = fresh;
      place = fresh;
    }
  }
  const last = names.at(-1);
  if (last !== undefined) place[last] = value;
}
