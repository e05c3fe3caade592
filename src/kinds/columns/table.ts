/**
 * Tables of objects, as kubectl prints them. Columns come from a table, one resource a line:
 * `group|version|resource|Name:type[:format][*priority]…`; cells from one function a kind, by column name. A kind whose columns
 * nobody here can fill has Name and Age, rather than cells that say nothing.
 * Models kubernetes pkg/printers/internalversion/printers.go.
 */
import type { GroupVersionResource } from '../../api/group-version.ts';
import { ageSince } from '../../api/human-duration.ts';
import { type AnyObject, type ListMeta, nameOf } from '../../api/object-meta.ts';
import type { IncludeObject } from '../../api/request.ts';
import {
  partialMetadata,
  type Table,
  type TableCell,
  type TableColumnDefinition,
  type TableRow,
} from '../../api/table.ts';
import type { WallMs } from '../../base/brand.ts';
import { aggregatedColumnTable } from '../tables/aggregated.ts';
import { columnTable } from '../tables/columns.ts';
import { cellsByResource } from './cells.ts';

const ageColumn = 'Age';
const nameColumn = 'Name';
const createdColumn = 'Created At';
const commonColumns = new Set([nameColumn, ageColumn, createdColumn]);
const defaultColumns: readonly TableColumnDefinition[] = [
  { name: nameColumn, type: 'string', format: 'name', description: nameDescription(), priority: 0 },
  { name: ageColumn, type: 'string', format: '', description: ageDescription(), priority: 0 },
];

/** Columns of all resources that have their own. Parsed once, kept by whoever prints. */
export class ColumnTable {
  readonly #byResource = new Map<string, readonly TableColumnDefinition[]>();

  constructor(text: string = `${columnTable}\n${aggregatedColumnTable}`) {
    for (const line of text.split('\n')) {
      const [group = '', version = '', resource = '', ...columns] = line.split('|');
      const parsed = columns.map(parseColumn);
      const isFilled =
        cellsByResource.has(`${group}/${resource}`) || parsed.every(({ name }) => commonColumns.has(name));
      if (isFilled) this.#byResource.set(`${group}/${version}/${resource}`, parsed);
    }
  }

  columns({ group, version, resource }: GroupVersionResource): readonly TableColumnDefinition[] {
    return this.#byResource.get(`${group}/${version}/${resource}`) ?? defaultColumns;
  }

  /** One row. `wallMs` is what ages count to. */
  row(name: GroupVersionResource, object: AnyObject, include: IncludeObject, wallMs: WallMs): TableRow {
    const cellsOf = cellsByResource.get(`${name.group}/${name.resource}`);
    const own = cellsOf?.(object, wallMs) ?? {};
    const cells = this.columns(name).map((column) => own[column.name] ?? commonCell(column, object, wallMs));
    if (include === 'None') return { cells };
    return { cells, object: include === 'Object' ? object : partialMetadata(object) };
  }

  /** The table of a list, or of one object. */
  table(
    name: GroupVersionResource,
    objects: readonly AnyObject[],
    metadata: ListMeta,
    include: IncludeObject,
    wallMs: WallMs,
  ): Table {
    return {
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      columnDefinitions: this.columns(name),
      rows: objects.map((object) => this.row(name, object, include, wallMs)),
    };
  }
}

function commonCell(column: TableColumnDefinition, object: AnyObject, wallMs: WallMs): TableCell {
  if (column.name === nameColumn) return nameOf(object);
  if (column.name === ageColumn) return ageSince(object.metadata.creationTimestamp, wallMs);
  if (column.name === createdColumn) return object.metadata.creationTimestamp ?? null;
  return '';
}

function parseColumn(text: string): TableColumnDefinition {
  const [rest = '', priority = '0'] = text.split('*');
  const [name = '', type = 'string', format = ''] = rest.split(':');
  const description = name === nameColumn ? nameDescription() : name === ageColumn ? ageDescription() : name;
  return { name, type: type as TableColumnDefinition['type'], format, description, priority: Number(priority) };
}

export function nameDescription(): string {
  return 'Name must be unique within a namespace.';
}

export function ageDescription(): string {
  return 'Time since the object was created.';
}
