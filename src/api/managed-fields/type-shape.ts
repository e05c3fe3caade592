/**
 * What field ownership must know about a type: which values are one field, and by what the items of a list are told apart.
 *
 * Whoever has schemas makes shapes of them: src/kinds/type-shape.ts out of the built-in tables; custom kinds may do so out of
 * x-kubernetes-list-type, x-kubernetes-list-map-keys, x-kubernetes-map-type and x-kubernetes-preserve-unknown-fields. A type may hold
 * itself, so shapes are asked for one step at a time and may be made when first asked for. The shape of a whole object is a map in which `metadata` is
 * one too. Models structured-merge-diff schema/elements.go.
 */
import type { Json } from '../json.ts';

export type ScalarKind = 'string' | 'boolean' | 'numeric' | 'any';

export interface ScalarShape {
  readonly type: 'scalar';
  /** `any` for what may be a number or a text: a quantity, a port. */
  readonly kind: ScalarKind;
}

export interface ListShape {
  readonly type: 'list';
  /** `atomic`: the list is one field. `set`: an item is its value. `map`: an item is the values of its keys. */
  readonly merge: 'atomic' | 'set' | 'map';
  /** Of a `map`: names ascending, with the value that an item has which leaves the key out. */
  readonly keys: readonly ListKey[];
  readonly item: TypeShape;
}

export interface ListKey {
  readonly name: string;
  readonly default: Json | undefined;
}

/** A struct, a map, or both: named fields, and any others. */
export interface MapShape {
  readonly type: 'map';
  /** The whole map is one field. */
  readonly isAtomic: boolean;
  /** Returns the shape of a field that the type names; undefined for others. */
  field(name: string): TypeShape | undefined;
  /** The shape of fields without a name in the type; undefined when there may be none. */
  readonly others: TypeShape | undefined;
}

/** Nothing is known: maps are taken field by field, lists as one. For fields that preserve what they do not know. */
export interface DeducedShape {
  readonly type: 'deduced';
}

export type TypeShape = ScalarShape | ListShape | MapShape | DeducedShape;

export const deducedShape: DeducedShape = { type: 'deduced' };

const deducedMap: MapShape = { type: 'map', isAtomic: false, field: () => undefined, others: deducedShape };
const deducedList: ListShape = { type: 'list', merge: 'atomic', keys: [], item: deducedShape };
const deducedScalar: ScalarShape = { type: 'scalar', kind: 'any' };

/** Returns the shape by which `value` is taken: its own, or for a deduced one what the value looks like. */
export function resolveShape(shape: TypeShape, value: Json): Exclude<TypeShape, DeducedShape> {
  if (shape.type !== 'deduced') return shape;
  if (Array.isArray(value)) return deducedList;
  return typeof value === 'object' && value !== null ? deducedMap : deducedScalar;
}

/** Returns the shape of what stands under a name in a map. */
export function fieldShape(shape: MapShape, name: string): TypeShape {
  return shape.field(name) ?? shape.others ?? deducedShape;
}

/** Tells whether values of the shape are one field, whatever is in them. */
export function isAtomic(shape: Exclude<TypeShape, DeducedShape>): boolean {
  switch (shape.type) {
    case 'scalar':
      return true;
    case 'list':
      return shape.merge === 'atomic';
    case 'map':
      return shape.isAtomic;
  }
}
