/** The shapes of all kinds that are served: the built-in ones, and the custom ones as their definitions stand. */
import type { GroupVersionKind } from '../api/group-version.ts';
import type { JsonObject } from '../api/json.ts';
import type { MapShape } from '../api/managed-fields/type-shape.ts';
import { customShape } from '../kinds/customresource/type-shape.ts';
import type { CustomVersion } from '../kinds/customresource/version.ts';
import type { Schemas } from '../kinds/schema.ts';
import { type KindShapes, TypeShapes } from '../kinds/type-shape.ts';
import type { Catalog } from './catalog.ts';

export class ServedShapes implements KindShapes {
  readonly #catalog: Catalog;
  readonly #schemas: Schemas;
  readonly #builtIn: TypeShapes;
  /** A changed definition has new versions, and its former ones are forgotten with their shapes. */
  readonly #custom = new WeakMap<CustomVersion, MapShape>();

  constructor(catalog: Catalog, schemas: Schemas) {
    this.#catalog = catalog;
    this.#schemas = schemas;
    this.#builtIn = new TypeShapes(schemas);
  }

  kind(kind: GroupVersionKind): MapShape {
    const version = this.#customVersion(kind);
    if (version === undefined) return this.#builtIn.kind(kind);
    const known = this.#custom.get(version);
    if (known !== undefined) return known;
    const shape = this.#builtIn.object(customShape(version.schema));
    this.#custom.set(version, shape);
    return shape;
  }

  empty(kind: GroupVersionKind): JsonObject {
    return this.#builtIn.empty(kind);
  }

  #customVersion(kind: GroupVersionKind): CustomVersion | undefined {
    if (this.#schemas.kind(kind) !== undefined) return undefined;
    const info = this.#catalog.registry.kind(kind);
    return info === undefined ? undefined : this.#catalog.served(info)?.custom?.version;
  }
}
