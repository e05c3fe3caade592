/**
 * The fields of every served kind: types, list semantics, patch semantics.
 *
 * The table holds one struct a line: `package.Struct|field;field…`. A field is its JSON name, its type and marks:
 *   s string, b bool, i int32, l int64, f number, y base64 bytes, q quantity, t time, u time with microseconds, d duration,
 *   x number or string, j any JSON, []T list, {}T map, @Struct or @package.Struct;
 *   #number in protobuf, p pointer in Go, o omitempty, ? optional, ! required, L list type, K list map keys, M map type, S patch strategies,
 *   k merge key, =JSON declared default.
 * A number in protobuf is in the table only where it is not the one after that of the field before; `#2/1` is 1 within message 2, `#-` none.
 * Lines are parsed when first asked for, so a thread pays only for the kinds it touches; the memo changes nothing but time.
 * Threads that need no schemas import registry.ts alone. Custom kinds will bring structs of their own.
 */
import type { GroupVersionKind } from '../api/group-version.ts';
import type { Json } from '../api/json.ts';
import type { PatchField, PatchShape, PatchStrategy } from '../api/strategic-merge-patch.ts';
import { must } from '../base/assert.ts';
import { fieldTable } from './tables/fields.ts';

export type ScalarType =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'number'
  | 'bytes'
  | 'quantity'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'intOrString'
  | 'json';

export type FieldType =
  | { readonly type: ScalarType }
  | { readonly type: 'list'; readonly item: FieldType }
  | { readonly type: 'map'; readonly value: FieldType }
  | { readonly type: 'struct'; readonly name: string };

export interface FieldSchema {
  readonly name: string;
  readonly type: FieldType;
  /** A pointer in Go: absent and zero differ, and an absent struct stays absent. */
  readonly isPointer: boolean;
  readonly omitsEmpty: boolean;
  /** What the type's author declared; undefined when nothing was. */
  readonly isOptional: boolean | undefined;
  readonly listType: 'atomic' | 'set' | 'map' | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType: 'atomic' | 'granular' | undefined;
  readonly strategies: readonly PatchStrategy[];
  readonly mergeKey: string | undefined;
  readonly default: Json | undefined;
  /**
   * The field's number in protobuf, last, behind those of the messages around it: Go's embedded structs, which JSON does not show,
   * are messages there. Undefined when protobuf does not have the field.
   */
  readonly protobufPath: readonly number[] | undefined;
}

export interface StructSchema {
  /** Package and Go name, such as `core.v1.PodSpec`. */
  readonly name: string;
  /** In the order in which Kubernetes writes them. */
  readonly fields: readonly FieldSchema[];
  readonly byName: ReadonlyMap<string, FieldSchema>;
}

const scalars: Readonly<Record<string, ScalarType>> = {
  s: 'string',
  b: 'bool',
  i: 'int32',
  l: 'int64',
  f: 'number',
  y: 'bytes',
  q: 'quantity',
  t: 'time',
  u: 'microTime',
  d: 'duration',
  x: 'intOrString',
  j: 'json',
};

/** A lazily parsed table of structs. */
export class Schemas {
  readonly #lines = new Map<string, string>();
  readonly #structs = new Map<string, StructSchema>();

  constructor(table: string) {
    for (const line of table.split('\n')) {
      const bar = line.indexOf('|');
      this.#lines.set(line.slice(0, bar), line.slice(bar + 1));
    }
  }

  /** Returns the struct of that name, or undefined when the table has none. */
  struct(name: string): StructSchema | undefined {
    const known = this.#structs.get(name);
    if (known !== undefined) return known;
    const line = this.#lines.get(name);
    if (line === undefined) return undefined;
    const home = name.slice(0, name.lastIndexOf('.'));
    const fields = line === '' ? [] : parseFields(line, home);
    const schema = { name, fields, byName: new Map(fields.map((field) => [field.name, field])) };
    this.#structs.set(name, schema);
    return schema;
  }

