/**
 * The built-in kinds as field ownership sees them, out of the field tables. A list is one field unless its author said how its items are told apart,
 * or how they are merged. Shapes are made when first asked for and kept, since some structs hold themselves.
 * Models kube-openapi pkg/schemaconv.
 */
import type { GroupVersionKind } from '../api/group-version.ts';
import { type JsonObject, setField } from '../api/json.ts';
import {
  deducedShape,
  type ListShape,
  type MapShape,
  type ScalarKind,
  type TypeShape,
} from '../api/managed-fields/type-shape.ts';
import { must } from '../base/assert.ts';
import type { FieldSchema, FieldType, ScalarType, Schemas, StructSchema } from './schema.ts';

/** Structs that are one field wherever they stand: `+structType=atomic` in their source. */
const atomicStructs: ReadonlySet<string> = new Set([
  'admissionregistration.v1.MatchResources',
  'admissionregistration.v1.NamedRuleWithOperations',
  'admissionregistration.v1.ParamKind',
  'admissionregistration.v1.ParamRef',
  'autoscaling.v1.CrossVersionObjectReference',
  'core.v1.ConfigMapKeySelector',
  'core.v1.EndpointAddress',
  'core.v1.EndpointPort',
  'core.v1.FileKeySelector',
  'core.v1.LocalObjectReference',
  'core.v1.NodeSelector',
  'core.v1.NodeSelectorTerm',
  'core.v1.ObjectFieldSelector',
  'core.v1.ObjectReference',
  'core.v1.ResourceFieldSelector',
  'core.v1.SecretKeySelector',
  'core.v1.SecretReference',
  'core.v1.TopologySelectorTerm',
  'core.v1.TypedLocalObjectReference',
  'discovery.v1.EndpointPort',
  'meta.v1.LabelSelector',
  'meta.v1.OwnerReference',
  'rbac.v1.RoleRef',
  'rbac.v1.Subject',
]);

const scalarKinds: Readonly<Record<Exclude<ScalarType, 'json'>, ScalarKind>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'numeric',
  int64: 'numeric',
  number: 'numeric',
  bytes: 'string',
  quantity: 'any',
  time: 'string',
  microTime: 'string',
  duration: 'string',
  intOrString: 'any',
};

/** The shapes of all kinds that are served. */
export interface KindShapes {
  /** Returns the shape of a kind's objects. */
  kind(kind: GroupVersionKind): MapShape;
  /**
   * Returns the object of a kind in which nothing is set, as Go would write it: structs that are no pointers are there, and lists and maps that are
   * always written are null. Nobody adds these by writing something into them. Must not be changed.
   */
  empty(kind: GroupVersionKind): JsonObject;
}

/** Shapes of the structs of one table. */
export class TypeShapes implements KindShapes {
  readonly #schemas: Schemas;
  readonly #structs = new Map<string, MapShape>();
  readonly #empty = new Map<string, JsonObject>();

  readonly #schemaless: MapShape;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
    this.#schemaless = this.object({ type: 'map', isAtomic: false, field: () => undefined, others: deducedShape });
  }

  /** Returns the shape of a kind; of a kind without a schema, metadata is known and the rest deduced. */
  kind(kind: GroupVersionKind): MapShape {
    const struct = this.#schemas.kind(kind);
    return struct === undefined ? this.#schemaless : this.#struct(struct.name, false);
  }

  /** Returns the shape of a kind whose own fields are those of `own`: kind, apiVersion and metadata are added as every object has them. */
  object(own: MapShape): MapShape {
    const metadata = this.#struct('meta.v1.ObjectMeta', false);
    const common: ReadonlyMap<string, TypeShape> = new Map<string, TypeShape>([
      ['apiVersion', { type: 'scalar', kind: 'string' }],
      ['kind', { type: 'scalar', kind: 'string' }],
      ['metadata', metadata],
    ]);
    return { ...own, isAtomic: false, field: (name) => common.get(name) ?? own.field(name) };
  }

  empty(kind: GroupVersionKind): JsonObject {
    const struct = this.#schemas.kind(kind);
    if (struct === undefined) return { metadata: {} };
    const known = this.#empty.get(struct.name);
    if (known !== undefined) return known;
    const object = this.#emptyStruct(struct);
    this.#empty.set(struct.name, object);
    return object;
  }

  #emptyStruct(struct: StructSchema): JsonObject {
    const object: JsonObject = {};
    for (const { name, type, isPointer, omitsEmpty } of struct.fields) {
      if (isPointer) continue;
      if (type.type === 'struct') setField(object, name, this.#emptyStruct(this.#schemaOf(type.name)));
      else if (!omitsEmpty && (type.type === 'list' || type.type === 'map')) setField(object, name, null);
    }
    return object;
  }

  #struct(name: string, isAtomic: boolean): MapShape {
    const key = isAtomic ? `${name} atomic` : name;
    const known = this.#structs.get(key);
    if (known !== undefined) return known;
    const { byName } = this.#schemaOf(name);
    const fields = new Map<string, TypeShape>();
    const shape: MapShape = {
      type: 'map',
      isAtomic: isAtomic || atomicStructs.has(name),
      others: undefined,
      field: (each) => {
        const made = fields.get(each);
        const schema = made === undefined ? byName.get(each) : undefined;
        if (schema === undefined) return made;
        const fresh = this.#field(schema);
        fields.set(each, fresh);
        return fresh;
      },
    };
    this.#structs.set(key, shape);
    return shape;
  }

  #field(field: FieldSchema): TypeShape {
    const { type } = field;
    if (type.type === 'list') return this.#list(field, type.item);
    if (type.type === 'map') return this.#map(type.value, field.mapType === 'atomic');
    return type.type === 'struct' ? this.#struct(type.name, field.mapType === 'atomic') : this.#type(type);
  }

  #type(type: FieldType): TypeShape {
    switch (type.type) {
      case 'struct':
        return this.#struct(type.name, false);
      case 'list':
        return { type: 'list', merge: 'atomic', keys: [], item: this.#type(type.item) };
      case 'map':
        return this.#map(type.value, false);
      case 'json':
        return deducedShape;
      default:
        return { type: 'scalar', kind: scalarKinds[type.type] };
    }
  }

  #map(value: FieldType, isAtomic: boolean): MapShape {
    return { type: 'map', isAtomic, field: () => undefined, others: this.#type(value) };
  }

  #list(field: FieldSchema, item: FieldType): ListShape {
    const { merge, names } = listMergeOf(field);
    const struct = item.type === 'struct' ? this.#schemaOf(item.name) : undefined;
    const keys = names.toSorted().map((name) => ({ name, default: struct?.byName.get(name)?.default }));
    return { type: 'list', merge, keys, item: this.#type(item) };
  }

  #schemaOf(name: string): StructSchema {
    return must(this.#schemas.struct(name), `struct ${name}`);
  }
}

/** What an author said about the list itself goes before what strategic merge patches do with it. */
function listMergeOf(field: FieldSchema): { readonly merge: ListShape['merge']; readonly names: readonly string[] } {
  if (field.listType !== undefined) return { merge: field.listType, names: field.listMapKeys };
  if (!field.strategies.includes('merge')) return { merge: 'atomic', names: [] };
  return field.mergeKey === undefined ? { merge: 'set', names: [] } : { merge: 'map', names: [field.mergeKey] };
}
