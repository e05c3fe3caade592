/**
 * Tables of custom resources: the name, and what the definition's columns find in the object, or its age.
 * Models apiextensions-apiserver pkg/registry/customresource/tableconvertor.
 */
import { ageSince } from '../../api/human-duration.ts';
import type { Json } from '../../api/json.ts';
import { findFirst, type JsonPath, parseJsonPath } from '../../api/json-path.ts';
import { type AnyObject, type ListMeta, nameOf } from '../../api/object-meta.ts';
import type { IncludeObject } from '../../api/request.ts';
import { partialMetadata, type Table, type TableCell, type TableColumnDefinition } from '../../api/table.ts';
import type { WallMs } from '../../base/brand.ts';
import { parseTimestamp } from '../../base/time.ts';
import { ageDescription, nameDescription } from '../columns/table.ts';
import type { PrinterColumn } from '../customresourcedefinition/types.ts';

interface Column {
  readonly definition: TableColumnDefinition;
  readonly path: JsonPath;
}

const ageColumn: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: ageDescription(),
  jsonPath: '.metadata.creationTimestamp',
};

export class CustomColumns {
  readonly #columns: readonly Column[];

  /** Absent or empty: the age alone. */
  constructor(columns: readonly PrinterColumn[] | undefined) {
    const shown = columns === undefined || columns.length === 0 ? [ageColumn] : columns;
    this.#columns = shown.map(({ name, type, format = '', description = '', priority = 0, jsonPath }) => ({
      definition: {
        name,
        type: type as TableColumnDefinition['type'],
        format,
        description: description === '' ? fallbackDescription(jsonPath) : description,
        priority,
      },
      path: parseJsonPath(jsonPath) ?? [],
    }));
  }

  /** The table of a list, or of one object. `wallMs` is what ages count to. */
  table(objects: readonly AnyObject[], metadata: ListMeta, include: IncludeObject, wallMs: WallMs): Table {
    const nameColumn: TableColumnDefinition = {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: nameDescription(),
      priority: 0,
    };
    return {
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      columnDefinitions: [nameColumn, ...this.#columns.map(({ definition }) => definition)],
      rows: objects.map((object) => {
        const cells = [nameOf(object), ...this.#columns.map((column) => cellOf(column, object, wallMs))];
        if (include === 'None') return { cells };
        return { cells, object: include === 'Object' ? object : partialMetadata(object) };
      }),
    };
  }
}

function fallbackDescription(jsonPath: string): string {
  return `Custom resource definition column (in JSONPath format): ${jsonPath}`;
}

function cellOf({ definition, path }: Column, object: AnyObject, wallMs: WallMs): TableCell {
  const value = findFirst(path, object as unknown as Json);
  if (value === undefined || value === null) return null;
  switch (definition.type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return parseTimestamp(value) === undefined ? '<invalid>' : ageSince(value, wallMs);
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