  /** Returns the struct of a kind, or undefined when the kind has no schema here. */
  kind(kind: GroupVersionKind): StructSchema | undefined {
    return this.struct(`${packageOf(kind.group)}.${kind.version}.${kind.kind}`);
  }

  /** Every name in the table. */
  names(): IterableIterator<string> {
    return this.#lines.keys();
  }

  /** Returns what strategic merge patches need to know of a struct. */
  patchShape(struct: StructSchema): PatchShape {
    return { field: (name) => this.#patchField(struct.byName.get(name)) };
  }

  #patchField(field: FieldSchema | undefined): PatchField | undefined {
    if (field === undefined) return undefined;
    const name = structNameOf(field.type);
    return {
      strategies: field.strategies,
      ...(field.mergeKey === undefined ? {} : { mergeKey: field.mergeKey }),
      ...(name === undefined ? {} : { shape: this.patchShape(must(this.struct(name), `struct ${name}`)) }),
    };
  }
}

/** The schemas of the kinds that Kubernetes itself has. */
export const builtInSchemas = new Schemas(fieldTable);

/** Returns the struct inside lists and maps, the shape that a patch descends into. */
function structNameOf(type: FieldType): string | undefined {
  switch (type.type) {
    case 'struct':
      return type.name;
    case 'list':
      return structNameOf(type.item);
    case 'map':
      // The values of a map of structs are addressed by their key, so a patch of the map has no fields of its own.
      return undefined;
    default:
      return undefined;
  }
}

/** Returns the first part of the names of a group's structs. */
export function packageOf(group: string): string {
  if (group === '') return 'core';
  if (group === 'internal.apiserver.k8s.io') return 'apiserverinternal';
  return group.split('.')[0] as string;
}

function parseFields(line: string, home: string): readonly FieldSchema[] {
  let next: readonly number[] = [1];
  return line.split(';').map((text) => {
    const field = parseField(text, home, next);
    const { protobufPath: path } = field;
    if (path !== undefined) next = [...path.slice(0, -1), must(path.at(-1), text) + 1];
    return field;
  });
}

function parseField(text: string, home: string, nextPath: readonly number[]): FieldSchema {
  const [name, type, ...marks] = splitMarks(text);
  const valueOf = (letter: string): string | undefined => marks.find((mark) => mark[0] === letter)?.slice(1);
  const listType = valueOf('L');
  const declaredDefault = valueOf('=');
  const path = valueOf('#');
  return {
    name: must(name, text),
    type: parseType(must(type, text), home),
    isPointer: marks.includes('p'),
    omitsEmpty: marks.includes('o'),
    isOptional: marks.includes('?') ? true : marks.includes('!') ? false : undefined,
    listType: listType as FieldSchema['listType'],
    listMapKeys: valueOf('K')?.split(',') ?? [],
    mapType: valueOf('M') as FieldSchema['mapType'],
    strategies: (valueOf('S')?.split(',') ?? []) as PatchStrategy[],
    mergeKey: valueOf('k'),
    default: declaredDefault === undefined ? undefined : (JSON.parse(declaredDefault) as Json),
    protobufPath: path === undefined ? nextPath : path === '-' ? undefined : path.split('/').map(Number),
  };
}

/** A default stands last and may hold spaces. */
function splitMarks(text: string): readonly string[] {
  const start = text.indexOf(' =');
  if (start === -1) return text.split(' ');
  return [...text.slice(0, start).split(' '), text.slice(start + 1)];
}

function parseType(text: string, home: string): FieldType {
  if (text.startsWith('[]')) return { type: 'list', item: parseType(text.slice(2), home) };
  if (text.startsWith('{}')) return { type: 'map', value: parseType(text.slice(2), home) };
  if (text.startsWith('@')) {
    const name = text.slice(1);
    return { type: 'struct', name: name.includes('.') ? name : `${home}.${name}` };
  }
  return { type: must(scalars[text], `type ${text}`) };
}
