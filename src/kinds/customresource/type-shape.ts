/**
 * A custom kind as field ownership sees it, out of its structural schema. A list is one field unless the schema says how its items are told apart.
 * Models kube-openapi pkg/schemaconv and the x-kubernetes-* extensions.
 */
import { deducedShape, type ListShape, type MapShape, type TypeShape } from '../../api/managed-fields/type-shape.ts';
import type { StructuralSchema } from '../structural/schema.ts';

const scalarKinds = { string: 'string', boolean: 'boolean', integer: 'numeric', number: 'numeric' } as const;

/** Returns the shape of the fields that the schema of an object names; metadata is not among them. */
export function customShape(schema: StructuralSchema): MapShape {
  const fields = new Map<string, TypeShape>();
  return {
    type: 'map',
    isAtomic: schema.mapType === 'atomic',
    others: othersOf(schema),
    // Made when first asked for: definitions are large, and most of their fields are never set.
    field: (name) => {
      const made = fields.get(name);
      const property = made === undefined ? schema.properties.get(name) : undefined;
      if (property === undefined) return made;
      const fresh = shapeOf(property);
      fields.set(name, fresh);
      return fresh;
    },
  };
}

function othersOf({ additionalProperties, preservesUnknownFields }: StructuralSchema): TypeShape | undefined {
  if (additionalProperties === true) return deducedShape;
  if (additionalProperties !== undefined) return shapeOf(additionalProperties);
  return preservesUnknownFields ? deducedShape : undefined;
}

function shapeOf(schema: StructuralSchema): TypeShape {
  switch (schema.type) {
    case 'object':
      return schema.isEmbeddedResource || isUnknown(schema) ? deducedShape : customShape(schema);
    case 'array':
      return listShape(schema);
    case undefined:
      return schema.isIntOrString ? { type: 'scalar', kind: 'any' } : deducedShape;
    default:
      return { type: 'scalar', kind: scalarKinds[schema.type] };
  }
}

/** Nothing is said about what is in it. */
function isUnknown({ properties, additionalProperties, preservesUnknownFields }: StructuralSchema): boolean {
  return preservesUnknownFields && properties.size === 0 && additionalProperties === undefined;
}

function listShape({ listType = 'atomic', listMapKeys, items }: StructuralSchema): ListShape {
  const keys = listMapKeys.toSorted().map((name) => ({ name, default: items?.properties.get(name)?.default }));
  return { type: 'list', merge: listType, keys, item: items === undefined ? deducedShape : shapeOf(items) };
}
