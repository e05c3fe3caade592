/**
 * OpenAPI schemas of structs, made from the field table: what kubectl reads to make patches and to explain fields.
 *
 * As in Kubernetes, a reference stands inside `allOf`, so that a default may stand beside it; a struct that is no pointer has the
 * default `{}`, because it is always there. A field that refers to a struct and has no text of its own has that of the struct.
 * Models k8s.io/kube-openapi pkg/builder3 and the x-kubernetes-* extensions of api/openapi-spec/v3.
 */
import type { GroupVersionKind } from '../api/group-version.ts';
import type { JsonObject } from '../api/json.ts';
import { must } from '../base/assert.ts';
import { type Descriptions, noDescriptions } from './descriptions.ts';
import { type FieldSchema, type FieldType, packageOf, type ScalarType, type Schemas } from './schema.ts';

const machinery = 'io.k8s.apimachinery.pkg';
/** Packages that do not live in k8s.io/api. */
const foreignPackages: Readonly<Record<string, string>> = {
  meta: `${machinery}.apis.meta`,
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  metrics: 'io.k8s.metrics.pkg.apis.metrics',
};

/** Scalars that Kubernetes names, by the name and what stands under it. */
const namedScalars: Readonly<Partial<Record<ScalarType, readonly [name: string, schema: JsonObject]>>> = {
  quantity: [`${machinery}.api.resource.Quantity`, { oneOf: [{ type: 'string' }, { type: 'number' }] }],
  time: [`${machinery}.apis.meta.v1.Time`, { type: 'string', format: 'date-time' }],
  microTime: [`${machinery}.apis.meta.v1.MicroTime`, { type: 'string', format: 'date-time' }],
  duration: [`${machinery}.apis.meta.v1.Duration`, { type: 'string' }],
  intOrString: [
    `${machinery}.util.intstr.IntOrString`,
    { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  ],
};
const plainScalars: Readonly<Partial<Record<ScalarType, JsonObject>>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  number: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  json: { 'x-kubernetes-preserve-unknown-fields': true },
};

/** Returns the name under which OpenAPI documents hold a struct: `core.v1.Pod` is `io.k8s.api.core.v1.Pod`. */
export function componentName(struct: string): string {
  const dot = struct.indexOf('.');
  const first = struct.slice(0, dot);
  return `${foreignPackages[first] ?? `io.k8s.api.${first}`}${struct.slice(dot)}`;
}

/** Groups outside of Kubernetes go by their domain: `io.cert-manager.v1.Certificate`. */
export function componentOfKind({ group, version, kind }: GroupVersionKind): string {
  if (group.includes('.') && !group.endsWith('.k8s.io')) {
    return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
  }
  return componentName(`${packageOf(group)}.${version}.${kind}`);
}

export function reference(component: string): JsonObject {
  return { $ref: `#/components/schemas/${component}` };
}

/** Collects schemas of structs, each with all that it refers to. */
export class ComponentSchemas {
  readonly #schemas: Schemas;
  readonly #descriptions: Descriptions;
  readonly #components = new Map<string, JsonObject>();

  constructor(schemas: Schemas, descriptions: Descriptions = noDescriptions) {
    this.#schemas = schemas;
    this.#descriptions = descriptions;
  }

  /** Adds a struct, once; `kinds` are those that it is the schema of. */
  add(struct: string, kinds: readonly GroupVersionKind[] = []): void {
    const name = componentName(struct);
    if (this.#components.has(name)) return;
    const [text = '', texts = {}] = this.#descriptions[struct] ?? [];
    const component: JsonObject = { ...described(text), type: 'object' };
    // It is there before its fields are walked: some structs hold themselves.
    this.#components.set(name, component);
    const { fields } = must(this.#schemas.struct(struct), `struct ${struct}`);
    component['properties'] = Object.fromEntries(fields.map((field) => [field.name, this.#property(field, texts)]));
    const required = fields.filter(isRequired).map((field) => field.name);
    if (required.length > 0) component['required'] = required;
    if (kinds.length > 0) component['x-kubernetes-group-version-kind'] = kinds.map(kindEntry);
  }

  /** Adds the list of a kind, which the field table does not hold. */
  addList(kind: GroupVersionKind): void {
    this.add('meta.v1.ListMeta');
    const item = { default: {}, allOf: [reference(componentOfKind(kind))] };
    this.#components.set(`${componentOfKind(kind)}List`, {
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        items: { type: 'array', items: item },
        kind: { type: 'string' },
        metadata: { default: {}, allOf: [reference(componentName('meta.v1.ListMeta'))] },
      },
      'x-kubernetes-group-version-kind': [kindEntry({ ...kind, kind: `${kind.kind}List` })],
    });
  }

  /** Adds a schema as it is. */
  addTree(name: string, tree: JsonObject): void {
    this.#components.set(name, tree);
  }

  /** All schemas, ascending by name. */
  result(): JsonObject {
    return Object.fromEntries([...this.#components].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  #property(field: FieldSchema, texts: Readonly<Record<string, string>>): JsonObject {
    const { type } = field;
    const ofStruct = type.type === 'struct' ? this.#descriptions[type.name]?.[0] : undefined;
    const property = { ...described(texts[field.name] ?? ofStruct ?? ''), ...this.#type(type, field.isPointer) };
    if (field.default !== undefined) property['default'] = field.default;
    if (field.listType !== undefined) property['x-kubernetes-list-type'] = field.listType;
    if (field.listMapKeys.length > 0) property['x-kubernetes-list-map-keys'] = [...field.listMapKeys];
    if (field.mapType !== undefined) property['x-kubernetes-map-type'] = field.mapType;
    if (field.mergeKey !== undefined) property['x-kubernetes-patch-merge-key'] = field.mergeKey;
    if (field.strategies.length > 0) property['x-kubernetes-patch-strategy'] = field.strategies.join(',');
    return property;
  }

  #type(type: FieldType, isPointer: boolean): JsonObject {
    switch (type.type) {
      case 'list':
        return { type: 'array', items: this.#type(type.item, false) };
      case 'map':
        return { type: 'object', additionalProperties: this.#type(type.value, false) };
      case 'struct':
        this.add(type.name);
        return { ...(isPointer ? {} : { default: {} }), allOf: [reference(componentName(type.name))] };
      default:
        return this.#scalar(type.type);
    }
  }

  #scalar(type: ScalarType): JsonObject {
    const named = namedScalars[type];
    if (named === undefined) return { ...must(plainScalars[type], type) };
    const [name, schema] = named;
    this.#components.set(name, schema);
    return { allOf: [reference(name)] };
  }
}

function described(description: string): JsonObject {
  return description === '' ? {} : { description };
}

/** What an author declared wins; else a field that is always written is one that must be there. */
function isRequired(field: FieldSchema): boolean {
  return field.isOptional === undefined ? !field.omitsEmpty : !field.isOptional;
}

export function kindEntry({ group, kind, version }: GroupVersionKind): JsonObject {
  return { group, kind, version };
}
